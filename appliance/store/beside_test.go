package store_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
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

// scanned is a disk on which somebody has files open whose name contains held, as a
// virus scanner on Windows: they can be neither renamed nor removed.
type scanned struct {
	*crashfs.FS
	held string // "" none
}

func (d *scanned) holds(name string) bool { return d.held != "" && strings.Contains(name, d.held) }

func (d *scanned) Rename(from, to string) error {
	if d.holds(from) {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrPermission}
	}
	return d.FS.Rename(from, to)
}

func (d *scanned) Remove(name string) error {
	if d.holds(name) {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrPermission}
	}
	return d.FS.Remove(name)
}

// unfinished are the files of checkpoints that did not get their name, and their size.
func (d *scanned) unfinished(t *testing.T) (names []string, size int64) {
	t.Helper()
	for _, name := range d.Files() {
		if strings.HasSuffix(name, ".txc"+journal.TempSuffix) {
			n, err := d.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			names, size = append(names, name), size+n
		}
	}
	return names, size
}

// TestACheckpointIsGoodWhateverIsLeftBesideIt: what another left and nobody can
// remove fails neither the checkpoint nor the clean stop, and goes when it can.
func TestACheckpointIsGoodWhateverIsLeftBesideIt(t *testing.T) {
	o, disk := onCrashFS(t)
	d := &scanned{FS: disk}
	o.FS = d
	s := open(t, o)
	mustSave(t, s, 1, 1, 5)
	left := "/station/checkpoints/0000000000000099.txc" + journal.TempSuffix
	if err := disk.MkdirAll("/station/checkpoints", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := journal.WriteFileAtomic(disk, left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.held = filepath.Base(left)
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Errorf("checkpoint: %v", err)
	}
	mustSave(t, s, 1, 6, 7)
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	s = open(t, o)
	if st := s.Status(); !st.View.Trusted {
		t.Errorf("after the stop: %+v", st.View)
	}
	if names, _ := d.unfinished(t); !slices.Equal(names, []string{left}) {
		t.Fatalf("left are %v", names)
	}
	d.held = ""
	mustSave(t, s, 1, 8, 9)
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Errorf("checkpoint: %v", err)
	}
	if names, _ := d.unfinished(t); len(names) > 0 {
		t.Errorf("still left are %v", names)
	}
}

func TestACheckpointThatDoesNotGetItsNameLeavesNothing(t *testing.T) {
	o, disk := onCrashFS(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 5)
	disk.FailAt(1, syscall.EIO, crashfs.OpRename)
	wantError(t, s.Checkpoint(context.Background()), syscall.EIO)
	if names, _ := (&scanned{FS: disk}).unfinished(t); len(names) > 0 {
		t.Errorf("left are %v", names)
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Errorf("the next: %v", err)
	}
	checkWhole(t, s, 1, 5)
}

// TestFailedCheckpointsDoNotFillTheDisk: each leaves what cannot be removed just then.
// The next one that can removes it, before it looks whether there is room.
func TestFailedCheckpointsDoNotFillTheDisk(t *testing.T) {
	o, disk := onCrashFS(t)
	d := &scanned{FS: disk, held: ".txc" + journal.TempSuffix}
	o.FS, o.Reserve = d, 1<<20
	s := open(t, o)
	const tries = 3
	for n := uint64(1); n <= tries; n++ {
		mustSave(t, s, 1, n, n)
		wantError(t, s.Checkpoint(context.Background()), fs.ErrPermission)
	}
	names, size := d.unfinished(t)
	if len(names) != tries {
		t.Fatalf("left are %v", names)
	}
	var used int64
	for _, name := range disk.Files() {
		n, err := disk.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		used += n
	}
	disk.SetQuota(used - size + int64(o.Reserve)) // the reserve is there without what is left
	wantError(t, s.Checkpoint(context.Background()), store.ErrFull)
	d.held = ""
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Errorf("checkpoint: %v", err)
	}
	if names, _ := d.unfinished(t); len(names) > 0 {
		t.Errorf("still left are %v", names)
	}
	disk.SetQuota(0)
	checkWhole(t, s, 1, tries)
}
