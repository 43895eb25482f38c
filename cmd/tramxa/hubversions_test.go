//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/replication/hub"
)

// TestHubCopyGoesToTheNextVersion: a copy made by this version is proven, restored
// and served by the next, with the same state and the same report.
func TestHubCopyGoesToTheNextVersion(t *testing.T) {
	next := buildNext(t)
	p := newPlace(t)
	for _, c := range p.calls() { // a hub with a station's records
		p.answers(c)
		if c.verb == "station sync" {
			break
		}
	}
	in := func(name string) string { return filepath.Join(p.dir, name) }
	today := func(stdin string, v any, args ...string) []byte {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, stdio{in: strings.NewReader(stdin), out: &out, err: &errs}); code != exitDone {
			t.Fatalf("tramxa %v: %d\n%s", args, code, errs.String())
		}
		if err := json.Unmarshal(out.Bytes(), v); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	later := func(stdin string, v any, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(next, args...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, v)
		}
		if err != nil {
			t.Fatalf("next tramxa %v: %v\n%s", args, err, out)
		}
		return out
	}
	var key struct {
		Code string `json:"recovery_code"`
	}
	var answer map[string]any
	today("", &key, "hub", "backup", "code", "--ca", in("ca.key"), "--dir", p.hub, "--json")
	var copied, verified hubCopyAnswer
	today("", &copied, "hub", "backup", "--to", in("disk"), "--dir", p.hub, "--json")
	report := today("", &answer, "hub", "report", "--period", "2026-03", "--dir", p.hub, "--json")

	later(key.Code+"\n", &verified, "hub", "backup", "verify", in("disk"), "--code", "--json")
	if verified.State != copied.State || copied.Records == 0 {
		t.Errorf("%+v, proven by the next version as %+v", copied, verified)
	}
	var restored hubRestored
	dir := in("tinh-moi")
	later(key.Code+"\n", &restored, "hub", "restore", "--from", in("disk"), "--code", "--dir", dir, "--id", "n4",
		"--peer", "n4="+p.port()+","+p.port(), "--page", "127.0.0.1:0", "--json")
	if restored.Copy.State != copied.State {
		t.Errorf("%+v", restored)
	}
	cmd := exec.Command(next, "hub", "run", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it says "killed", as it should
	}()
	var st hub.Status
	for end := time.Now().Add(patience); st.State != "leader"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the next version does not serve it: %+v", st)
		}
		if c, err := dialControl(t.Context(), dir); err == nil && c != nil {
			_ = c.get(t.Context(), "/v1/status", nil, &st) // not yet: asked again
		}
	}
	if got := later("", &answer, "hub", "report", "--period", "2026-03", "--dir", dir, "--json"); !bytes.Equal(got, report) {
		t.Errorf("the next version reports\n%s\nthis one\n%s", got, report)
	}
}
