package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
)

// TestACommuneStartsQuickly prints how long a station of 30,000 persons (3,000
// in an ordinary run) takes to record, stop, start clean, start after a cut and
// be proven. It asserts what was rebuilt, not how fast.
func TestACommuneStartsQuickly(t *testing.T) {
	persons := 3_000
	if long() {
		persons = 30_000
	}
	o := onDisk(t)
	o.Log = nil
	s := open(t, o)
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: persons, Mint: 12})
	step := stopwatch(t)
	total := record(t, s, c)
	step("%d persons recorded in %d entries, %d rows", c.Persons(), total, s.Status().Rows)
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	step("checkpoint of %d rows, %s", s.Status().Rows, sizes(t, o))
	before := hashOf(t, s)
	closeStore(t, s)
	step("clean stop")

	s = open(t, o)
	step("clean start: %+v", s.Status().View)
	closeStore(t, s)
	step("clean stop, nothing new")

	if err := os.Remove(filepath.Join(o.Dir, "clean.json")); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	step("start after a cut, from the checkpoint: %+v", s.Status().View)
	if s.Status().View.Trusted || hashOf(t, s) != before {
		t.Error("the view is not what it was")
	}
	step("hash of all rows")
	if _, err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	step("verified whole, refold included")
}

func stopwatch(t *testing.T) func(format string, args ...any) {
	last := time.Now()
	return func(format string, args ...any) {
		t.Helper()
		t.Logf("%6.2f s, resident %s MB: "+format, append([]any{time.Since(last).Seconds(), resident()}, args...)...)
		last = time.Now()
	}
}

// resident is the memory of this process as the system counts it.
func resident() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return strconv.Itoa(kb >> 10)
		}
	}
	return "?"
}

func sizes(t *testing.T, o store.Options) string {
	t.Helper()
	var parts []string
	for _, dir := range []string{"journal", "view", "checkpoints"} {
		var sum int64
		_ = filepath.WalkDir(filepath.Join(o.Dir, dir), func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if info, err := d.Info(); err == nil {
					sum += info.Size()
				}
			}
			return nil
		})
		parts = append(parts, dir+" "+strconv.FormatInt(sum>>10, 10)+" KiB")
	}
	return strings.Join(parts, ", ")
}

func hashOf(t testing.TB, s *store.Store) [32]byte {
	t.Helper()
	view, err := s.ViewHash(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return view
}

// record puts the book of a commune into the store, 16 entries a command.
func record(t testing.TB, s *store.Store, c *populationtest.Commune) int {
	t.Helper()
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
	seq := uint64(0)
	for at := 0; at < len(entries); at += 16 {
		_, err := s.Update(context.Background(), func(tx *store.Tx) error {
			seq = uint64(at)
			for _, e := range entries[at:min(at+16, len(entries))] {
				seq++
				d, err := draft(tx.Mint(), e, 2, seq)
				if err != nil {
					return err
				}
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
	err := s.View(context.Background(), func(v *register.View) error {
		quarantined, pending := v.Quarantined()
		if quarantined+pending > 0 {
			t.Errorf("%d entries quarantined, %d pending", quarantined, pending)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
