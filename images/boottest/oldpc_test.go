package boottest

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"tramxa/images/disk"
)

// TestOldMachines starts the image on PCs that communes really have.
func TestOldMachines(t *testing.T) {
	img, key := image(t)
	if !long() {
		t.Skip("skipped: a start a machine; TRAMXA_LONG=1 runs it")
	}
	for name, pc := range map[string]PC{
		"32-bit UEFI":  {Firmware: "uefi32"},
		"dead battery": {Clock: "2002-01-01"},
		"half a GB":    {Memory: 512},
	} {
		t.Run(name, func(t *testing.T) {
			if pc.Firmware == "uefi32" {
				if _, err := os.Stat(Firmware32); err != nil {
					t.Skip("skipped: no 32-bit UEFI here")
				}
			}
			pc.Disks, pc.Key = []string{copyOf(t, img)}, key
			v := start(t, pc)
			m, err := v.Await(`tramxa: stage=setup .*code=(\S+)\s`, patience)
			if err != nil {
				t.Fatal(err)
			}
			c, err := NewClerk(v.HTTPS)
			if err != nil {
				t.Fatal(err)
			}
			// It asks for the code on the machine's screen before anything else.
			if _, err := c.Get("/"); err == nil || !strings.Contains(err.Error(), "Mã cài đặt") {
				t.Errorf("the first page: %v", err)
			}
			t.Logf("%s: the first page after %.0f s", name, v.Age().Seconds())
			if pc.Clock != "" {
				clockIsSet(t, v, pc, c, m[1])
			}
		})
	}
}

// clockIsSet: without a battery the clock begins where the image was built, not
// where the chip says; the setup sets it, and after a power cut the machine does
// not fall back behind that.
func clockIsSet(t *testing.T, v *VM, pc PC, c *Clerk, code string) {
	t.Helper()
	today := func() string {
		out, err := v.Shell(t.Context(), "", "date -u +%F").Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	if got := today(); got < "2026-11-01" {
		t.Errorf("the machine begins at %s", got)
	}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"ma", url.Values{"code": {code}}},
		{"ngon-ngu", url.Values{"language": {"vi"}}},
		{"don-vi", url.Values{"unit": {"23764"}, "unit_name": {"Xã Ia Grai"}, "place": {"Trạm y tế xã Ia Grai"}}},
		{"dong-ho", url.Values{"date": {"24/12/2026"}, "time": {"10:30"}}},
	} {
		if _, err := c.Post("/cai-dat/"+step.path, step.form); err != nil {
			t.Fatal(err)
		}
	}
	if got := today(); got != "2026-12-24" {
		t.Errorf("the clock was set to the 24th of December, it is %s", got)
	}
	chip, err := v.Shell(t.Context(), "", "cat /sys/class/rtc/rtc0/date; sync").Output()
	if got := strings.TrimSpace(string(chip)); err != nil || got != "2026-12-24" {
		t.Errorf("the clock on the board says %s, %v", got, err)
	}
	v.Cut()
	v = start(t, pc)
	if _, err := v.Await(`tramxa: stage=setup `, patience); err != nil {
		t.Fatal(err)
	}
	if got := today(); got < "2026-12-24" {
		t.Errorf("after a power cut the machine lives on %s", got)
	}
}

// TestBrokenDataPartition: what no check can mend is left alone and said on the
// screen, with nothing written over it.
func TestBrokenDataPartition(t *testing.T) {
	img, key := image(t)
	if !long() {
		t.Skip("skipped: two starts; TRAMXA_LONG=1 runs it")
	}
	file := copyOf(t, img)
	v := start(t, PC{Disks: []string{file}, Key: key})
	if _, err := v.Await(`tramxa: stage=setup `, patience); err != nil {
		t.Fatal(err)
	}
	v.Cut()
	at := partition(t, file, disk.Data)
	junk := []byte(strings.Repeat("not a file system ", 4<<20/18))
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The first block group and its copies: e2fsck -p finds nothing to begin with.
	if _, err := f.WriteAt(junk, at.Start()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	v = start(t, PC{Disks: []string{file}, Key: key})
	if _, err := v.Await(`tramxa: stage=no-data `, patience); err != nil {
		t.Fatal(err)
	}
	t.Logf("says so after %.0f s", v.Age().Seconds())
	v.Cut()
	got := make([]byte, len(junk))
	f, err = os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.ReadAt(got, at.Start()); err != nil || string(got) != string(junk) {
		t.Errorf("the broken partition was written to: %v", err)
	}
}
