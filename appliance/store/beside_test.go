package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// paused is a file system that stops before a checkpoint gets its name.
type paused struct {
	journal.FS
	meanwhile func() // nil: it does not stop
}

func (p *paused) Rename(from, to string) error {
	if do := p.meanwhile; do != nil && strings.HasSuffix(to, ".txc") {
		p.meanwhile = nil
		do()
	}
	return p.FS.Rename(from, to)
}

// TestWhoReadsBesideTakesNothingAway looks at a station in the very moment in which
// it writes a checkpoint, as the proof at night does, or another process: the
// checkpoint comes to be all the same.
func TestWhoReadsBesideTakesNothingAway(t *testing.T) {
	o := onDisk(t)
	disk := &paused{FS: journal.OS}
	o.FS = disk
	s := open(t, o)
	mustSave(t, s, 1, 1, 20)
	looked := false
	disk.meanwhile = func() {
		looked = true
		beside := o
		beside.FS = journal.OS
		if r, err := store.VerifyLane(context.Background(), beside, journal.LaneRegister, nil); err != nil {
			t.Errorf("beside: %+v, %v", r, err)
		}
	}
	if err := s.Checkpoint(context.Background()); err != nil || !looked {
		t.Errorf("checkpoint: %v, somebody looked: %v", err, looked)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Dir, "checkpoints", "*")); len(left) != 1 || filepath.Ext(left[0]) != ".txc" {
		t.Errorf("checkpoints: %v", left)
	}
}

// TestWhatAnInterruptedCheckpointLeftIsRemoved: at the next start, and at the next
// checkpoint.
func TestWhatAnInterruptedCheckpointLeftIsRemoved(t *testing.T) {
	o := onDisk(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 5)
	closeStore(t, s)
	left := filepath.Join(o.Dir, "checkpoints", "0000000000000099.txc"+journal.TempSuffix)
	gone := func(when string) {
		t.Helper()
		if names, err := filepath.Glob(left); err != nil || len(names) > 0 {
			t.Errorf("%s it is still there: %v", when, err)
		}
	}
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	gone("after a start")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustSave(t, s, 1, 6, 7)
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	gone("after a checkpoint")
}
