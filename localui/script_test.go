package localui_test

import (
	"context"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/localui/browsertest"
)

// TestScriptInABrowser: what script adds works in a real browser under the
// page's own policy: findings on leaving a field, the draft after a reload, the
// live pill, search while typing.
func TestScriptInABrowser(t *testing.T) {
	if os.Getenv("TRAMXA_LONG") != "1" {
		t.Skip("TRAMXA_LONG is not 1")
	}
	w := newWorld(t).withUsers()
	ids := w.family()
	token, _, err := w.auth.Login(context.Background(), "huong", password, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(loggedIn(w.pages, token, nil))
	defer srv.Close()
	h := browsertest.Start(t, browsertest.Options{}).Open(srv.URL + "/ghi/sinh?ho=" + ids[0].String())
	h.Until(`document.readyState + " " + (document.querySelector("#form") ? "form" : "")`, "complete form")
	type1 := func(name, value string) {
		h.Eval(`(() => { const el = document.querySelector("[name='` + name + `']"); el.focus(); el.value = "` + value + `"; el.dispatchEvent(new Event("input", { bubbles: true })); el.blur(); return ""; })()`)
	}
	type1("child.name", "Nguyễn Văn Dũng")
	type1("child.born", "05/04/2027")
	h.Until(`document.querySelector("[data-field='child.born']").textContent`, "sau hôm nay")
	h.Until(`document.querySelector("#draft").textContent`, "bản nháp đã tự lưu")
	h.Reload()
	h.Until(`document.querySelector("#draft") ? document.querySelector("#draft").textContent : ""`, "đã lấy lại bản nháp")
	h.Until(`document.querySelector("[name='child.name']").value`, "Nguyễn Văn Dũng")
	// A draft of many lines comes back whole, under the key it may have been sent
	// with, and a line more takes nothing of what was typed just before.
	h.Go(srv.URL + "/ghi/mo-ho")
	h.Until(`document.readyState + " " + (document.querySelector("[name='members[2].name']") ? "three" : "")`, "complete three")
	key := h.Eval(`document.querySelector("[name=key]").value`)
	type1("members[2].name", "Lê Thị Ba")
	h.Eval(`(() => { document.querySelector("button[name=_more]").click(); return ""; })()`)
	h.Until(`document.readyState + " " + (document.querySelector("[name='members[3].name']") ? "four" : "")`, "complete four")
	h.Until(`document.querySelector("[name='members[2].name']").value`, "Lê Thị Ba")
	h.Until(`document.querySelector("[name='members[3].residence']").value`, "1")
	type1("members[3].name", "Lê Văn Tư")
	h.Until(`document.querySelector("#draft").textContent`, "bản nháp đã tự lưu")
	time.Sleep(500 * time.Millisecond) // the draft is written a moment after the last key
	h.Go(srv.URL + "/ghi/mo-ho")
	h.Until(`document.readyState + " " + (document.querySelector("[name='members[3].name']") ? document.querySelector("[name='members[3].name']").value : "")`, "complete Lê Văn Tư")
	h.Until(`document.querySelector("[name='members[2].name']").value`, "Lê Thị Ba")
	h.Until(`document.querySelector("[name=key]").value`, key)
	before := h.Eval(`document.querySelector("#pill").textContent`)
	w.must(2, population.InformationChanged{Person: ids[3], Changed: []population.Field{population.FieldEducation}, To: population.Facts{Education: 3}, Date: day(2027, 3, 1)})
	h.Until(`document.querySelector("#pill").textContent === "`+before+`" ? "" : "changed"`, "changed")
	h.Go(srv.URL + "/tim")
	h.Until(`document.readyState + (document.querySelector("#hits") ? " hits" : "")`, "complete hits")
	type1("q", "binh")
	h.Until(`document.querySelector("#hits").textContent`, "Trần Thị Bình")
}
