package localui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/localui"
)

// hand works a browser as a technician does, and counts.
type hand struct {
	*devtools
	session string
	clicks  int
	keys    int // Enter, Tab, Space, arrows, Ctrl+Enter
	typed   int // characters of values
	list    []string
}

// keyCodes are what the browser's protocol wants of a key.
var keyCodes = map[string]struct {
	vk   int
	text string
}{"Enter": {13, "\r"}, "Tab": {9, ""}, "Space": {32, " "}, "ArrowDown": {40, ""}}

// press presses keys by name; "Ctrl+Enter" holds the one before the plus.
func (h *hand) press(what string, names ...string) {
	h.t.Helper()
	for _, name := range names {
		h.keys++
		modifiers := 0
		if rest, ctrl := strings.CutPrefix(name, "Ctrl+"); ctrl {
			name, modifiers = rest, 2
		}
		k, ok := keyCodes[name]
		if !ok {
			h.t.Fatalf("no key %q", name)
		}
		key := name
		if name == "Space" {
			key = " "
		}
		p := map[string]any{"type": "keyDown", "key": key, "code": name, "windowsVirtualKeyCode": k.vk, "modifiers": modifiers}
		if k.text != "" && modifiers == 0 {
			p["text"] = k.text
		}
		h.call(h.session, "Input.dispatchKeyEvent", p)
		p["type"] = "keyUp"
		delete(p, "text")
		h.call(h.session, "Input.dispatchKeyEvent", p)
	}
	h.note(what, strings.Join(names, " "))
}

// write types into what has the focus.
func (h *hand) write(s string) {
	h.t.Helper()
	h.typed += len([]rune(s))
	h.call(h.session, "Input.insertText", map[string]any{"text": s})
	h.note("", "“"+s+"”")
}

// click clicks with the mouse into the middle of the first thing that fits.
func (h *hand) click(what, selector string) {
	h.t.Helper()
	h.clicks++
	h.until(h.session, `document.querySelector(`+quote(selector)+`) ? "there" : ""`, "there")
	var at struct{ X, Y float64 }
	must(h.t, json.Unmarshal([]byte(h.eval(h.session, `(() => { const el = document.querySelector(`+quote(selector)+`); el.scrollIntoView({ block: "center" }); const r = el.getBoundingClientRect(); return JSON.stringify({ X: r.x + r.width / 2, Y: r.y + r.height / 2 }); })()`)), &at))
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		h.call(h.session, "Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1})
	}
	h.note(what, "click")
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func (h *hand) note(what, how string) {
	if what == "" && len(h.list) > 0 {
		h.list[len(h.list)-1] += " " + how
		return
	}
	h.list = append(h.list, fmt.Sprintf("%-34s %s", what, how))
}

// at waits for a page with something in it.
func (h *hand) at(path, selector string) {
	h.t.Helper()
	h.until(h.session, `document.readyState + " " + location.pathname + " " + (document.querySelector(`+quote(selector)+`) ? "there" : "")`, "complete "+path+" there")
}

// focus waits until an element has the focus.
func (h *hand) focus(selector string) {
	h.t.Helper()
	h.until(h.session, `document.activeElement && document.activeElement.matches(`+quote(selector)+`) ? "yes" : (document.activeElement || {}).outerHTML || "none"`, "yes")
}

// open opens a tab of the browser at an address.
func (d *devtools) open(address string) *hand {
	var target struct{ TargetID string }
	must(d.t, json.Unmarshal(d.call("", "Target.createTarget", map[string]any{"url": "about:blank"}), &target))
	var at struct{ SessionID string }
	must(d.t, json.Unmarshal(d.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &at))
	h := &hand{devtools: d, session: at.SessionID}
	d.call(h.session, "Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true})
	d.call(h.session, "Page.navigate", map[string]any{"url": address})
	return h
}

// TestFromStickToFirstBirth goes through the setup with keys alone, in a real
// browser, with what a stick knows beforehand; then a real station takes its
// place and the first birth is recorded. It prints what had to be done.
func TestFromStickToFirstBirth(t *testing.T) {
	if os.Getenv("TRAMXA_LONG") != "1" {
		t.Skip("skipped: TRAMXA_LONG is not 1")
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skip("skipped: no chromium here")
	}
	var w *world
	var serving atomic.Value // of handlers
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Prefill = localui.SetupPrefill{Language: "vi", Station: 7, Unit: "23764", Hub: []string{"hub1.example:8470"}, HubPin: "hub-0123456789abcdef"}
		o.Machine = machineFacts
		o.Finish = func(ctx context.Context, a localui.Answers) error {
			w = newWorld(t)
			w.must(0, population.UserCreated{Login: a.HeadLogin, Name: a.HeadName, Role: population.RoleHead})
			return w.auth.Add(ctx, 1, a.HeadLogin, a.HeadPassword)
		}
		o.Opened = func() { serving.Store(&w.pages) }
	})
	serving.Store(&f.w.pages)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*serving.Load().(*http.Handler)).ServeHTTP(rw, r) }))
	defer srv.Close()
	h := startBrowser(t).open(srv.URL)
	began := time.Now()

	h.at("/cai-dat/ngon-ngu", "form")
	h.focus("input[type=radio]")
	h.press("1 Ngôn ngữ", "Enter")
	h.at("/cai-dat/don-vi", "form")
	h.focus("[name=place]")
	h.press("2 Đơn vị", "Enter")
	h.at("/cai-dat/dong-ho", "form")
	h.focus("[name=date]")
	h.press("3 Đồng hồ", "Enter")
	h.at("/cai-dat/may", "form")
	h.focus("button")
	h.press("4 Đĩa và máy", "Enter")
	h.at("/cai-dat/noi-tinh", "form")
	h.focus("[name=station]")
	h.press("5 Nối với tỉnh", "Enter")
	h.at("/cai-dat/truong-tram", "form")
	h.focus("[name=name]")
	h.note("6 Trưởng trạm", "")
	h.write("Nguyễn Thị Hương")
	h.press("", "Tab", "Tab")
	h.focus("[name=password]")
	h.write("con mèo ăn khế")
	h.until(h.session, `document.querySelector("#strength").textContent`, "Được")
	h.press("", "Tab")
	h.write("con mèo ăn khế")
	h.press("", "Enter")
	h.at("/cai-dat/phieu", "form")
	h.focus("a.btn")
	groups := proof(f.get("/cai-dat/phieu"))
	h.press("7 Phiếu khôi phục (mở PDF)", "Enter")
	h.press("", "Tab")
	h.focus("[name=group1]")
	h.write(groups.Get("group1"))
	h.press("", "Tab")
	h.write(groups.Get("group2"))
	h.press("", "Enter")
	h.at("/cai-dat/du-lieu", "form")
	h.focus("[name=data]")
	h.press("8 Dữ liệu", "Enter")
	h.at("/cai-dat/xong", "form")
	h.focus("button")
	h.press("9 Xong", "Enter")
	setup := h.keys
	h.at("/dang-nhap", "form")
	h.focus("[name=_login]")
	h.note("Đăng nhập", "")
	h.write("huong")
	h.press("", "Tab")
	h.write("con mèo ăn khế")
	h.press("", "Enter")
	h.at("/", "a[href='/ghi/dia-ban']")
	h.firstBirth()

	const printing = 3 // Ctrl+P, Enter and Ctrl+W in the PDF's own tab, which a browser without a screen has not
	t.Logf("stopwatch: %d keys (%d of them for the setup), %d clicks and %d keys to print, %d characters typed, %s with a machine's fingers",
		h.keys, setup, h.clicks, printing, h.typed, time.Since(began).Round(time.Second))
	for _, line := range h.list {
		t.Log(line)
	}
	if n := h.keys + h.clicks + printing; n > 40 {
		t.Errorf("%d clicks and keys, at most 40 are wanted", n)
	}
	births := 0
	w.view(func(v *register.View) {
		_ = v.Households(func(home *population.Household) bool {
			for _, id := range v.Members(home.ID) {
				if v.Person(id).Name == "Nguyễn Văn Dũng" {
					births++
				}
			}
			return true
		})
	})
	if births != 1 {
		t.Errorf("the book has %d births", births)
	}
}

// firstBirth makes area and household and records a birth there.
func (h *hand) firstBirth() {
	h.click("Địa bàn mới", "a[href='/ghi/dia-ban']")
	h.at("/ghi/dia-ban", "#form")
	h.focus("[name=hamlet]")
	h.write("Thôn 1")
	h.press("", "Ctrl+Enter")
	h.saved()
	h.click("Hộ mới", "nav a[href='/ghi']")
	h.click("", "a[href='/ghi/mo-ho']")
	h.at("/ghi/mo-ho", "#form")
	h.click("", "[name='members[0].name']")
	h.write("Trần Thị Bình")
	h.press("", "Enter", "ArrowDown", "ArrowDown", "Enter")
	h.focus("[name='members[0].born']")
	h.write("3/6/1998")
	h.click("", "[name='members[0].marital']")
	h.press("", "ArrowDown", "ArrowDown", "Enter")
	h.press("", "Ctrl+Enter")
	h.saved()
	h.click("Sinh", "a[href^='/ho/']")
	h.until(h.session, `document.readyState + location.pathname`, "complete/ho/")
	h.click("", "a[href^='/ghi/sinh']")
	h.at("/ghi/sinh", "#form")
	h.focus("[name='child.name']")
	h.write("Nguyễn Văn Dũng")
	h.press("", "Tab", "Space", "Tab")
	h.focus("[name='child.born']")
	h.write("5/3/2027")
	h.press("", "Ctrl+Enter")
	h.saved()
}

// saved waits for the page that says a record was saved.
func (h *hand) saved() {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if strings.Contains(h.eval(h.session, `document.readyState + location.pathname`), "complete/da-luu/") {
			return
		}
		if text := h.eval(h.session, `document.querySelector("#summary") ? document.querySelector("#summary").innerText : ""`); text != "" {
			h.t.Fatalf("refused: %s", text)
		}
	}
	h.t.Fatalf("not saved: %s", h.eval(h.session, `location.pathname + " " + document.querySelector("main").innerText`))
}
