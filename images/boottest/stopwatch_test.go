package boottest

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/clock"
	"tramxa/localui/browsertest"
	"tramxa/replication/identity"
	"tramxa/service/seed"
)

// TestStopwatchFromTheStick takes a stick as the province prepares it, with the
// station's particulars in its seed, starts a PC from it and goes the way to the
// first recorded birth with a real browser on the LAN, as a technician does. It
// prints the list of what was pressed: at most browsertest.MostPressed keys and
// clicks. TRAMXA_SHOTS names a folder for pictures of the pages.
func TestStopwatchFromTheStick(t *testing.T) {
	img, key := image(t)
	if key == "" {
		t.Skip("skipped: TRAMXA_KEY names no private key of the image")
	}
	if _, err := os.Stat(browsertest.Chromium); err != nil {
		t.Skip("skipped: no chromium here")
	}
	stick := copyOf(t, img)
	putSeed(t, stick)
	v := start(t, PC{Disks: []string{stick}, Key: key})
	m, err := v.Await(`tramxa: stage=setup .* code=(\S+)\s`, patience)
	if err != nil {
		t.Fatal(err)
	}
	up := v.Age()
	h := browsertest.Start(t, browsertest.Options{Patience: 3 * time.Minute, Flags: []string{"--ignore-certificate-errors"}}).Open("https://" + v.HTTPS)
	h.Beside("Khởi động từ USB", "F12 ArrowDown Enter", 3, 0)
	h.Beside("Trình duyệt trên máy khác", "click, địa chỉ trên màn hình trạm, Enter", 1, 1)
	h.Beside("Cảnh báo chứng chỉ", "Nâng cao, Tiếp tục", 0, 2) // this browser was told to take it
	now := time.Now().In(clock.Country)
	h.FromStickToFirstBirth(browsertest.Way{
		Code: m[1], Groups: func(first, second int) [2]string { return groupsOnPaper(t, v, first, second) },
		Born: now.Format("02/01/2006"), Shots: os.Getenv("TRAMXA_SHOTS"),
	})
	t.Logf("the setup asks %.0f s after the power came; from there to the first birth %.0f s with a machine's fingers", up.Seconds(), (v.Age() - up).Seconds())
	h.Log()
	if sum := h.Total(); sum.Keys+sum.Clicks > browsertest.MostPressed {
		t.Errorf("%d clicks and keys, at most %d are wanted", sum.Keys+sum.Clicks, browsertest.MostPressed)
	}
	if n := birthsOf(t, v, now.Format("2006-01")); n != 1 {
		t.Errorf("the report of the month has %d births", n)
	}
}

// putSeed writes what the province knows of the station onto the boot partition.
func putSeed(t *testing.T, stick string) {
	t.Helper()
	hub := identity.Pin(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey))
	b, err := seed.Seed{Language: "vi", Station: 135, Unit: "23764", Name: "Trạm y tế xã Ia Grai", Hub: []string{"hub1.example:8470"}, HubPin: hub.String()}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "seed.toml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	mtool(t, nil, "mcopy", "-o", "-i", boot(stick), file, "::tramxa/seed.toml")
}

// groupsOnPaper are two groups of the recovery code, by their numbers, as the
// printed sheet has them; here they are read in the machine.
func groupsOnPaper(t *testing.T, v *VM, first, second int) [2]string {
	t.Helper()
	m := secretCode.FindStringSubmatch(inside(t, v, "cat /var/lib/tramxa-keys/setup.secret"))
	if m == nil {
		t.Fatal("no recovery code in the machine")
	}
	groups := strings.Split(m[1], "-")
	return [2]string{groups[first-1], groups[second-1]}
}

// birthsOf is what the station itself reports for a month.
func birthsOf(t *testing.T, v *VM, period string) int {
	t.Helper()
	var report struct {
		Rows []struct {
			Formula string
			Value   int
		}
	}
	out := inside(t, v, "tramxa station report --dir /var/lib/tramxa/station --period "+period+" --json")
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, r := range report.Rows {
		if r.Formula == "births" {
			return r.Value
		}
	}
	t.Fatalf("no births in %s", out)
	return 0
}

// inside runs a command in the machine and returns what it says.
func inside(t *testing.T, v *VM, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := v.Shell(ctx, "", command).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(out)
}
