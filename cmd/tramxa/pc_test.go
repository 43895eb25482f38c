//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/service/machine"
)

// TestThePageSaysThatABridgeHidesTheDisk: the service has no right to ask the
// disk, the job that had it met a USB bridge. What smartctl said is recorded.
func TestThePageSaysThatABridgeHidesTheDisk(t *testing.T) {
	recorded := filepath.Join(moduleRoot(t), "service", "machine", "testdata", "smart")
	bin := t.TempDir()
	script := "#!/bin/sh\ncat '" + filepath.Join(recorded, "refused.json") + "'\nexit 2\n"
	noError(t, os.WriteFile(filepath.Join(bin, "smartctl"), []byte(script), 0o755))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))

	p, err := openPC(t.TempDir(), machine.Facts{Disk: machine.Disk{Device: os.DevNull}}, newLogger(nil, 0))
	noError(t, err)
	p.smartAt = filepath.Join(t.TempDir(), "smart.json")
	page := func() string {
		p.told, p.asked = machine.Smart{}, time.Time{}
		var b strings.Builder
		for _, s := range p.sections(t.Context()) {
			for _, r := range s.Rows {
				b.WriteString(r.Label.Vi + ": " + r.Value.Vi + "\n")
			}
		}
		return b.String()
	}
	noRights, bridge := machine.Say("vi", "smart.norights", nil), machine.Say("vi", "smart.usb", nil)
	if text := page(); !strings.Contains(text, noRights) {
		t.Errorf("without the job the page says\n%s", text)
	}
	b, err := os.ReadFile(filepath.Join(recorded, "usb-bridge.json"))
	noError(t, err)
	s, err := machine.ParseSmart(b)
	noError(t, err)
	noError(t, machine.SaveSmart(journal.OS, p.smartAt, s))
	if text := page(); !strings.Contains(text, bridge) || strings.Contains(text, noRights) {
		t.Errorf("with the job's answer the page says\n%s", text)
	}
}
