package spoke

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/appliance/journal"
)

// TestRestoredCopyStartsNewEpoch: a station whose disk was put back to an older
// state is noticed at hello; nothing is sent and nothing overwritten. The hub
// grants no new epoch yet: the station rejoins its own (store.Rejoin), and when
// that is built, this test has to see the new epoch begin.
func TestRestoredCopyStartsNewEpoch(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		dir, old := filepath.Join(t.TempDir(), "j"), filepath.Join(t.TempDir(), "old")
		out := newOutbox(t, dir)
		out.write(t, 20, "before the backup")
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		copyDir(t, dir, old)
		out = openOutbox(t, dir)
		out.write(t, 10, "after the backup")
		_, stop := start(t, w.options(t, out, 1, 1))
		until(t, time.Minute, "30 records", func() bool { return out.Acked() == 30 })
		stop()
		taken := w.intake.Effects(7, journal.LaneRegister)

		restored := openOutbox(t, old)
		defer restored.Close()
		s, stop := start(t, w.options(t, restored, 1, 2))
		defer stop()
		until(t, time.Minute, "the rewind noticed", func() bool { return errors.Is(s.Status().LastError, ErrRewound) })
		if st := s.Status(); st.Stage != StageStopped || st.Connected || restored.Acked() != 0 {
			t.Fatalf("status %+v", st)
		}
		// What is typed now has sequences the hub holds with other content.
		restored.write(t, 15, "typed after the restore")
		s.Now()
		until(t, time.Minute, "the fork noticed", func() bool { return errors.Is(s.Status().LastError, ErrForked) })
		time.Sleep(3 * time.Hour)
		if after := w.intake.Effects(7, journal.LaneRegister); fmt.Sprint(after) != fmt.Sprint(taken) {
			t.Fatal("a restored copy changed what the hub holds")
		}
		if head, _ := restored.Head(); head != 35 || restored.Acked() != 0 {
			t.Fatalf("the restored copy was changed: head %d, cursor %d", head, restored.Acked())
		}
	})
}

// TestClonedDiskIsFenced: of two copies of one disk the first at the hub wins.
func TestClonedDiskIsFenced(t *testing.T) {
	node := newNode(t)
	setup := func(t *testing.T) (w *world, a, b *outbox) {
		w = newWorld(t, node)
		dir, clone := filepath.Join(t.TempDir(), "j"), filepath.Join(t.TempDir(), "clone")
		a = newOutbox(t, dir)
		a.write(t, 10, "common")
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		copyDir(t, dir, clone)
		return w, openOutbox(t, dir), openOutbox(t, clone)
	}
	t.Run("another installation", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, a, b := setup(t)
			defer w.stop()
			defer a.Close()
			defer b.Close()
			_, stop := start(t, w.options(t, a, 1, 1))
			defer stop()
			until(t, time.Minute, "the first", func() bool { return a.Acked() == 10 })
			s, stopB := start(t, w.options(t, b, 2, 2))
			defer stopB()
			until(t, time.Minute, "the second fenced", func() bool { return errors.Is(s.Status().LastError, ErrFenced) })
			a.write(t, 5, "first goes on")
			b.write(t, 5, "second wants to")
			until(t, time.Minute, "the first goes on", func() bool { return a.Acked() == 15 })
			time.Sleep(3 * time.Hour)
			sameRecords(t, w.intake, a)
		})
	})
	t.Run("same installation, both alive", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, a, b := setup(t)
			defer w.stop()
			defer a.Close()
			defer b.Close()
			s1, stop := start(t, w.options(t, a, 1, 1))
			until(t, time.Minute, "the first", func() bool { return a.Acked() == 10 })
			s2, stopB := start(t, w.options(t, b, 1, 2))
			defer stopB()
			until(t, time.Minute, "the second fenced", func() bool { return errors.Is(s2.Status().LastError, ErrFenced) })
			if st := s1.Status(); !st.Connected || st.LastError != nil {
				t.Fatalf("the first suffers: %+v", st)
			}
			// The first writes on and goes away; the second wrote too: a fork.
			a.write(t, 3, "first")
			b.write(t, 3, "second")
			until(t, time.Minute, "the first goes on", func() bool { return a.Acked() == 13 })
			stop()
			s2.Now()
			until(t, time.Minute, "the fork", func() bool { return errors.Is(s2.Status().LastError, ErrForked) })
			sameRecords(t, w.intake, a)
		})
	})
	t.Run("a process started again is no clone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, a, b := setup(t)
			defer w.stop()
			defer b.Close()
			_, stop := start(t, w.options(t, a, 1, 1))
			until(t, time.Minute, "the first", func() bool { return a.Acked() == 10 })
			stop()
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			b.write(t, 5, "after the restart")
			s, stopB := start(t, w.options(t, b, 1, 2))
			defer stopB()
			until(t, time.Minute, "the restarted", func() bool { return b.Acked() == 15 && s.Status().LastError == nil })
		})
	})
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
