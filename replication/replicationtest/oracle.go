package replicationtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/replication/batch"
	"tramxa/replication/fsm"
)

// Oracle remembers what the hub has acknowledged.
type Oracle struct {
	mu    sync.Mutex
	acked map[journal.Station]journal.Seq
	count int
}

func newOracle() *Oracle { return &Oracle{acked: map[journal.Station]journal.Seq{}} }

// Acknowledged returns how many acknowledgements were given, and for how many
// records.
func (o *Oracle) Acknowledged() (batches int, records journal.Seq) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.acked {
		records += s
	}
	return o.count, records
}

func (o *Oracle) acknowledged(s *Station, at journal.Seq) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count++
	o.acked[s.Origin.Station] = max(o.acked[s.Origin.Station], at)
}

// WaitProgress waits until another acknowledgement has been given; the test
// fails when none comes in time.
func (w *World) WaitProgress(within time.Duration) {
	w.T.Helper()
	before, _ := w.Oracle.Acknowledged()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now, _ := w.Oracle.Acknowledged(); now > before {
			return
		}
	}
	for _, n := range w.Nodes {
		w.T.Logf("%s: %+v", n.ID, n.Hub().Status())
	}
	w.T.Fatalf("no batch was acknowledged for %v with all nodes up and all lines whole", within)
}

// promised checks a watermark a leader told against what was acknowledged.
func (o *Oracle) promised(t testing.TB, s *Station, at journal.Seq) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if acked := o.acked[s.Origin.Station]; at < acked {
		t.Errorf("station %d: a leader stands at %d, %d was acknowledged", s.Origin.Station, at, acked)
	}
}

// Check heals the world and ends the scenario: every node holds every
// acknowledged record, in order and without holes, the register is the fold of
// the stations' journals, and all nodes have the same state.
func (w *World) Check() {
	w.T.Helper()
	w.Heal()
	w.WaitSame(Patience)
	for _, n := range w.Nodes {
		if s := n.Hub().Status(); s.Diverged != "" || s.Error != "" {
			w.T.Errorf("%s: %+v", n.ID, s)
		}
	}
	for _, s := range w.Stations {
		w.Oracle.mu.Lock()
		acked := w.Oracle.acked[s.Origin.Station]
		w.Oracle.mu.Unlock()
		folds := map[journal.Seq]journal.Hash{}
		for _, n := range w.Nodes {
			err := n.Hub().View(func(v *fsm.View) error { return s.check(w.T, v, acked, folds) })
			if err != nil {
				w.T.Errorf("%s: station %d: %v", n.ID, s.Origin.Station, err)
			}
		}
	}
}

// check compares one node's state with the station's own journal.
func (s *Station) check(t testing.TB, v *fsm.View, acked journal.Seq, folds map[journal.Seq]journal.Hash) error {
	st, ok, err := v.Station(s.Origin.Station)
	if err != nil || !ok {
		return fmt.Errorf("not known: %w", err)
	}
	mark := st.Lane[journal.LaneRegister]
	if mark.Seq < acked {
		return fmt.Errorf("%d acknowledged, the watermark is %d", acked, mark.Seq)
	}
	if mark.Hash != s.HashAt(0, mark.Seq) {
		return fmt.Errorf("hash at %d differs from the station's", mark.Seq)
	}
	next := journal.Seq(1)
	err = v.Batches(st.Station, st.Epoch, 0, 1, func(first journal.Seq, raw []byte) error {
		b, err := batch.Decode(raw)
		if err != nil {
			return err
		}
		if first != next || b.First != next || b.PreHash != s.HashAt(0, next-1) || b.PostHash != s.HashAt(0, b.Last) {
			return fmt.Errorf("archive has %d–%d where %d should begin", b.First, b.Last, next)
		}
		next = b.Last + 1
		return nil
	})
	if err != nil {
		return err
	}
	if next != mark.Seq+1 {
		return fmt.Errorf("archive ends at %d, the watermark is %d", next-1, mark.Seq)
	}
	want, ok := folds[mark.Seq]
	if !ok {
		if want, err = s.fold(t, mark.Seq); err != nil {
			return err
		}
		folds[mark.Seq] = want
	}
	got, err := v.RegisterHash(st.Station)
	if err == nil && got != want {
		err = fmt.Errorf("register at %d is not the fold of the journal", mark.Seq)
	}
	return err
}

// fold returns the hash of the rows that the station's journal up to a sequence
// folds to.
func (s *Station) fold(t testing.TB, to journal.Seq) (h journal.Hash, err error) {
	t.Helper()
	err = s.Fold(to, func(txn *badger.Txn) (err error) {
		h, _, err = register.Hash(txn, s.Origin.Station)
		return err
	})
	return h, err
}

// Fold folds the station's journal up to a sequence by itself, in memory, and
// calls fn with the rows.
func (s *Station) Fold(to journal.Seq, fn func(*badger.Txn) error) error {
	db, err := badger.OpenManaged(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil))
	if err != nil {
		return err
	}
	defer db.Close()
	s.mu.Lock()
	recs := s.lanes[0].records[:to]
	s.mu.Unlock()
	ts := uint64(0)
	for len(recs) > 0 {
		n := min(len(recs), 200)
		txn := db.NewTransactionAt(ts, true)
		tx := register.Begin(txn, s.Origin.Station)
		for _, r := range recs[:n] {
			if _, err := tx.Apply(population.Mint(s.Origin.Mint), r); err != nil {
				return err
			}
		}
		if err := tx.Flush(); err != nil {
			return err
		}
		ts++
		if err := txn.CommitAt(ts, nil); err != nil {
			return err
		}
		recs = recs[n:]
	}
	txn := db.NewTransactionAt(ts, false)
	defer txn.Discard()
	return fn(txn)
}
