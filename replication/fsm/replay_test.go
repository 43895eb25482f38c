package fsm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/replication/fsm"
	"tramxa/replication/replicationtest"
)

// made is the log of makeHistory, always the same.
var made []*raft.Log

// history brings m to the end of makeHistory's log, in groups when the log was made
// before: making it is most of the work.
func history(t testing.TB, m *machine) {
	t.Helper()
	if made == nil {
		makeHistory(t, m)
		return
	}
	m.log = slices.Clone(made)
	m.index = made[len(made)-1].Index
	m.applyAll(m.log, rand.New(rand.NewPCG(6, 6)))
}

// makeHistory makes a raft log with everything in it, command by command:
// registrations, batches of both lanes out of order and twice, units, contacts,
// releases, a fence.
func makeHistory(t testing.TB, m *machine) {
	t.Helper()
	rng := rand.New(rand.NewPCG(4, 4))
	a, b := grown(t, 7, 300), grown(t, 9, 200)
	for range 30 {
		b.Append(journal.LaneAccess, journal.Envelope{At: 1, Kind: 1, Version: 1}, []byte{4})
	}
	m.do(fsm.Found{At: 1, Incarnation: [8]byte{1, 2}})
	m.register(a)
	m.register(b)
	m.do(fsm.AddUnits{Rows: []fsm.UnitRow{{Code: "23764", Kind: "xa", Name: "Xã Mẫu", Province: "52"}, {Code: "23767", Name: "Phường Mẫu"}}})
	next := map[*replicationtest.Station]journal.Seq{a: 1, b: 1}
	for i := range 60 {
		s := a
		if i%3 == 0 {
			s = b
		}
		if head, _ := s.Head(0); next[s] <= head {
			v := m.take(s, next[s], 1+rng.IntN(15))
			next[s] = v.Seq + 1
		}
		m.take(s, 1+journal.Seq(rng.IntN(100)), 5) // duplicates and gaps
		m.do(fsm.Contact{At: int64(i), Station: 7, Epoch: 1, Install: [16]byte{9}})
		releases(m, i)
	}
	m.do(fsm.TakeBatch{At: 9, Batch: cut(t, b, 1, 1, 30)})
	m.do(fsm.FenceStation{At: 10, Station: 9, Epoch: 1})
	if st := m.station(7); st.Lane[0].Seq < 200 || st.Quarantined == 0 {
		t.Fatalf("the history is too short to prove anything: %+v", st)
	}
	made = slices.Clone(m.log)
}

// releases adds what happens to releases in round i: published, tried by both
// stations, stopped by what they say, let go on.
func releases(m *machine, i int) {
	sequence := uint64(i/12 + 1)
	switch i % 12 {
	case 0:
		m.do(published(sequence))
	case 3, 4:
		m.do(said(7+2*journal.Station(i%2), sequence, fsm.StageTrying))
	case 5, 6:
		m.do(said(7+2*journal.Station(i%2), sequence, []fsm.Stage{fsm.StageRolledBack, fsm.StageConfirmed}[i/12%2]))
	case 8:
		m.do(fsm.SetRing{At: int64(i), Sequence: sequence, Ring: fsm.RingTen, By: "lan"})
	case 9:
		m.do(fsm.SetRing{At: int64(i), Sequence: sequence, Ring: fsm.RingAll})
	}
}

// replay applies a log to a fresh machine in groups of random size.
func replay(t testing.TB, log []*raft.Log, seed uint64) *machine {
	t.Helper()
	m := open(t, t.TempDir())
	m.applyAll(log, rand.New(rand.NewPCG(seed, 1)))
	return m
}

func (m *machine) applyAll(log []*raft.Log, rng *rand.Rand) {
	m.t.Helper()
	for len(log) > 0 {
		n := min(len(log), 1+rng.IntN(20))
		for _, r := range m.ApplyBatch(log[:n]) {
			if err, ok := r.(error); ok {
				m.t.Fatal(err)
			}
		}
		log = log[n:]
	}
}

// TestGroupsDoNotMatter: however raft cuts the log into groups, the state is the
// same byte for byte, and equal to what one command at a time gives.
func TestGroupsDoNotMatter(t *testing.T) {
	m := open(t, t.TempDir())
	makeHistory(t, m)
	for seed := range uint64(3) {
		if replay(t, m.log, seed).hash() != m.hash() {
			t.Fatalf("seed %d: another state", seed)
		}
	}
}

// memorySink is a raft.SnapshotSink in memory.
type memorySink struct{ bytes.Buffer }

func (*memorySink) ID() string    { return "test" }
func (*memorySink) Cancel() error { return nil }
func (*memorySink) Close() error  { return nil }

func (m *machine) snapshot() []byte {
	m.t.Helper()
	s, err := m.Snapshot()
	if err != nil {
		m.t.Fatal(err)
	}
	defer s.Release()
	var sink memorySink
	if err := s.Persist(&sink); err != nil {
		m.t.Fatal(err)
	}
	return sink.Bytes()
}

func (m *machine) restore(b []byte) error { return m.Restore(io.NopCloser(bytes.NewReader(b))) }

// TestSnapshotEqualsReplay: a snapshot taken in the middle, persisted while the
// rest is being applied, restored elsewhere over another state, and the tail
// replayed, gives the same state as the full log; so does the snapshot of that.
func TestSnapshotEqualsReplay(t *testing.T) {
	full := open(t, t.TempDir())
	history(t, full)
	half := len(full.log) / 2
	m := replay(t, full.log[:half], 1)
	pinned, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	m.applyAll(full.log[half:], rand.New(rand.NewPCG(2, 2)))
	var sink memorySink
	if err := pinned.Persist(&sink); err != nil {
		t.Fatal(err)
	}
	pinned.Release()

	dir := t.TempDir()
	other := open(t, dir)
	other.register(grown(t, 3, 1))
	if err := other.restore(sink.Bytes()); err != nil {
		t.Fatal(err)
	}
	if got := other.Applied().Index; got != full.log[half-1].Index {
		t.Fatalf("restored state stands at %d", got)
	}
	other.applyAll(full.log, rand.New(rand.NewPCG(3, 3))) // the head is skipped, the tail applied
	if other.hash() != full.hash() {
		t.Fatal("snapshot and tail give another state than the full log")
	}
	if !bytes.Equal(other.snapshot(), full.snapshot()) {
		t.Fatal("equal states give unequal snapshots")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir); again.hash() != full.hash() || again.Damage() != nil {
		t.Fatal("the restored state did not survive a restart")
	}
}

// TestBadSnapshotChangesNothing: a snapshot cut short or with a flipped bit is
// refused and the state stays.
func TestBadSnapshotChangesNothing(t *testing.T) {
	m := open(t, t.TempDir())
	s := grown(t, 7, 20)
	m.register(s)
	m.take(s, 1, 20)
	good, before := m.snapshot(), m.hash()
	rng := rand.New(rand.NewPCG(5, 5))
	for range 12 {
		bad := append([]byte(nil), good...)
		if rng.IntN(3) == 0 {
			bad = bad[:rng.IntN(len(bad))]
		} else {
			bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		}
		if err := m.restore(bad); !errors.Is(err, fsm.ErrSnapshot) && !errors.Is(err, fsm.ErrNewer) {
			t.Fatalf("restored a bad snapshot: %v", err)
		}
	}
	if err := m.restore(append(append([]byte(nil), good...), 0)); !errors.Is(err, fsm.ErrSnapshot) {
		t.Fatalf("bytes after the end: %v", err)
	}
	if m.hash() != before {
		t.Fatal("a refused snapshot changed the state")
	}
	if err := m.restore(good); err != nil || m.hash() != before {
		t.Fatalf("the good one: %v", err)
	}
}

// TestReplayAfterRestartIsSkipped: the state names the command it stands at, so
// a log replayed from the beginning changes nothing and answers nothing.
func TestReplayAfterRestartIsSkipped(t *testing.T) {
	dir := t.TempDir()
	m := open(t, dir)
	history(t, m)
	want, log := m.hash(), m.log
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = open(t, dir)
	for _, r := range m.ApplyBatch(log) {
		if r != nil {
			t.Fatalf("a command contained already was answered: %v", r)
		}
	}
	if m.hash() != want {
		t.Fatal("replay changed the state")
	}
}

// TestLargestBatch: a batch at the limits, each record a household of many
// rows, needs several transactions. The state is the same as from small batches
// folded one by one, also when the node stops between two of them.
func TestLargestBatch(t *testing.T) {
	s := replicationtest.NewStation(7, 1)
	if err := s.Grow(1); err != nil {
		t.Fatal(err)
	}
	area := population.NewID(population.Mint(s.Origin.Mint), 1)
	serial := uint32(1)
	mint := func() population.ID {
		serial++
		return population.NewID(population.Mint(s.Origin.Mint), serial)
	}
	for n := range 1999 {
		h := population.HouseholdOpened{ID: mint(), Type: population.KindFamily, Area: area,
			Number: population.HouseholdNumber{Number: uint32(n + 1)}, Date: population.Date{Year: 2026, Month: 1, Day: 1}, Period: population.MonthPeriod(2026, 1)}
		for k := range 9 {
			h.Members = append(h.Members, population.Member{ID: mint(), Relation: population.RelOther,
				Facts: population.Facts{Name: fmt.Sprintf("Nguyễn %c%c %c%c", 'A'+n%26, 'a'+k, 'A'+n/26%26, 'a'+n/676), Born: population.Date{Year: uint16(1930 + n%90), Month: uint8(k + 1), Day: uint8(n/90 + 1)}}})
		}
		if err := s.Write(h); err != nil {
			t.Fatal(err)
		}
	}
	b, last, err := s.Batch(0, 1, 2000)
	if err != nil || last != 2000 {
		t.Fatalf("batch up to %d: %v", last, err)
	}
	m := open(t, t.TempDir())
	m.register(s)
	if v := m.do(fsm.TakeBatch{Batch: b}); v.Outcome != fsm.Accepted {
		t.Fatalf("%+v", v)
	}
	if n := m.Transactions(); n < 4 {
		t.Fatalf("%d transactions: the batch was too small to need several", n)
	}
	want := m.registerHash(7)
	m2 := open(t, t.TempDir())
	m2.register(s)
	for first := journal.Seq(1); first <= 2000; first += 100 {
		if v := m2.take(s, first, 100); v.Outcome != fsm.Accepted {
			t.Fatalf("%+v", v)
		}
	}
	if m2.registerHash(7) != want {
		t.Fatal("one large batch and many small ones give unequal registers")
	}

	dir := t.TempDir()
	m3 := open(t, dir)
	m3.register(s)
	whole := m3.entry(fsm.TakeBatch{Batch: b})
	before := m3.Applied()
	for range 2 {
		if err := m3.ApplyPart(whole); err != nil {
			t.Fatal(err)
		}
		if m3.Applied() != before || m3.station(7).Lane[0].Seq != 0 {
			t.Fatal("part of a batch became visible")
		}
		if err := m3.Close(); err != nil {
			t.Fatal(err)
		}
		log := m3.log
		m3 = open(t, dir)
		if m3.Damage() != nil {
			t.Fatal(m3.Damage())
		}
		m3.log = log
	}
	m3.applyAll(m3.log, rand.New(rand.NewPCG(1, 1)))
	if m3.hash() != m.hash() {
		t.Fatal("stopping between two transactions of a batch changed the state")
	}
}

func (m *machine) registerHash(n journal.Station) (h journal.Hash) {
	m.t.Helper()
	err := m.View(func(v *fsm.View) (err error) { h, err = v.RegisterHash(n); return err })
	if err != nil {
		m.t.Fatal(err)
	}
	return h
}

// TestKilledWhileAMemtableIsMade: badger makes the file and gives it its size
// afterwards. What a kill in between leaves is no damage.
func TestKilledWhileAMemtableIsMade(t *testing.T) {
	dir := t.TempDir()
	m := open(t, dir)
	s := grown(t, 1, 10)
	m.register(s)
	m.take(s, 1, 10)
	_, want := streamOf(t, m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		files, err := filepath.Glob(filepath.Join(dir, "state-1", "*.mem"))
		if err != nil {
			t.Fatal(err)
		}
		last := 0
		for _, name := range files {
			if _, err := fmt.Sscanf(filepath.Base(name), "%05d.mem", &last); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "state-1", fmt.Sprintf("%05d.mem", last+1)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		m := open(t, dir)
		if err := m.Damage(); err != nil {
			t.Fatal(err)
		}
		if _, got := streamOf(t, m); got != want {
			t.Errorf("state %x in place of %x", got, want)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnbornMemtableOfAnotherProcess: a file of no bytes in a directory that
// another process holds is one that it is making, and is left alone.
func TestUnbornMemtableOfAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	m := open(t, dir)
	unborn := filepath.Join(dir, "state-1", "00099.mem")
	if err := os.WriteFile(unborn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := fsm.Open(options(dir)); !errors.Is(err, fsm.ErrInUse) {
		t.Fatal(f, err)
	}
	if info, err := os.Stat(unborn); err != nil || info.Size() != 0 {
		t.Errorf("%v, %v", info, err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if m = open(t, dir); m.Damage() != nil {
		t.Error(m.Damage())
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestHoleIsFound: a transaction that has vanished from the middle, as a flipped
// bit in one of badger's write-ahead files does, sets the database aside.
func TestHoleIsFound(t *testing.T) {
	dir := t.TempDir()
	m := open(t, dir)
	history(t, m)
	if err := m.DropLedgerEntry(m.Transactions() - 5); err != nil {
		t.Fatal(err)
	}
	log := m.log
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = open(t, dir)
	if !errors.Is(m.Damage(), fsm.ErrDamaged) || m.Applied().Index != 0 {
		t.Fatalf("damage %v, applied %d", m.Damage(), m.Applied().Index)
	}
	bad, err := filepath.Glob(filepath.Join(dir, "bad-*"))
	if err != nil || len(bad) != 1 {
		t.Fatalf("set aside: %v %v", bad, err)
	}
	m.applyAll(log, rand.New(rand.NewPCG(1, 1)))
	if m.hash() != replay(t, log, 3).hash() {
		t.Fatal("the log did not give the state back")
	}
}

// TestFlippedBitsNeverGiveAWrongState flips bits in the files of a closed
// database: it opens with the state it had or an earlier one, or is set aside,
// and the log gives the right state back; or reading fails with an error.
func TestFlippedBitsNeverGiveAWrongState(t *testing.T) {
	src := t.TempDir()
	m := open(t, src)
	history(t, m)
	want, log := m.hash(), m.log
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(8, 8))
	for try := range tries(6, 60) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(src)); err != nil {
			t.Fatal(err)
		}
		where := flip(t, rng, dir)
		f, err := fsm.Open(options(dir))
		if err != nil {
			t.Fatalf("try %d: a damaged database must be set aside: %v", try, err)
		}
		stopped := false
		for _, l := range log {
			if err, ok := f.Apply(l).(error); ok {
				stopped = errors.Is(err, fsm.ErrStopped)
				break
			}
		}
		var got journal.Hash
		err = f.View(func(v *fsm.View) (err error) { got, err = hashOf(v); return err })
		if err == nil && !stopped && got != want {
			t.Fatalf("try %d, %s: a wrong state without a word", try, where)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// hashOf reckons the hash; a panic of badger on a table it cannot read is an error.
func hashOf(v *fsm.View) (h journal.Hash, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("badger gave up")
		}
	}()
	return v.Hash()
}

func tries(ordinary, long int) int {
	if os.Getenv("TRAMXA_LONG") == "1" {
		return long
	}
	return ordinary
}

func flip(t *testing.T, rng *rand.Rand, dir string) string {
	t.Helper()
	var files []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && info.Size() > 0 && !strings.Contains(path, "LOCK") && info.Name() != "CURRENT" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	name := files[rng.IntN(len(files))]
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := rng.IntN(min(len(b), 64<<10))
	b[at] ^= 1 << rng.IntN(8)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("byte %d of %s", at, filepath.Base(name))
}

// TestGapStopsTheNode: an index that raft should have handed over and did not
// must never be applied over.
func TestGapStopsTheNode(t *testing.T) {
	kinds := map[uint64]raft.LogType{1: raft.LogNoop, 2: raft.LogBarrier, 4: raft.LogCommand}
	o := options(t.TempDir())
	o.LogType = func(i uint64) (raft.LogType, error) { return kinds[i], nil }
	f, err := fsm.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := fsm.EncodeCommand(fsm.MarkState{At: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err, bad := f.Apply(&raft.Log{Index: 3, Term: 1, Data: b}).(error); bad {
		t.Fatal(err)
	}
	if err, bad := f.Apply(&raft.Log{Index: 5, Term: 1, Data: b}).(error); !bad || !errors.Is(err, fsm.ErrStopped) {
		t.Fatalf("index 4 was skipped without a word: %v", err)
	}
	if _, err := f.Snapshot(); !errors.Is(err, fsm.ErrStopped) || f.Applied().Index != 3 {
		t.Fatalf("stopped machine: %v at %d", err, f.Applied().Index)
	}
}

// TestDamagedCommandStopsTheNode: it was damaged on this node only, so deciding
// anything about it would part this node from the others.
func TestDamagedCommandStopsTheNode(t *testing.T) {
	m := open(t, t.TempDir())
	l := m.entry(fsm.MarkState{At: 1})
	l.Data[3] ^= 1
	if err, bad := m.Apply(l).(error); !bad || !errors.Is(err, fsm.ErrStopped) {
		t.Fatalf("%v", err)
	}
	if r, bad := m.Apply(m.entry(fsm.MarkState{At: 1})).(error); !bad || !errors.Is(r, fsm.ErrStopped) {
		t.Fatal("a stopped machine went on")
	}
}
