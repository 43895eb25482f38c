package journal_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

func TestAppendedRecordsAreReadBackAfterReopening(t *testing.T) {
	o := small(options(nil, filepath.Join(t.TempDir(), "j")))
	create(t, o)
	for head := journal.Seq(40); head <= 160; head += 40 {
		j, _ := open(t, o)
		fill(t, j, head)
		for from := journal.Seq(1); from <= head+1; from += 7 {
			if err := check(j, o, from); err != nil {
				t.Fatalf("from %d: %v", from, err)
			}
		}
		closeJournal(t, j)
	}
	var steps []int64
	r, err := journal.Verify(context.Background(), o, func(done, total int64) { steps = append(steps, done, total) })
	if n := len(steps); n != 2*r.Segments || steps[n-2] != steps[n-1] || steps[n-1] != r.Bytes {
		t.Errorf("progress %v of %d bytes", steps, r.Bytes)
	}
	if err != nil || r.Head < 160 || r.Records != uint64(r.Head) || r.Sealed != r.Segments || r.Segments < 8 {
		t.Fatalf("verify: %+v, %v", r, err)
	}
}

func TestHashAtEverySequence(t *testing.T) {
	o := small(options(crashfs.New(crashfs.Options{}), dir))
	create(t, o)
	j, _ := open(t, o)
	fill(t, j, 60)
	closeJournal(t, j)
	j, _ = open(t, o)
	fill(t, j, 100)
	head, _ := j.Head()
	chain := journal.Chain{Secret: o.Secret, Hash: journal.Base(o.Genesis, 0)}
	for seq := journal.Seq(0); seq <= head; seq++ {
		if got, err := j.HashAt(seq); err != nil || got != chain.Hash {
			t.Fatalf("hash at %d: %x, %v, want %x", seq, got, err, chain.Hash)
		}
		d := draft(seq + 1)
		chain.Add(d.Envelope.Append(nil), d.Body)
	}
	if _, err := j.HashAt(head + 1); !errors.Is(err, journal.ErrNotFound) {
		t.Fatalf("beyond the head: %v", err)
	}
}

// Marks are set every 64 KiB, so this needs larger bodies than the other tests.
func TestReadBeginsAnywhereInALargeSegment(t *testing.T) {
	o := options(crashfs.New(crashfs.Options{}), dir)
	create(t, o)
	j, _ := open(t, o)
	for i := range 40 {
		if _, err := j.Append([]journal.Draft{{Envelope: journal.Envelope{Kind: 1, DeviceSeq: uint64(i)}, Body: make([]byte, 30_000)}}); err != nil {
			t.Fatal(err)
		}
	}
	hashes := map[journal.Seq]journal.Hash{}
	for seq := range journal.Seq(41) {
		h, err := j.HashAt(seq)
		if err != nil {
			t.Fatal(err)
		}
		hashes[seq] = h
	}
	closeJournal(t, j)
	j, _ = open(t, o)
	for seq := journal.Seq(40); seq > 0; seq-- {
		if h, err := j.HashAt(seq); err != nil || h != hashes[seq] {
			t.Fatalf("hash at %d after reopening: %v", seq, err)
		}
		first := journal.Seq(0)
		err := j.Read(context.Background(), seq, func(r journal.Record) error { first = r.Seq; return fs.SkipAll })
		if !errors.Is(err, fs.SkipAll) || first != seq {
			t.Fatalf("read from %d began at %d: %v", seq, first, err)
		}
	}
}

func TestReadersRunBesideTheWriter(t *testing.T) {
	o := small(options(nil, filepath.Join(t.TempDir(), "j")))
	create(t, o)
	j, _ := open(t, o)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for seen := journal.Seq(0); seen < 200; {
				if err := j.Wait(context.Background(), seen); err != nil {
					t.Error(err)
					return
				}
				from := seen + 1
				if err := check2(j, from, &seen); err != nil {
					t.Errorf("from %d: %v", from, err)
					return
				}
				if _, err := j.HashAt(seen / 2); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	fill(t, j, 200)
	wg.Wait()
	closeJournal(t, j)
}

// check2 reads from a growing journal: only what is read is compared.
func check2(j *journal.Journal, from journal.Seq, seen *journal.Seq) error {
	return j.Read(context.Background(), from, func(r journal.Record) error {
		if r.Seq != *seen+1 || !bytes.Equal(r.Body, draft(r.Seq).Body) {
			return errors.New("not the record appended")
		}
		*seen = r.Seq
		return nil
	})
}

func TestWaitReturnsWhenTheHeadMovesOrTheJournalEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(crashfs.New(crashfs.Options{}), dir)
		create(t, o)
		j, _ := open(t, o)
		got := make(chan error, 2)
		go func() {
			got <- j.Wait(t.Context(), 1)
			got <- j.Wait(t.Context(), 99)
		}()
		fill(t, j, 1)
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("Wait(1) returned at head 1")
		}
		fill(t, j, 3)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		closeJournal(t, j)
		if err := <-got; !errors.Is(err, journal.ErrStopped) {
			t.Fatalf("after Close: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		k, _ := open(t, o)
		if err := k.Wait(ctx, 99); !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled: %v", err)
		}
	})
}

func TestEachStartWritesANewSegmentAndNoNonceRepeats(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	o := small(options(disk, dir))
	create(t, o)
	segments := 0
	for start := range 20 {
		j, r := open(t, o)
		if r.Segments != segments {
			t.Fatalf("start %d found %d segments, want %d", start, r.Segments, segments)
		}
		fill(t, j, r.Head+3)
		if segments++; start%2 == 0 {
			closeJournal(t, j) // otherwise the process just ends
		}
	}
	salts, used := map[[32]byte]bool{}, 0
	for _, name := range disk.Files() {
		seg, err := journal.ReadFile(disk, name, 1<<23)
		if err != nil {
			t.Fatal(err)
		}
		h, err := journal.ParseSegmentHeader(seg)
		if err != nil {
			continue // the genesis
		}
		if salts[h.Salt] {
			t.Fatalf("%s has the salt, so the key, of another segment", name)
		}
		salts[h.Salt] = true
		nonces := map[string]bool{}
		for _, n := range journal.FrameNonces(seg) {
			if nonces[string(n)] {
				t.Fatalf("%s uses a nonce twice", name)
			}
			nonces[string(n)] = true
			used++
		}
	}
	if len(salts) != 20 || used < 40 {
		t.Fatalf("looked at %d segments and %d frames only", len(salts), used)
	}
}

func TestStartWithoutARecordLeavesNoFile(t *testing.T) {
	disk, o := build(t, 20, true)
	o = on(o, disk)
	before := len(disk.Files())
	for range 3 {
		j, _ := open(t, o)
		closeJournal(t, j)
	}
	if after := len(disk.Files()); after != before {
		t.Fatalf("%d files, before %d", after, before)
	}
}

func TestCreateRefusesAnExistingJournalAndAnUnsignedGenesis(t *testing.T) {
	o := options(nil, t.TempDir())
	create(t, o)
	if err := journal.Create(o); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("created twice: %v", err)
	}
	o.Dir = t.TempDir()
	o.Genesis.Created++
	if err := journal.Create(o); !errors.Is(err, journal.ErrSignature) {
		t.Fatalf("altered genesis: %v", err)
	}
}

func TestWhatDoesNotBelongIsRefused(t *testing.T) {
	disk, o := build(t, 20, true)
	o = on(o, disk)
	tests := []struct {
		name string
		edit func(*journal.Options)
		want error
	}{
		{"another key id", func(o *journal.Options) { o.Key.ID++ }, journal.ErrWrongKey},
		{"another key", func(o *journal.Options) { o.Key.Bytes[31]++ }, journal.ErrWrongKey},
		{"another genesis", func(o *journal.Options) { o.Genesis.Created++; o.Genesis.Sign(signer) }, journal.ErrFormat},
		{"another lane", func(o *journal.Options) { o.Lane = journal.LaneAccess }, journal.ErrFormat},
		{"another signer", func(o *journal.Options) { o.Signer = bytes.Clone(signer); o.Signer[40]++ }, journal.ErrWrongKey},
	}
	for _, tt := range tests {
		bad := o
		tt.edit(&bad)
		if _, _, err := journal.Open(context.Background(), bad); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	other := o
	other.Secret[0]++
	if _, err := journal.Verify(context.Background(), other, nil); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("another epoch secret: %v", err)
	}
}

func TestGroupsOverTheLimitsAreRefusedAndNothingIsWritten(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	o := options(disk, dir)
	create(t, o)
	j, _ := open(t, o)
	calls := disk.Calls()
	big := journal.Draft{Body: make([]byte, journal.MaxBody)}
	for name, group := range map[string][]journal.Draft{
		"none":       {},
		"65 records": make([]journal.Draft, journal.MaxGroup+1),
		"body":       {{Body: make([]byte, journal.MaxBody+1)}},
		"bytes":      {big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big},
	} {
		if _, err := j.Append(group); !errors.Is(err, journal.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if disk.Calls() != calls {
		t.Error("a refused group touched the disk")
	}
	if first, err := j.Append([]journal.Draft{big}); first != 1 || err != nil {
		t.Errorf("the largest body: %d, %v", first, err)
	}
}

func TestOneGroupIsOneWriteAndOneSync(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	o := options(disk, dir)
	create(t, o)
	j, _ := open(t, o)
	fill(t, j, 1) // makes the segment
	for _, n := range []int{1, 8, 64} {
		calls := disk.Calls()
		head, _ := j.Head()
		if _, err := j.Append(drafts(head, n)); err != nil {
			t.Fatal(err)
		}
		if got := disk.Calls() - calls; got != 2 {
			t.Errorf("a group of %d cost %d calls, want 2", n, got)
		}
	}
}

func TestPreallocationIsFreedOnClose(t *testing.T) {
	o := options(nil, t.TempDir())
	create(t, o)
	j, _ := open(t, o)
	fill(t, j, 10)
	name := filepath.Join(o.Dir, journal.SegmentName(1))
	if info, err := os.Stat(name); err != nil || info.Size() != journal.AllocStep {
		t.Fatalf("open segment: %v, %v", info, err)
	}
	closeJournal(t, j)
	seg, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	offs := journal.FrameOffsets(seg)
	if want := offs[len(offs)-1] + journal.TrailerLen; int64(len(seg)) != want {
		t.Fatalf("closed segment has %d bytes, want %d", len(seg), want)
	}
}

func TestJournalKnowsItsOrigin(t *testing.T) {
	o := options(crashfs.New(crashfs.Options{}), dir)
	o.Lane = journal.LaneAccess
	create(t, o)
	want := o.Genesis
	o.Genesis = journal.Genesis{} // whatever the directory says
	j, _ := open(t, o)
	if got := j.Genesis(); !bytes.Equal(got.Marshal(), want.Marshal()) {
		t.Errorf("genesis %+v", got)
	}
	if got := j.Origin(); got != (journal.Origin{Station: 12, Epoch: 3, Lane: journal.LaneAccess, Mint: 4711}) {
		t.Errorf("origin %+v", got)
	}
	if seq, hash := j.Head(); seq != 0 || hash != journal.Base(want, journal.LaneAccess) {
		t.Errorf("head of an empty journal: %d", seq)
	}
	fill(t, j, 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := j.Read(ctx, 1, func(journal.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("read with an ended context: %v", err)
	}
}
