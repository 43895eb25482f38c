package browsertest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Chromium is where Debian puts the browser.
const Chromium = "/usr/bin/chromium"

// Options of a browser.
type Options struct {
	Patience time.Duration // for one thing to come; 0: 2 min. It only ends what hangs; an emulated station takes longer
	Flags    []string      // more flags of the browser
}

// Browser is a running browser, worked by its debugging protocol. It belongs to
// one test and one goroutine, and ends with the test.
type Browser struct {
	t        testing.TB
	conn     *websocket.Conn
	id       int
	patience time.Duration
	console  map[string][]string // by session, see Hand.Console
}

// Start starts a browser with a profile of its own; where none is installed the
// test is skipped.
func Start(t testing.TB, o Options) *Browser {
	t.Helper()
	if _, err := os.Stat(Chromium); err != nil {
		t.Skip("skipped: no chromium here")
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Minute
	}
	profile, err := os.MkdirTemp("", "tramxa-browser") // not TempDir: a browser may write on for a moment after it was stopped
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	ctx, stop := context.WithTimeout(context.Background(), 10*o.Patience) // a test that hangs leaves no browser behind
	flags := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1366,768", "--hide-scrollbars", "--user-data-dir=" + profile, "--remote-debugging-port=0"}, o.Flags...)
	cmd := exec.CommandContext(ctx, Chromium, append(flags, "about:blank")...)
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was stopped
	})
	address, err := listens(out)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // the pipe must not fill up
	dial := websocket.Dialer{HandshakeTimeout: o.Patience}
	conn, _, err := dial.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Browser{t: t, conn: conn, patience: o.Patience, console: make(map[string][]string)}
}

// listens reads where the browser listens off what it writes when it starts.
func listens(out io.Reader) (address string, err error) {
	var said strings.Builder
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if _, address, ok := strings.Cut(line, "DevTools listening on "); ok {
			return strings.TrimSpace(address), nil
		}
		said.WriteString(line)
		if err != nil {
			return "", fmt.Errorf("the browser ended without saying where it listens: %w\n%s", err, said.String())
		}
	}
}

// call asks the browser and fails the test when it refuses.
func (b *Browser) call(session, method string, params map[string]any) json.RawMessage {
	b.t.Helper()
	result, fault := b.try(session, method, params)
	if fault != nil {
		b.t.Fatalf("%s: %s", method, fault)
	}
	return result
}

// try is call for what may go wrong: fault is the browser's.
func (b *Browser) try(session, method string, params map[string]any) (result, fault json.RawMessage) {
	b.t.Helper()
	b.id++
	msg := map[string]any{"id": b.id, "method": method, "params": params}
	if session != "" {
		msg["sessionId"] = session
	}
	_ = b.conn.SetReadDeadline(time.Now().Add(b.patience + time.Minute))
	if err := b.conn.WriteJSON(msg); err != nil {
		b.t.Fatal(err)
	}
	for {
		var res struct {
			ID      int             `json:"id"`
			Result  json.RawMessage `json:"result"`
			Error   json.RawMessage `json:"error"`
			Session string          `json:"sessionId"`
			Method  string          `json:"method"`
			Params  json.RawMessage `json:"params"`
		}
		if err := b.conn.ReadJSON(&res); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		if res.ID == b.id {
			return res.Result, res.Error
		}
		switch res.Method {
		case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
			b.console[res.Session] = append(b.console[res.Session], string(res.Params))
		}
	}
}

// ask is call with the answer decoded.
func (b *Browser) ask(session, method string, params map[string]any, answer any) {
	b.t.Helper()
	if err := json.Unmarshal(b.call(session, method, params), answer); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// Open opens a tab at an address, or an empty one, and puts a hand to it.
func (b *Browser) Open(address string) *Hand {
	b.t.Helper()
	var target struct{ TargetID string }
	b.ask("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var at struct{ SessionID string }
	b.ask("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &at)
	h := &Hand{browser: b, t: b.t, session: at.SessionID}
	h.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true})
	h.call("Runtime.enable", nil)
	h.call("Log.enable", nil)
	if address != "" {
		h.Go(address)
	}
	return h
}
