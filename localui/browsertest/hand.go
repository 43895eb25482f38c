package browsertest

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Hand works one tab as a person does, and counts.
type Hand struct {
	browser *Browser
	t       testing.TB
	session string
	list    []Step
}

// Step is something that had to be done, in the order in which it was.
type Step struct {
	What   string // in the user's words
	How    string
	Keys   int // Enter, Tab, Space, digits of a list, Ctrl+Enter: one each
	Clicks int
	Typed  int // characters of values
}

func (h *Hand) call(method string, params map[string]any) json.RawMessage {
	h.t.Helper()
	return h.browser.call(h.session, method, params)
}

// Go opens another address in the tab, and returns when the page before is gone:
// what is asked next, the new one answers.
func (h *Hand) Go(address string) {
	h.t.Helper()
	h.leave("Page.navigate", map[string]any{"url": address})
}

// Reload loads the page again, as Go does.
func (h *Hand) Reload() {
	h.t.Helper()
	h.leave("Page.reload", nil)
}

func (h *Hand) leave(method string, params map[string]any) {
	h.t.Helper()
	const born = `String(performance.timeOrigin)`
	before := h.Eval(born)
	h.call(method, params)
	h.Until(born+` === `+quote(before)+` ? "" : "another page"`, "another page")
}

// Loaded waits until the page is whole, its script has run, its fonts are there.
func (h *Hand) Loaded() {
	h.t.Helper()
	h.Until(`document.fonts.ready.then(() => document.readyState)`, "complete")
}

// Size makes the window of the tab as large as a screen, in CSS pixels.
func (h *Hand) Size(width, height int) {
	h.t.Helper()
	h.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
}

// Console is what script and browser wrote into the console of the tab since it
// was asked last: faults of the script, and what a page's own policy refused. A
// page that comes with a status of an error is not one of them.
func (h *Hand) Console() (lines []string) {
	h.t.Helper()
	here := h.Eval(`location.href`) // what was written before comes before the answer
	for _, line := range h.browser.console[h.session] {
		var log struct{ Entry struct{ Source, URL string } }
		if json.Unmarshal([]byte(line), &log) == nil && log.Entry.Source == "network" && log.Entry.URL == here {
			continue
		}
		lines = append(lines, line)
	}
	delete(h.browser.console, h.session)
	return lines
}

// Step begins a step; what is pressed, typed and clicked from now on is its.
func (h *Hand) Step(what string) { h.list = append(h.list, Step{What: what}) }

// Beside counts what is pressed where this hand does not reach: the boot menu, a
// warning of the browser, a printer's window.
func (h *Hand) Beside(what, how string, keys, clicks int) {
	h.list = append(h.list, Step{What: what, How: how, Keys: keys, Clicks: clicks})
}

func (h *Hand) note(how string, keys, clicks, typed int) {
	if len(h.list) == 0 {
		h.Step("")
	}
	s := &h.list[len(h.list)-1]
	s.How = strings.TrimSpace(s.How + " " + how)
	s.Keys, s.Clicks, s.Typed = s.Keys+keys, s.Clicks+clicks, s.Typed+typed
}

// Steps are the steps so far.
func (h *Hand) Steps() []Step { return h.list }

// keyCodes are what the browser's protocol wants of a key.
var keyCodes = map[string]struct {
	vk   int
	text string
}{"Enter": {13, "\r"}, "Tab": {9, ""}, "Space": {32, " "}, "ArrowDown": {40, ""}}

// Press presses keys by name; "Ctrl+Enter" holds the one before the plus. A digit
// or a letter is its own name.
func (h *Hand) Press(names ...string) {
	h.t.Helper()
	for _, name := range names {
		key, ctrl := strings.CutPrefix(name, "Ctrl+")
		p := h.key(key)
		if ctrl {
			p["modifiers"] = 2
			delete(p, "text")
		}
		h.call("Input.dispatchKeyEvent", p)
		p["type"] = "keyUp"
		delete(p, "text")
		h.call("Input.dispatchKeyEvent", p)
		h.note(name, 1, 0, 0)
	}
}

// Hold is what a key held down sends after its first press; it counts nothing.
func (h *Hand) Hold(name string) {
	h.t.Helper()
	p := h.key(name)
	p["autoRepeat"] = true
	h.call("Input.dispatchKeyEvent", p)
}

func (h *Hand) key(name string) map[string]any {
	h.t.Helper()
	if len(name) == 1 && (name >= "0" && name <= "9" || name >= "A" && name <= "Z") {
		return map[string]any{"type": "keyDown", "key": name, "windowsVirtualKeyCode": int(name[0]), "text": name}
	}
	k, ok := keyCodes[name]
	if !ok {
		h.t.Fatalf("no key %q", name)
	}
	key := name
	if name == "Space" {
		key = " "
	}
	p := map[string]any{"type": "keyDown", "key": key, "code": name, "windowsVirtualKeyCode": k.vk}
	if k.text != "" {
		p["text"] = k.text
	}
	return p
}

// Write types into what has the focus, at once.
func (h *Hand) Write(s string) { h.write(s, "“"+s+"”") }

// WriteSecret is Write of what no list may show.
func (h *Hand) WriteSecret(s string) { h.write(s, "“…”") }

func (h *Hand) write(s, shown string) {
	h.t.Helper()
	h.call("Input.insertText", map[string]any{"text": s})
	h.note(shown, 0, 0, len([]rune(s)))
}

// Click clicks into the middle of the first thing that fits, when it is there and
// keeps its place: what a page still adds above it would lead the click astray.
func (h *Hand) Click(selector string) {
	h.t.Helper()
	middle := `(() => { const el = document.querySelector(` + quote(selector) + `); el.scrollIntoView({ block: "center" }); const r = el.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
		return el.contains(document.elementFromPoint(x, y)) ? JSON.stringify({ X: x, Y: y }) : ""; })()`
	var at struct{ X, Y float64 }
	for end, last := time.Now().Add(h.browser.patience), ""; ; time.Sleep(100 * time.Millisecond) {
		where := h.Eval(middle)
		if where != "" && where == last {
			if err := json.Unmarshal([]byte(where), &at); err != nil {
				h.t.Fatalf("%s: %v", selector, err)
			}
			break
		}
		if last = where; time.Now().After(end) {
			h.t.Fatalf("%s is nowhere to be clicked: %s", selector, h.Page())
		}
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		h.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1})
	}
	h.note("click", 0, 1, 0)
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always can be
	return string(b)
}

// Eval evaluates an expression in the page; "" between two pages and for what is
// no text.
func (h *Hand) Eval(expression string) string {
	h.t.Helper()
	b, fault := h.browser.try(h.session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if strings.Contains(string(fault), "navigated") || strings.Contains(string(fault), "context") {
		return ""
	}
	if fault != nil {
		h.t.Fatalf("%s: %s", expression, fault)
	}
	var out struct {
		Result struct{ Value any }
	}
	if err := json.Unmarshal(b, &out); err != nil {
		h.t.Fatal(err)
	}
	s, _ := out.Result.Value.(string)
	return s
}

// Until evaluates an expression until what it gives contains the text wanted.
func (h *Hand) Until(expression, want string) {
	h.t.Helper()
	var got string
	for end := time.Now().Add(h.browser.patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if got = h.Eval(expression); strings.Contains(got, want) {
			return
		}
	}
	h.t.Fatalf("%s gives %q, not %q; the page is %s", expression, got, want, h.Page())
}

// At waits for a page with something in it.
func (h *Hand) At(path, selector string) {
	h.t.Helper()
	h.Until(`document.readyState + " " + location.pathname + " " + (document.querySelector(`+quote(selector)+`) ? "there" : "")`, "complete "+path+" there")
}

// Focus waits until an element has the focus.
func (h *Hand) Focus(selector string) {
	h.t.Helper()
	h.Until(`document.activeElement && document.activeElement.matches(`+quote(selector)+`) ? "yes" : (document.activeElement || {}).outerHTML || "none"`, "yes")
}

// Page is where the tab is, and the text of the page, bounded.
func (h *Hand) Page() string {
	h.t.Helper()
	return h.Eval(`location.href + ": " + (document.body ? document.body.innerText : "").replace(/\s+/g, " ").slice(0, 1500)`)
}

// Shot writes a picture of the whole page to a PNG file.
func (h *Hand) Shot(file string) {
	h.t.Helper()
	var m struct {
		CSSContentSize struct{ Width, Height float64 }
	}
	h.browser.ask(h.session, "Page.getLayoutMetrics", nil, &m)
	size := m.CSSContentSize
	data := h.capture(map[string]any{"format": "png", "captureBeyondViewport": true,
		"clip": map[string]any{"x": 0, "y": 0, "width": size.Width, "height": size.Height, "scale": 1}})
	b, err := base64.StdEncoding.DecodeString(data)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, b, 0o644)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// capture takes a picture; a page that just leaves for the next cannot be taken.
func (h *Hand) capture(params map[string]any) string {
	h.t.Helper()
	for end := time.Now().Add(h.browser.patience); ; time.Sleep(100 * time.Millisecond) {
		b, fault := h.browser.try(h.session, "Page.captureScreenshot", params)
		var out struct{ Data string }
		err := json.Unmarshal(b, &out)
		if fault == nil && err == nil {
			return out.Data
		}
		if time.Now().After(end) {
			h.t.Fatalf("no picture: %s %v", fault, err)
		}
	}
}

// Total adds up all steps.
func (h *Hand) Total() (s Step) {
	for _, l := range h.list {
		s.Keys, s.Clicks, s.Typed = s.Keys+l.Keys, s.Clicks+l.Clicks, s.Typed+l.Typed
	}
	return s
}

// Log prints the list of steps.
func (h *Hand) Log() {
	h.t.Helper()
	h.t.Logf("%-36s %4s %6s  %s", "step", "keys", "clicks", "what is pressed and typed")
	for _, l := range h.list {
		h.t.Logf("%-36s %4d %6d  %s", l.What, l.Keys, l.Clicks, l.How)
	}
	sum := h.Total()
	h.t.Logf("%-36s %4d %6d  %d together, and %d characters typed", "all", sum.Keys, sum.Clicks, sum.Keys+sum.Clicks, sum.Typed)
}
