package localui_test

import (
	"context"
	"net/http/httptest"
	"os"
	"testing"

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
	t.Run("the recovery sheet", sheetInABrowser)
	t.Run("a key held down", heldKeyInABrowser)
	t.Run("what is filled in", filledInABrowser)
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
	kept := `document.querySelector("#draft").textContent + Object.values(sessionStorage).join()`
	h.Until(kept, "05/04/2027")
	h.Until(kept, "bản nháp đã tự lưu")
	h.Reload()
	h.Until(`document.querySelector("#draft") ? document.querySelector("#draft").textContent : ""`, "đã lấy lại bản nháp")
	h.Until(`document.querySelector("[name='child.name']").value`, "Nguyễn Văn Dũng")
	h.Until(`document.querySelector("[name='child.born']").value`, "05/04/2027")
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
	h.Until(kept, "Lê Văn Tư") // the draft is written a moment after the last key
	h.Go(srv.URL + "/ghi/mo-ho")
	h.Until(`document.readyState + " " + (document.querySelector("[name='members[3].name']") ? document.querySelector("[name='members[3].name']").value : "")`, "complete Lê Văn Tư")
	h.Until(`document.querySelector("[name='members[2].name']").value`, "Lê Thị Ba")
	h.Until(`document.querySelector("[name=key]").value`, key)
	head := w.must(2, population.InformationChanged{Person: ids[3], Changed: []population.Field{population.FieldEducation}, To: population.Facts{Education: 3}, Date: day(2027, 3, 1)}).Seqs[0]
	h.Until(`document.querySelector("#pill").textContent`, "chờ "+num(head))
	h.Go(srv.URL + "/tim")
	h.Until(`document.readyState + (document.querySelector("#hits") ? " hits" : "")`, "complete hits")
	type1("q", "binh")
	h.Until(`document.querySelector("#hits").textContent`, "Trần Thị Bình")
}

// sheetInABrowser: a full group leads on, several pasted at once are
// shared out, and one that is corrected keeps the caret.
func sheetInABrowser(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("truong-tram")
	h := browsertest.Start(t, browsertest.Options{}).Open(f.w.server.URL + "/cai-dat/phieu")
	box := func(n string) string { return `document.querySelector("[name=group` + n + `]").value` }
	for _, pasted := range []string{"ABC123DEF456", "ABC123-DEF456", " ABC 123 - DEF 456 "} {
		h.At("/cai-dat/phieu", "#proof")
		h.Eval(`(() => { document.querySelector("[name=group1]").focus(); return ""; })()`)
		h.Write(pasted)
		h.Focus("[name=group2]")
		h.Until(box("1")+" + '|' + "+box("2"), "ABC123|DEF456")
		h.Reload()
		h.Until(`document.readyState + "|" + `+box("1")+` + "|" + document.activeElement.id`, "complete||print")
	}
	h.Eval(`(() => { document.querySelector("[name=group1]").focus(); return ""; })()`)
	h.Write("ABC12")
	h.Focus("[name=group1]") // not full yet
	h.Write("3")
	h.Focus("[name=group2]")
	h.Write("D")
	h.Eval(`(() => { const b = document.querySelector("[name=group1]"); b.focus(); b.value = "ABC12"; b.setSelectionRange(1, 1); return ""; })()`)
	h.Write("X")
	h.Focus("[name=group1]") // in the middle of it
	h.Until(box("1")+" + '|' + "+box("2"), "AXBC12|D")
}

// heldKeyInABrowser: Enter held down does not run through pages; pressed again it
// goes on.
func heldKeyInABrowser(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("dong-ho")
	h := browsertest.Start(t, browsertest.Options{}).Open(f.w.server.URL + "/cai-dat/may")
	h.At("/cai-dat/may", "form")
	h.Focus("button")
	h.Eval(`addEventListener("submit", () => { document.title = "sent"; })`) // it comes before the key's answer
	for range 5 {
		h.Hold("Enter")
	}
	if h.Eval(`document.title`) == "sent" {
		t.Error("a key held down sends the form")
	}
	h.At("/cai-dat/may", "form")
	h.Press("Enter")
	h.At("/cai-dat/noi-tinh", "form")
}

// filledInABrowser: what is filled in and has the focus is typed over.
func filledInABrowser(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("don-vi")
	h := browsertest.Start(t, browsertest.Options{}).Open(f.w.server.URL + "/cai-dat/dong-ho")
	h.At("/cai-dat/dong-ho", "form")
	h.Focus("[name=date]")
	h.Until(`document.activeElement.selectionStart + "-" + document.activeElement.selectionEnd`, "0-10")
	h.Write("21/03/2027")
	h.Until(`"|" + document.activeElement.value + "|"`, "|21/03/2027|")
}
