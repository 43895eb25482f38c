package localui_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tramxa/appliance/population"
)

// devtools drives a real browser by its debugging protocol.
type devtools struct {
	t    testing.TB
	conn *websocket.Conn
	id   int
}

func (d *devtools) call(session, method string, params map[string]any) json.RawMessage {
	d.t.Helper()
	result, fault := d.try(session, method, params)
	if fault != nil {
		d.t.Fatalf("%s: %s", method, fault)
	}
	return result
}

// try is call for what may go wrong: fault is the browser's.
func (d *devtools) try(session, method string, params map[string]any) (result, fault json.RawMessage) {
	d.t.Helper()
	d.id++
	msg := map[string]any{"id": d.id, "method": method, "params": params}
	if session != "" {
		msg["sessionId"] = session
	}
	if err := d.conn.WriteJSON(msg); err != nil {
		d.t.Fatal(err)
	}
	for {
		var res struct {
			ID     int             `json:"id"`
			Result json.RawMessage `json:"result"`
			Error  json.RawMessage `json:"error"`
		}
		if err := d.conn.ReadJSON(&res); err != nil {
			d.t.Fatalf("%s: %v", method, err)
		}
		if res.ID == d.id {
			return res.Result, res.Error
		}
	}
}

// until evaluates an expression until it gives the text wanted.
func (d *devtools) until(session, expression, want string) {
	d.t.Helper()
	var got string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if got = d.eval(session, expression); strings.Contains(got, want) {
			return
		}
	}
	d.t.Fatalf("%s gives %q, not %q", expression, got, want)
}

func (d *devtools) eval(session, expression string) string {
	d.t.Helper()
	var out struct {
		Result struct{ Value any }
	}
	b, fault := d.try(session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if strings.Contains(string(fault), "navigated") || strings.Contains(string(fault), "context") {
		return "" // asked between two pages
	}
	if fault != nil {
		d.t.Fatalf("%s: %s", expression, fault)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		d.t.Fatal(err)
	}
	s, _ := out.Result.Value.(string)
	return s
}

// TestScriptInABrowser: what script adds works in a real browser under the
// page's own policy: findings on leaving a field, the draft after a reload, the
// live pill, search while typing.
func TestScriptInABrowser(t *testing.T) {
	if os.Getenv("TRAMXA_LONG") != "1" {
		t.Skip("TRAMXA_LONG is not 1")
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skip("no chromium here")
	}
	w := newWorld(t).withUsers()
	ids := w.family()
	token, _, err := w.auth.Login(context.Background(), "huong", password, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(loggedIn(w.pages, token, nil))
	defer srv.Close()
	d := startBrowser(t)
	var target struct{ TargetID string }
	must(t, json.Unmarshal(d.call("", "Target.createTarget", map[string]any{"url": "about:blank"}), &target))
	var at struct{ SessionID string }
	must(t, json.Unmarshal(d.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &at))
	s := at.SessionID
	d.call(s, "Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true})
	d.call(s, "Page.navigate", map[string]any{"url": srv.URL + "/ghi/sinh?ho=" + ids[0].String()})
	d.until(s, `document.readyState + " " + (document.querySelector("#form") ? "form" : "")`, "complete form")
	type1 := func(name, value string) {
		d.eval(s, `(() => { const el = document.querySelector("[name='`+name+`']"); el.focus(); el.value = "`+value+`"; el.dispatchEvent(new Event("input", { bubbles: true })); el.blur(); return ""; })()`)
	}
	type1("child.name", "Nguyễn Văn Dũng")
	type1("child.born", "05/04/2027")
	d.until(s, `document.querySelector("[data-field='child.born']").textContent`, "sau hôm nay")
	d.until(s, `document.querySelector("#draft").textContent`, "bản nháp đã tự lưu")
	d.call(s, "Page.reload", nil)
	d.until(s, `document.querySelector("#draft") ? document.querySelector("#draft").textContent : ""`, "đã lấy lại bản nháp")
	d.until(s, `document.querySelector("[name='child.name']").value`, "Nguyễn Văn Dũng")
	// A draft of many lines comes back whole, under the key it may have been sent
	// with, and a line more takes nothing of what was typed just before.
	d.call(s, "Page.navigate", map[string]any{"url": srv.URL + "/ghi/mo-ho"})
	d.until(s, `document.readyState + " " + (document.querySelector("[name='members[2].name']") ? "three" : "")`, "complete three")
	key := d.eval(s, `document.querySelector("[name=key]").value`)
	type1("members[2].name", "Lê Thị Ba")
	d.eval(s, `(() => { document.querySelector("button[name=_more]").click(); return ""; })()`)
	d.until(s, `document.readyState + " " + (document.querySelector("[name='members[3].name']") ? "four" : "")`, "complete four")
	d.until(s, `document.querySelector("[name='members[2].name']").value`, "Lê Thị Ba")
	d.until(s, `document.querySelector("[name='members[3].residence']").value`, "1")
	type1("members[3].name", "Lê Văn Tư")
	d.until(s, `document.querySelector("#draft").textContent`, "bản nháp đã tự lưu")
	time.Sleep(500 * time.Millisecond) // the draft is written a moment after the last key
	d.call(s, "Page.navigate", map[string]any{"url": srv.URL + "/ghi/mo-ho"})
	d.until(s, `document.readyState + " " + (document.querySelector("[name='members[3].name']") ? document.querySelector("[name='members[3].name']").value : "")`, "complete Lê Văn Tư")
	d.until(s, `document.querySelector("[name='members[2].name']").value`, "Lê Thị Ba")
	d.until(s, `document.querySelector("[name=key]").value`, key)
	before := d.eval(s, `document.querySelector("#pill").textContent`)
	w.must(2, population.InformationChanged{Person: ids[3], Changed: []population.Field{population.FieldEducation}, To: population.Facts{Education: 3}, Date: day(2027, 3, 1)})
	d.until(s, `document.querySelector("#pill").textContent === "`+before+`" ? "" : "changed"`, "changed")
	d.call(s, "Page.navigate", map[string]any{"url": srv.URL + "/tim"})
	d.until(s, `document.readyState + (document.querySelector("#hits") ? " hits" : "")`, "complete hits")
	type1("q", "binh")
	d.until(s, `document.querySelector("#hits").textContent`, "Trần Thị Bình")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func startBrowser(t *testing.T) *devtools {
	t.Helper()
	profile, err := os.MkdirTemp("", "tramxa-browser") // not TempDir: a browser may write on for a moment after it was stopped
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+profile, "--remote-debugging-port=0", "about:blank")
	out, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was stopped
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "DevTools listening on "); ok {
			conn, _, err := websocket.DefaultDialer.Dial(address, nil)
			must(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			go func() { // the pipe must not fill up
				for lines.Scan() {
					continue
				}
			}()
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Minute))
			return &devtools{t: t, conn: conn}
		}
	}
	t.Fatal("the browser does not say where it listens")
	return nil
}
