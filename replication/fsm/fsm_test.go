package fsm_test

import (
	"crypto/sha256"
	"testing"

	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/replicationtest"
)

// machine drives a state machine as raft would, without raft.
type machine struct {
	*fsm.FSM
	t     testing.TB
	index uint64
	log   []*raft.Log
}

func options(dir string) fsm.Options {
	return fsm.Options{Dir: dir, BlockCache: 4 << 20, IndexCache: 4 << 20, ValueLogFile: 16 << 20}
}

func open(t testing.TB, dir string) *machine {
	t.Helper()
	f, err := fsm.Open(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{FSM: f, t: t, index: f.Applied().Index}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// entry makes the next entry of the raft log; two indexes are left out now and
// then, as for entries raft keeps to itself.
func (m *machine) entry(c fsm.Command) *raft.Log {
	m.t.Helper()
	b, err := fsm.EncodeCommand(c)
	if err != nil {
		m.t.Fatal(err)
	}
	m.index++
	if m.index%7 == 0 {
		m.index += 2
	}
	l := &raft.Log{Index: m.index, Term: 3, Type: raft.LogCommand, Data: b}
	m.log = append(m.log, l)
	return l
}

// do applies one command and returns its verdict.
func (m *machine) do(c fsm.Command) fsm.Verdict {
	m.t.Helper()
	switch r := m.Apply(m.entry(c)).(type) {
	case fsm.Verdict:
		return r
	case error:
		m.t.Fatal(r)
	}
	m.t.Fatal("no response")
	return fsm.Verdict{}
}

func (m *machine) register(s *replicationtest.Station) {
	m.t.Helper()
	if v := m.do(registerCommand(s)); v.Outcome != fsm.Done {
		m.t.Fatalf("register: %+v", v)
	}
}

func registerCommand(s *replicationtest.Station) fsm.RegisterStation {
	return fsm.RegisterStation{At: 5, Name: "Trạm mẫu", Secret: s.Secret, Genesis: s.Genesis.Marshal()}
}

// take offers n records of the register lane from first.
func (m *machine) take(s *replicationtest.Station, first journal.Seq, n int) fsm.Verdict {
	m.t.Helper()
	return m.do(fsm.TakeBatch{At: 100, Batch: cut(m.t, s, 0, first, n)})
}

func cut(t testing.TB, s *replicationtest.Station, l journal.Lane, first journal.Seq, n int) []byte {
	t.Helper()
	b, _, err := s.Batch(l, first, n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func grown(t testing.TB, number journal.Station, n int) *replicationtest.Station {
	t.Helper()
	s := replicationtest.NewStation(number, 1)
	if err := s.Grow(n); err != nil {
		t.Fatal(err)
	}
	return s
}

func (m *machine) hash() journal.Hash {
	m.t.Helper()
	var h journal.Hash
	if err := m.View(func(v *fsm.View) (err error) { h, err = v.Hash(); return err }); err != nil {
		m.t.Fatal(err)
	}
	return h
}

func (m *machine) station(n journal.Station) fsm.StationRow {
	m.t.Helper()
	var s fsm.StationRow
	err := m.View(func(v *fsm.View) (err error) { s, _, err = v.Station(n); return err })
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// TestAcceptanceTable goes through every row of the table in DESIGN.md.
func TestAcceptanceTable(t *testing.T) {
	m := open(t, t.TempDir())
	s := grown(t, 7, 60)
	end := func(v fsm.Verdict, o fsm.Outcome, at journal.Seq, want journal.Seq) {
		t.Helper()
		if v.Outcome != o || v.Seq != at || v.Hash != s.HashAt(0, at) || v.Want != want {
			t.Fatalf("verdict %+v, want %v at %d", v, o, at)
		}
	}
	is := func(v fsm.Verdict, o fsm.Outcome) {
		t.Helper()
		if v.Outcome != o {
			t.Fatalf("verdict %+v, want %v", v, o)
		}
	}
	is(m.take(s, 1, 10), fsm.Unregistered)
	m.register(s)
	end(m.take(s, 11, 10), fsm.Gap, 0, 1)
	end(m.take(s, 1, 10), fsm.Accepted, 10, 0)
	end(m.take(s, 11, 20), fsm.Accepted, 30, 0)
	end(m.take(s, 1, 10), fsm.Duplicate, 10, 0)
	end(m.take(s, 11, 20), fsm.Duplicate, 30, 0)
	end(m.take(s, 13, 5), fsm.Duplicate, 17, 0) // cut elsewhere than before
	end(m.take(s, 5, 20), fsm.Duplicate, 24, 0) // across two batches
	end(m.take(s, 25, 10), fsm.Gap, 30, 31)     // across the watermark
	end(m.take(s, 40, 5), fsm.Gap, 30, 31)
	before := m.hash()

	clone := grown(t, 7, 20).Clone(99) // shares records 1–20
	if err := clone.Grow(40); err != nil {
		t.Fatal(err)
	}
	end(m.do(fsm.TakeBatch{Batch: cut(t, clone, 0, 21, 5)}), fsm.Fork, 30, 31)  // below the watermark
	end(m.do(fsm.TakeBatch{Batch: cut(t, clone, 0, 21, 20)}), fsm.Fork, 30, 31) // across it
	end(m.do(fsm.TakeBatch{Batch: cut(t, clone, 0, 31, 5)}), fsm.Fork, 30, 31)  // right after it
	end(m.do(fsm.TakeBatch{Batch: cut(t, clone, 0, 10, 5)}), fsm.Duplicate, 14, 0)

	stranger := grown(t, 7, 60)
	stranger.Key = replicationtest.NewStation(8, 8).Key
	is(m.take(stranger, 31, 5), fsm.BadSignature)
	stranger = grown(t, 7, 60)
	stranger.Secret[0]++
	is(m.take(stranger, 31, 5), fsm.BadChain)
	stranger = grown(t, 7, 60)
	stranger.Origin.Mint++
	is(m.take(stranger, 31, 5), fsm.WrongMint)
	stranger = grown(t, 7, 60)
	stranger.Origin.Epoch = 2
	is(m.take(stranger, 31, 5), fsm.Unregistered)
	whole := cut(t, s, 0, 31, 5)
	is(m.do(fsm.TakeBatch{Batch: whole[:len(whole)-1]}), fsm.Malformed)
	is(m.do(fsm.TakeBatch{}), fsm.Malformed)
	newer := append([]byte(nil), whole...)
	newer[3] = 2
	is(m.do(fsm.TakeBatch{Batch: newer}), fsm.NotUnderstood)
	if m.hash() != before {
		t.Fatal("a refused batch left a trace in the state")
	}
	is(m.do(fsm.FenceStation{Station: 7, Epoch: 1}), fsm.Done)
	is(m.do(fsm.TakeBatch{Batch: whole}), fsm.Fenced)
	if st := m.station(7); st.Lane[0].Seq != 30 || st.Lane[0].Hash != s.HashAt(0, 30) || !st.Fenced {
		t.Fatalf("station row %+v", st)
	}
}

// TestLanesAreApart: the access log has a watermark of its own and no fold.
func TestLanesAreApart(t *testing.T) {
	m := open(t, t.TempDir())
	s := grown(t, 7, 10)
	for range 5 {
		s.Append(journal.LaneAccess, journal.Envelope{At: 1, Kind: 1, Version: 1}, []byte("anything"))
	}
	m.register(s)
	if v := m.do(fsm.TakeBatch{Batch: cut(t, s, 1, 1, 5)}); v.Outcome != fsm.Accepted || v.Hash != s.HashAt(1, 5) {
		t.Fatalf("%+v", v)
	}
	if v := m.take(s, 1, 10); v.Outcome != fsm.Accepted {
		t.Fatalf("%+v", v)
	}
	st := m.station(7)
	if st.Lane[0].Seq != 10 || st.Lane[1].Seq != 5 {
		t.Fatalf("%+v", st)
	}
}

// TestEveryBatchIsKept: what the stations signed can be had again, byte for byte.
func TestEveryBatchIsKept(t *testing.T) {
	m := open(t, t.TempDir())
	s := grown(t, 7, 100)
	m.register(s)
	var sent [][]byte
	for first := journal.Seq(1); first <= 100; first += 20 {
		sent = append(sent, cut(t, s, 0, first, 20))
		if v := m.take(s, first, 20); v.Outcome != fsm.Accepted {
			t.Fatalf("%+v", v)
		}
	}
	err := m.View(func(v *fsm.View) error {
		i := 2
		err := v.Batches(7, 1, 0, 50, func(first journal.Seq, b []byte) error {
			if first != journal.Seq(i*20+1) || sha256.Sum256(b) != sha256.Sum256(sent[i]) {
				t.Errorf("batch %d at %d differs", i, first)
			}
			i++
			return nil
		})
		if i != 5 {
			t.Errorf("%d batches", i)
		}
		for at := journal.Seq(0); at <= 100; at++ {
			if h, err := v.HashAt(7, 1, 0, at); err != nil || h != s.HashAt(0, at) {
				t.Errorf("hash at %d: %v", at, err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
