package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

// life is a station's journal over many power cuts, kills and failing disks.
type life struct {
	rng      *rand.Rand
	disk     *crashfs.FS
	o        journal.Options
	answered journal.Seq // durable by promise
	asked    journal.Seq // of the group under way when it ended; 0 none
	cuts     int
}

// TestPowerCutKeepsEveryAnsweredGroup cuts the power, kills the process or fails
// a call at a random place, again and again on the same disk, starts included.
func TestPowerCutKeepsEveryAnsweredGroup(t *testing.T) {
	want := 400
	if long() {
		want = 12_000
	} else {
		t.Logf("%d cuts; TRAMXA_LONG=1 makes 12,000", want)
	}
	cuts, records := 0, journal.Seq(0)
	for seed := uint64(1); cuts < want; seed++ {
		l := &life{rng: rand.New(rand.NewPCG(seed, 42)), disk: crashfs.New(crashfs.Options{Seed: seed})}
		l.o = small(options(l.disk, dir))
		create(t, l.o)
		for range 12 {
			if err := l.live(); err != nil {
				t.Fatalf("seed %d, after %d cuts, at record %d: %v", seed, l.cuts, l.answered, err)
			}
		}
		cuts += l.cuts
		records += l.answered
		if r, err := journal.Verify(context.Background(), l.o, nil); err != nil || r.Head < l.answered {
			t.Fatalf("seed %d: verify: %+v, %v", seed, r, err)
		}
	}
	t.Logf("%d cuts, %d records answered", cuts, records)
}

// live opens, appends until something ends it, and decides how it ends.
func (l *life) live() error {
	switch l.rng.IntN(8) {
	case 0: // ends by itself
	case 1:
		l.disk.FailAt(1+l.rng.IntN(12), syscall.EIO, crashfs.OpSync)
	case 2:
		l.disk.FailAt(1+l.rng.IntN(30), syscall.EIO)
	default:
		l.disk.CutAt(1 + l.rng.IntN(40))
	}
	if err := l.run(); err != nil {
		return err
	}
	l.disk.FailAt(0, nil)
	if _, err := l.disk.ReadDir(dir); err != nil || l.rng.IntN(3) > 0 {
		l.disk.Crash(l.rng)
		l.cuts++
	}
	return nil
}

func (l *life) run() error {
	j, r, err := journal.Open(context.Background(), l.o)
	if err != nil {
		return faulty(err)
	}
	if r.Head != l.answered && (l.asked == 0 || r.Head != l.answered+l.asked) {
		return fmt.Errorf("head is %d, answered %d, asked %d more", r.Head, l.answered, l.asked)
	}
	l.answered, l.asked = r.Head, 0
	if err := check(j, l.o, 1); err != nil {
		return faulty(err)
	}
	for range 1 + l.rng.IntN(15) {
		n := 1 + l.rng.IntN(4)
		_, err := j.Append(drafts(l.answered, n))
		if err != nil {
			l.asked = journal.Seq(n)
			if !errors.Is(err, journal.ErrStopped) {
				return err
			}
			_ = j.Close() // must not write after a stop; whether it can is of no interest
			return faulty(err)
		}
		l.answered += journal.Seq(n)
	}
	if l.rng.IntN(2) == 0 {
		return faulty(j.Close())
	}
	return nil
}

// faulty lets pass what the test itself caused.
func faulty(err error) error {
	if errors.Is(err, crashfs.ErrPower) || errors.Is(err, syscall.EIO) {
		return nil
	}
	return err
}

func TestSyncErrorStopsForGood(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	o := options(disk, dir)
	create(t, o)
	j, _ := open(t, o)
	fill(t, j, 10)
	head, hash := j.Head()
	for _, op := range []crashfs.Op{crashfs.OpSync, crashfs.OpWrite} {
		disk.FailAt(1, syscall.EIO, op)
		if _, err := j.Append(drafts(head, 1)); !errors.Is(err, journal.ErrStopped) {
			t.Fatalf("first: %v", err)
		}
		disk.FailAt(0, nil)
		calls := disk.Calls()
		if _, err := j.Append(drafts(head, 1)); !errors.Is(err, journal.ErrStopped) {
			t.Fatalf("again: %v", err)
		}
		if err := j.Close(); err != nil || disk.Calls() != calls {
			t.Fatalf("a stopped journal touched the disk: %v", err)
		}
		if h, s := j.Head(); h != head || s != hash {
			t.Fatal("a group that failed moved the head")
		}
		j, _ = open(t, o) // the next start goes on
		head, _ = j.Head()
		fill(t, j, head+2)
		head, hash = j.Head()
	}
	if err := check(j, o, 1); err != nil {
		t.Fatal(err)
	}
}

// After a failed sync the kernel shows pages that the disk never got, and the
// next sync says all is well. What Open counts as there must be made durable anew.
func TestGroupSeenAfterAFailedSyncIsMadeDurable(t *testing.T) {
	for seed := range uint64(60) {
		disk := crashfs.New(crashfs.Options{Seed: seed})
		o := small(options(disk, dir))
		create(t, o)
		j, _ := open(t, o)
		fill(t, j, 10)
		head, _ := j.Head()
		disk.FailAt(1, syscall.EIO, crashfs.OpSync)
		if _, err := j.Append(drafts(head, 3)); !errors.Is(err, journal.ErrStopped) {
			t.Fatal(err)
		}
		j, r := open(t, o) // the process starts again, the machine does not
		if r.Head != head+3 {
			t.Fatalf("the cache holds the group, but the head is %d", r.Head)
		}
		fill(t, j, r.Head+2)
		disk.Crash(rand.New(rand.NewPCG(seed, 1)))
		j, r = open(t, o)
		if r.Head < head+5 || r.Damage != nil {
			t.Fatalf("seed %d: %+v", seed, r)
		}
		if err := check(j, o, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullDiskRefusesAndGoesOnWhenThereIsRoom(t *testing.T) {
	disk := crashfs.New(crashfs.Options{Quota: 9000})
	o := small(options(disk, dir))
	create(t, o)
	j, _ := open(t, o)
	refused := 0
	for head := journal.Seq(0); head < 150; {
		_, err := j.Append(drafts(head, 2))
		switch {
		case err == nil:
			head += 2
			continue
		case !errors.Is(err, journal.ErrNoSpace):
			t.Fatal(err)
		}
		if h, _ := j.Head(); h != head || j.Err() != nil {
			t.Fatalf("refused at %d, head %d, %v", head, h, j.Err())
		}
		if err := check(j, o, 1); err != nil {
			t.Fatalf("reading while full: %v", err)
		}
		if refused++; refused%2 == 1 { // a start on a full disk works too
			closeJournal(t, j)
			j, _ = open(t, o)
			continue
		}
		disk.SetQuota(int64(9000 + refused*4000))
	}
	if refused < 4 {
		t.Fatalf("refused %d times only", refused)
	}
	closeJournal(t, j)
	if _, err := journal.Verify(context.Background(), o, nil); err != nil {
		t.Fatal(err)
	}
}

func TestSealHasRoomOnAFullDisk(t *testing.T) {
	for records := journal.Seq(1); records < 40; records++ {
		disk := crashfs.New(crashfs.Options{})
		o := small(options(disk, dir))
		create(t, o)
		j, _ := open(t, o)
		fill(t, j, records)
		disk.SetQuota(1)
		closeJournal(t, j)
		if r, err := journal.Verify(context.Background(), o, nil); err != nil || r.Sealed != r.Segments {
			t.Fatalf("%d records: %+v, %v", records, r, err)
		}
	}
}

func TestStartFreesWhatWasPreallocated(t *testing.T) {
	disk, o := build(t, 30, false)
	o = on(o, disk)
	files := segments(disk)
	last := files[len(files)-1]
	seg, err := journal.ReadFile(disk, last, 1<<23)
	must(t, err)
	offs := journal.FrameOffsets(seg)
	open(t, o)
	if size, err := disk.Stat(last); err != nil || size != offs[len(offs)-1] || size == int64(len(seg)) {
		t.Fatalf("%d bytes of %d, frames end at %d: %v", size, len(seg), offs[len(offs)-1], err)
	}
}

// Some file systems find out that they are full only while writing.
func TestFullDiskMetInTheWrite(t *testing.T) {
	went, ended := 0, 0
	for seed := range uint64(200) {
		disk := crashfs.New(crashfs.Options{Seed: seed})
		o := small(options(disk, dir))
		create(t, o)
		j, _ := open(t, o)
		disk.FailAt(2, syscall.ENOSPC, crashfs.OpWrite) // the first is the header's
		_, err := j.Append(drafts(0, 1))
		switch {
		case errors.Is(err, journal.ErrNoSpace): // nothing reached the file
			went++
			if seed%2 == 0 {
				fill(t, j, 3)
			}
			closeJournal(t, j)
		case errors.Is(err, journal.ErrStopped):
			ended++
		default:
			t.Fatal(err)
		}
		j, r := open(t, o)
		fill(t, j, r.Head+3)
		if err := check(j, o, 1); err != nil {
			t.Fatal(err)
		}
	}
	if went == 0 || ended == 0 {
		t.Fatalf("%d refused, %d stopped", went, ended)
	}
}

func TestTornTailIsKeptAsideAndAFullDiskDoesNotPreventAStart(t *testing.T) {
	for _, full := range []bool{false, true} {
		disk, o := build(t, 30, false)
		o = on(o, disk)
		r, err := journal.Verify(context.Background(), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		name := journal.SegmentName(uint32(r.Segments))
		tearTail(t, disk, dir+"/"+name)
		if r, err := journal.Verify(context.Background(), o, nil); err != nil || !r.Torn {
			t.Fatalf("verify before the start: %+v, %v", r, err)
		}
		if full {
			disk.SetQuota(1)
		}
		j, rec := open(t, o)
		if rec.Head != r.Head || rec.Torn == 0 || (rec.TornFile == "") != full {
			t.Fatalf("full %v: %+v", full, rec)
		}
		disk.SetQuota(0)
		fill(t, j, rec.Head+10)
		closeJournal(t, j)
		j, rec = open(t, o)
		if err := check(j, o, 1); err != nil || rec.Torn != 0 {
			t.Fatalf("full %v: %v", full, err)
		}
	}
}

// tearTail writes the beginning of a frame behind the last one.
func tearTail(t testing.TB, disk *crashfs.FS, name string) {
	t.Helper()
	seg, err := journal.ReadFile(disk, name, 1<<23)
	if err != nil {
		t.Fatal(err)
	}
	offs := journal.FrameOffsets(seg)
	f, err := disk.OpenFile(name, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("TXF1 and no more")[:12], offs[len(offs)-1]); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}
