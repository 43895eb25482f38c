package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
)

func TestWhatIsSavedIsThereAfterACleanStop(t *testing.T) {
	o := onDisk(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 40)
	checkWhole(t, s, 1, 40)
	head, hash := s.Head()
	closeStore(t, s)

	s = open(t, o)
	if h, x := s.Head(); h != head || x != hash {
		t.Errorf("head %d before, %d after", head, h)
	}
	if st := s.Status(); !st.View.Trusted || st.View.Replayed != 0 || st.Applied != head {
		t.Errorf("after a clean stop: %+v", st.View)
	}
	mustSave(t, s, 1, 41, 60)
	checkWhole(t, s, 1, 60)
}

func TestARefusedCommandLeavesNoTrace(t *testing.T) {
	s := open(t, onDisk(t))
	mustSave(t, s, 1, 1, 5)
	before, _ := s.Head()
	refused := errors.New("refused by a rule")
	_, err := s.Update(context.Background(), func(tx *store.Tx) error {
		if err := content(tx, 1, 6); err != nil {
			return err
		}
		if _, ok := tx.Repeat(1, 6); !ok {
			t.Error("a command does not see its own entry")
		}
		return refused
	})
	wantError(t, err, refused)
	got, err := s.Update(context.Background(), func(*store.Tx) error { return nil })
	if err != nil || got != (store.Committed{}) {
		t.Errorf("a command that adds nothing: %+v, %v", got, err)
	}
	if head, _ := s.Head(); head != before {
		t.Errorf("head moved from %d to %d", before, head)
	}
	if n, err := missing(s, 1, 6); n != 6 || err != nil {
		t.Errorf("first command missing is %d, %v; want 6", n, err)
	}
	checkWhole(t, s, 1, 5)
}

func TestAPanicInACommandIsItsCallers(t *testing.T) {
	s := open(t, onDisk(t))
	func() {
		defer func() {
			if p := recover(); p != "a bug" {
				t.Errorf("recovered %v", p)
			}
		}()
		_, _ = s.Update(context.Background(), func(tx *store.Tx) error {
			if err := content(tx, 1, 1); err != nil {
				return err
			}
			panic("a bug")
		})
	}()
	mustSave(t, s, 1, 1, 3)
	checkWhole(t, s, 1, 3)
}

func TestWhatTheRegisterWouldQuarantineIsNotWritten(t *testing.T) {
	s := open(t, onDisk(t))
	_, err := s.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Add(journal.Draft{Envelope: journal.Envelope{Kind: uint16(population.KindDeath), Version: 1}, Body: []byte{0xff}})
		return err
	})
	wantError(t, err, store.ErrNotFolded)
	if head, _ := s.Head(); head != 0 {
		t.Errorf("head %d", head)
	}
}

func TestACommandTooLargeForAGroupIsRefusedAlone(t *testing.T) {
	s := open(t, onDisk(t))
	_, err := s.Update(context.Background(), func(tx *store.Tx) error {
		for n := uint64(1); n <= journal.MaxGroup+1; n++ {
			if err := content(tx, 1, n); err != nil {
				return err
			}
		}
		return nil
	})
	wantError(t, err, store.ErrTooLarge)
	mustSave(t, s, 1, 1, 2)
	checkWhole(t, s, 1, 2)
}

// TestEightClerksShareASync queues commands while the writer is held up: they
// must come out as groups, whatever their size, in one sync a group.
func TestEightClerksShareASync(t *testing.T) {
	s := open(t, onDisk(t))
	mustSave(t, s, 9, 1, 1)
	before := s.Status()
	ctx := bounded(t)
	release := holdWriter(t, ctx, s)
	var wg sync.WaitGroup
	const clerks, each = 8, 7
	for dev := uint32(1); dev <= clerks; dev++ {
		for n := uint64(1); n <= each; n++ {
			wg.Go(func() {
				if _, err := save(s, dev, n); err != nil {
					t.Errorf("save %d:%d: %v", dev, n, err)
				}
			})
		}
	}
	waitQueued(t, ctx, s, clerks*each, nil)
	release()
	wg.Wait()
	after := s.Status()
	if groups := after.Groups - before.Groups; groups > 2 {
		t.Errorf("%d commands took %d groups", clerks*each, groups)
	}
	for dev := uint32(1); dev <= clerks; dev++ {
		if n, err := missing(s, dev, each); n != 0 || err != nil {
			t.Errorf("device %d: command %d missing, %v", dev, n, err)
		}
	}
	checkWhole(t, s, 9, 1)
}

func TestGroupsSplitWhereTheyAreFull(t *testing.T) {
	s := open(t, onDisk(t))
	mustSave(t, s, 9, 1, 1)
	const commands, records = 12, 10
	var wg sync.WaitGroup
	for dev := uint32(1); dev <= commands; dev++ {
		wg.Go(func() {
			_, err := s.Update(context.Background(), func(tx *store.Tx) error {
				for n := uint64(1); n <= records; n++ {
					if err := content(tx, dev, n); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("device %d: %v", dev, err)
			}
		})
	}
	wg.Wait()
	for dev := uint32(1); dev <= commands; dev++ {
		if n, err := missing(s, dev, records); n != 0 || err != nil {
			t.Errorf("device %d: command %d missing, %v", dev, n, err)
		}
	}
	checkWhole(t, s, 9, 1)
}

func TestWhoGivesUpInTheQueueIsNotRecorded(t *testing.T) {
	s := open(t, onDisk(t))
	hold, held := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = s.Update(context.Background(), func(*store.Tx) error { close(held); <-hold; return nil })
	})
	<-held
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 { // the queue takes it or not, by chance
		_, err := s.Update(ctx, func(*store.Tx) error { t.Error("called"); return nil })
		wantError(t, err, context.Canceled)
	}
	close(hold)
	wg.Wait()
	mustSave(t, s, 1, 1, 1)
}

func TestASecondProcessIsToldWhoHasTheDirectory(t *testing.T) {
	o := onDisk(t)
	s := open(t, o)
	_, err := store.Open(context.Background(), o)
	wantError(t, err, store.ErrLocked)
	if !strings.Contains(err.Error(), "process ") || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("message %q does not tell who and what to do", err)
	}
	mustSave(t, s, 1, 1, 3)
	closeStore(t, s)
	checkWhole(t, open(t, o), 1, 3)
}

func TestAfterCloseNothingHangs(t *testing.T) {
	s := open(t, onDisk(t))
	closeStore(t, s)
	_, err := save(s, 1, 1)
	wantError(t, err, store.ErrClosed)
	wantError(t, s.View(context.Background(), func(*register.View) error { return nil }), store.ErrClosed)
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestAccessLogIsALaneOfItsOwn(t *testing.T) {
	o := onDisk(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 2)
	d := journal.Draft{Envelope: journal.Envelope{Kind: 1000, Version: 1, Actor: 3}, Body: []byte("x")}
	for range 3 {
		if err := s.Access(context.Background(), d); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	s = open(t, o)
	if head, _ := s.Journal(journal.LaneAccess).Head(); head != 3 {
		t.Errorf("access log ends at %d", head)
	}
	checkWhole(t, s, 1, 2)
}

func TestTheCursorIsKeptAndChecked(t *testing.T) {
	o := onDisk(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 10)
	hash, err := s.Journal(journal.LaneRegister).HashAt(5)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetAcked(store.Cursor{Seq: 5, Hash: hash, At: epochStart}); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.SetAcked(store.Cursor{Seq: 6, Hash: hash}), store.ErrCursor)
	wantError(t, s.SetAcked(store.Cursor{Seq: 1 << 20, Hash: hash}), store.ErrCursor)
	wantError(t, s.SetAcked(store.Cursor{}), store.ErrCursor) // not the base of this epoch
	if base, err := s.Journal(journal.LaneRegister).HashAt(0); err != nil || s.SetAcked(store.Cursor{Hash: base}) != nil {
		t.Errorf("a hub that has lost everything: %v", err)
	}
	if err := s.SetAcked(store.Cursor{Seq: 5, Hash: hash, At: epochStart}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if c := open(t, o).Acked(); c.Seq != 5 || c.Hash != hash || !c.At.Equal(epochStart) {
		t.Errorf("cursor %+v", c)
	}
}

func TestInitCanBeInterruptedAndRefusesAStation(t *testing.T) {
	root := t.TempDir()
	in := store.InitOptions{Dir: filepath.Join(root, "d"), KeyFile: filepath.Join(root, "k"), Station: 3, Mint: 4, Unit: "23764", Now: epochStart}
	if _, err := store.Init(in); err != nil {
		t.Fatal(err)
	}
	_, err := store.Init(in)
	wantError(t, err, os.ErrExist)
	// as if the power had gone before the last step
	if err := os.Remove(filepath.Join(in.Dir, "journal", "e1", "lane0", "genesis.txg")); err != nil {
		t.Fatal(err)
	}
	o := store.Options{Dir: in.Dir, KeyFile: in.KeyFile, Reserve: 1, Ballast: -1}
	_, err = store.Open(context.Background(), o)
	wantError(t, err, store.ErrNoStation)
	if _, err := store.Init(in); err != nil {
		t.Fatal(err)
	}
	mustSave(t, open(t, o), 1, 1, 1)

	in.KeyFile = filepath.Join(in.Dir, "k")
	in.Station = 5
	if _, err := store.Init(in); err == nil || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("key file inside the directory: %v", err)
	}
}

func TestWithoutItsKeysAStationDoesNotOpen(t *testing.T) {
	o, other := onDisk(t), onDisk(t)
	mustSave(t, open(t, o), 1, 1, 1)
	o2 := o
	o2.Dir, o2.KeyFile = other.Dir, o.KeyFile
	_, err := store.Open(context.Background(), o2)
	wantError(t, err, journal.ErrWrongKey)
	o2.KeyFile += ".gone"
	_, err = store.Open(context.Background(), o2)
	wantError(t, err, store.ErrNoKeys)
}

func TestA32BitBuildRefuses(t *testing.T) {
	if strconv.IntSize != 32 {
		t.Skip("this is a 64-bit build; run with GOARCH=386")
	}
	_, err := store.Open(context.Background(), store.Options{Dir: t.TempDir(), KeyFile: "k"})
	wantError(t, err, store.Err32Bit)
}
