package store_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
)

func onCrashFS(t *testing.T) (store.Options, *crashfs.FS) {
	t.Helper()
	disk := crashfs.New(crashfs.Options{Seed: 1})
	o := store.Options{
		Dir: "/station", KeyFile: "/keys/station.key", FS: disk, ViewDir: filepath.Join(quickDir(t), "view"),
		Now: fixedNow, SegmentSize: 64 << 10,
	}
	initStation(t, o)
	return o, disk
}

func TestAFailedSyncStopsWritingForGoodAndReadingGoesOn(t *testing.T) {
	o, disk := onCrashFS(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 10)
	disk.FailAt(1, syscall.EIO, crashfs.OpSync)
	_, err := save(s, 1, 11)
	wantError(t, err, journal.ErrStopped)
	if _, err = save(s, 1, 12); !errors.Is(err, journal.ErrStopped) {
		t.Errorf("the next save: %v", err)
	}
	if n, err := missing(s, 1, 10); n != 0 || err != nil {
		t.Errorf("reading after the stop: %d missing, %v", n, err)
	}
	if s.Status().Failed == nil {
		t.Error("status says nothing")
	}
	_ = s.Close() // the disk has failed
	s = open(t, o)
	if st := s.Status(); st.View.Trusted {
		t.Error("a stop after a failed sync vouches for the view")
	}
	if n, err := missing(s, 1, 10); n != 0 || err != nil {
		t.Errorf("after the next start: %d missing, %v", n, err)
	}
	mustSave(t, s, 1, 11, 12)
	checkWhole(t, s, 1, 12)
}

func TestAFullDiskRefusesAndLaterGoesOn(t *testing.T) {
	o, disk := onCrashFS(t)
	o.Reserve = 1 << 20
	s := open(t, o)
	mustSave(t, s, 1, 1, 5)
	disk.SetQuota(1 << 20) // less than is in use and the reserve
	_, err := save(s, 1, 6)
	wantError(t, err, store.ErrFull)
	if !strings.Contains(err.Error(), "hint: ") || !s.Status().Full {
		t.Errorf("message %q, status %+v", err, s.Status())
	}
	wantError(t, s.Access(context.Background(), journal.Draft{Envelope: journal.Envelope{Kind: 1000, Version: 1}}), store.ErrFull)
	if n, err := missing(s, 1, 5); n != 0 || err != nil {
		t.Errorf("reading on a full disk: %d missing, %v", n, err)
	}
	disk.SetQuota(1 << 30)
	mustSave(t, s, 1, 6, 8)
	checkWhole(t, s, 1, 8)
}

// TestADiskThatIsFullerThanTheReserveSays meets the journal's own refusal.
func TestADiskThatFillsBehindTheReserveRefusesTheGroupOnly(t *testing.T) {
	o, disk := onCrashFS(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 3)
	disk.FailAt(1, syscall.ENOSPC, crashfs.OpAllocate)
	n := uint64(4)
	var refused error
	for ; refused == nil && n < 3000; n++ {
		_, refused = save(s, 1, n)
	}
	wantError(t, refused, store.ErrFull)
	mustSave(t, s, 1, n-1, n+3)
	checkWhole(t, s, 1, n+3)
}

// TestASmallDiskFullToTheBrim runs a station on a real file system that
// something else fills up: it refuses, survives, starts again by giving up its
// ballast, and goes on when there is room. Badger alone would be killed.
func TestASmallDiskFullToTheBrim(t *testing.T) {
	disk := smallDisk(t)
	o := store.Options{
		Dir: filepath.Join(disk, "station"), KeyFile: filepath.Join(t.TempDir(), "k"), Now: fixedNow,
		Reserve: 80 << 20, Ballast: 64 << 20,
	}
	initStation(t, o)
	s := open(t, o)
	mustSave(t, s, 1, 1, 20)
	photos := filepath.Join(disk, "photos")
	fill(t, photos)
	_, err := save(s, 1, 21)
	wantError(t, err, store.ErrFull)
	wantError(t, s.Close(), store.ErrFull) // no checkpoint; the ballast made room to close the view
	s = open(t, o)
	if !s.Status().View.Trusted {
		t.Errorf("view %+v", s.Status().View)
	}
	if n, err := missing(s, 1, 20); n != 0 || err != nil {
		t.Errorf("%d missing, %v", n, err)
	}
	_, err = save(s, 1, 21)
	wantError(t, err, store.ErrFull)

	fill(t, filepath.Join(disk, "videos")) // what the ballast has given
	wantError(t, s.Close(), store.ErrFull) // the view is left as it is
	_, err = store.Open(context.Background(), o)
	wantError(t, err, store.ErrFull)

	if err := errors.Join(os.Remove(photos), os.Remove(filepath.Join(disk, "videos"))); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	mustSave(t, s, 1, 21, 30)
	if n, err := missing(s, 1, 30); n != 0 || err != nil {
		t.Errorf("%d missing, %v", n, err)
	}
	closeStore(t, s)
	if size, err := os.Stat(filepath.Join(o.Dir, "ballast")); err != nil || size.Size() != o.Ballast {
		t.Errorf("the ballast is not loaded again: %v", err)
	}
}

// smallDisk mounts a file system of 200 MiB, where the test may.
func smallDisk(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("needs root on Linux to mount a small file system")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a small file system: %s", out)
	}
	t.Cleanup(func() {
		// Lazily: the view that was left open as it is still holds it.
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Logf("umount: %s", out)
		}
	})
	return dir
}

func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 4096; size /= 2 {
		for {
			if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBothCheckpointsBadIsARefoldFromTheBeginning(t *testing.T) {
	root, want := template(t)
	o := inRoot(root)
	files, err := filepath.Glob(filepath.Join(o.Dir, "checkpoints", "*.txc"))
	if err != nil || len(files) != 2 {
		t.Fatalf("checkpoints %v, %v", files, err)
	}
	for _, f := range files {
		if err := os.Truncate(f, 200); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(o.Dir, "view")); err != nil {
		t.Fatal(err)
	}
	var stages []string
	o.Progress = func(p store.Progress) {
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
		}
	}
	s := open(t, o)
	if st := s.Status().View; st.Checkpoint != 0 || st.Replayed == 0 {
		t.Errorf("view %+v", st)
	}
	if got := strings.Join(stages, " "); got != "journal replay ready" {
		t.Errorf("stages %q", got)
	}
	if hashOf(t, s) != want {
		t.Error("the register is not what it was")
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Dir, "checkpoints", "*.bad")); len(left) != 0 {
		t.Errorf("damaged checkpoints are kept for ever: %v", left)
	}
}

func TestAnOlderCopyOfTheViewIsNotBelieved(t *testing.T) {
	root, want := template(t)
	o := inRoot(root)
	view, older := filepath.Join(o.Dir, "view"), filepath.Join(root, "older")
	if err := os.CopyFS(older, os.DirFS(view)); err != nil {
		t.Fatal(err)
	}
	s := open(t, o)
	mustSave(t, s, 1, flipCommands+1, flipCommands+9)
	newer := hashOf(t, s)
	closeStore(t, s)
	if err := os.RemoveAll(view); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(older, view); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	if st := s.Status().View; st.Trusted || st.SetAside == "" {
		t.Errorf("view %+v", st)
	}
	if got := hashOf(t, s); got != newer || got == want {
		t.Error("the register is not what it was")
	}
	if aside, _ := filepath.Glob(filepath.Join(o.Dir, "view.bad-*")); len(aside) != 1 {
		t.Errorf("set aside: %v", aside)
	}
}

func TestCheckpointsAreMadeByThemselvesAndTwoAreKept(t *testing.T) {
	root := quickDir(t)
	o := inRoot(root)
	o.CheckpointEvery = 10
	initStation(t, o)
	s := open(t, o)
	made := map[journal.Seq]bool{} // as seen: how far the writer runs ahead of them is nobody's promise
	for n := uint64(1); len(made) < 3; n++ {
		mustSave(t, s, 1, n, n)
		if at := s.Status().Checkpoint; at > 0 {
			made[at] = true
		}
		if n > 20_000 {
			t.Fatalf("checkpoints are made at %v only", made)
		}
	}
	closeStore(t, s)
	files, err := filepath.Glob(filepath.Join(o.Dir, "checkpoints", "*"))
	if err != nil || len(files) != 2 {
		t.Errorf("checkpoints %v, %v", files, err)
	}
}

func TestReadersSeeOneMomentWhileOthersWrite(t *testing.T) {
	s := open(t, onDisk(t))
	mustSave(t, s, 1, 1, 5)
	reading, written, read := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		read <- s.View(context.Background(), func(v *register.View) error {
			before := v.Applied()
			close(reading)
			<-written
			if _, ok := v.Repeat(1, 59); ok || v.Applied() != before {
				return errors.New("a reader sees what was committed after it began")
			}
			if _, ok := v.Repeat(1, 3); !ok {
				return errors.New("a reader does not see what was committed before")
			}
			return nil
		})
	}()
	<-reading
	mustSave(t, s, 1, 6, 59)
	close(written)
	if err := <-read; err != nil {
		t.Error(err)
	}
	checkWhole(t, s, 1, 59)
}
