package backups_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/store"
)

// TestANightOfACommune prints what a night costs a station of 30,000 persons
// (1,500 in an ordinary run): seconds, most memory resident, bytes on each place.
// It asserts that all is proven, not how fast.
func TestANightOfACommune(t *testing.T) {
	persons := 1_500
	if os.Getenv("TRAMXA_LONG") == "1" {
		persons = 30_000
	}
	w := newWorldIn(t, t.TempDir(), 0, nil) // on a real disk, segments of real size
	w.commune(t, persons)
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // as the station runs
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(128 << 20))
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // begins the count of the most resident anew
	t.Logf("%d persons, %d records; resident %s MB", persons, headOf(w), status("VmRSS"))
	for night := range 2 {
		w.now = w.now.Add(24 * time.Hour)
		began := time.Now()
		st := w.once(t)
		t.Logf("night %d: %.1f s, most resident %s MB, places hold %d and %d KiB", night+1, time.Since(began).Seconds(), status("VmHWM"),
			st.Places[0].Bytes>>10, st.Places[1].Bytes>>10)
	}
}

func headOf(w *world) journal.Seq { h, _ := w.s.Head(); return h }

// status is a number of MB that the system counts for this process.
func status(field string) string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return strconv.Itoa(kb >> 10)
		}
	}
	return "?"
}

// commune records an invented commune, 16 entries a command.
func (w *world) commune(t *testing.T, persons int) {
	t.Helper()
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: persons, Mint: 12})
	var entries []population.Entry
	for _, u := range c.Users {
		entries = append(entries, u)
	}
	for _, a := range c.Areas {
		entries = append(entries, a)
	}
	for _, h := range c.Households {
		entries = append(entries, h)
	}
	for at := 0; at < len(entries); at += 16 {
		_, err := w.s.Update(context.Background(), func(tx *store.Tx) error {
			for i, e := range entries[at:min(at+16, len(entries))] {
				kind, version, body, err := population.EncodeBody(tx.Mint(), e)
				if err != nil {
					return err
				}
				d := journal.Draft{Envelope: journal.Envelope{Kind: uint16(kind), Version: version, At: w.now.Unix(), Trusted: true, Actor: 1,
					Device: 2, DeviceSeq: uint64(at + i + 1)}, Body: bytes.Clone(body)}
				if _, err := tx.Add(d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(w.o.Dir, "checkpoints", "*")); len(left) > 2 {
		t.Errorf("checkpoints: %v", left)
	}
}
