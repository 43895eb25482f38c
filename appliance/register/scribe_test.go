package register_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

const (
	station = journal.Station(7)
	mint    = population.Mint(12)
)

// openDB opens an empty managed database with the options of a station's view,
// in memory.
func openDB(t testing.TB) *badger.DB {
	t.Helper()
	db, err := badger.OpenManaged(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil).
		WithMemTableSize(8 << 20).WithNumMemtables(2).WithNumCompactors(2).WithBlockCacheSize(8 << 20).
		WithNumVersionsToKeep(1).WithMetricsEnabled(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// scribe keeps the records of a test and applies them.
type scribe struct {
	t       testing.TB
	db      *badger.DB
	records []journal.Record
	applied int
}

func newScribe(t testing.TB) *scribe { return &scribe{t: t, db: openDB(t)} }

// record encodes an entry as the next record of a journal.
func record(t testing.TB, seq uint64, env journal.Envelope, e population.Entry) journal.Record {
	t.Helper()
	kind, version, body, err := population.EncodeBody(mint, e)
	if err != nil {
		t.Fatalf("encode %T: %v", e, err)
	}
	env.Kind, env.Version = uint16(kind), version
	return journal.Record{Seq: journal.Seq(seq), Head: env.Append(nil), Body: body}
}

// write appends entries to the journal without applying them.
func (s *scribe) write(entries ...population.Entry) {
	s.t.Helper()
	for _, e := range entries {
		seq := uint64(len(s.records) + 1)
		s.records = append(s.records, record(s.t, seq, journal.Envelope{At: int64(seq), Trusted: true, Actor: 1, Device: 3, DeviceSeq: seq}, e))
	}
}

// apply applies what is not applied yet in one transaction.
func (s *scribe) apply() []register.Outcome {
	s.t.Helper()
	var out []register.Outcome
	s.update(func(tx *register.Tx) {
		for _, rec := range s.records[s.applied:] {
			o, err := tx.Apply(mint, rec)
			if err != nil {
				s.t.Fatalf("apply %d: %v", rec.Seq, err)
			}
			out = append(out, o)
		}
	})
	s.applied = len(s.records)
	return out
}

// enter writes entries and applies them; none may be put outside.
func (s *scribe) enter(entries ...population.Entry) {
	s.t.Helper()
	s.write(entries...)
	for i, o := range s.apply() {
		if o.Reason != register.Folded {
			s.t.Fatalf("entry %d (%T): %s", i, entries[i], o.Reason)
		}
	}
}

func (s *scribe) update(fn func(*register.Tx)) {
	s.t.Helper()
	txn := s.db.NewTransactionAt(^uint64(0)>>1, true)
	defer txn.Discard()
	tx := register.Begin(txn, station)
	fn(tx)
	if err := tx.Flush(); err != nil {
		s.t.Fatal(err)
	}
	if err := txn.CommitAt(uint64(tx.Applied())+1, nil); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scribe) view(fn func(*register.View)) {
	s.t.Helper()
	txn := s.db.NewTransactionAt(^uint64(0)>>1, false)
	defer txn.Discard()
	v := register.NewView(txn, station)
	fn(v)
	if err := v.Err(); err != nil {
		s.t.Fatal(err)
	}
}

// dump returns all rows as text, a line each.
func (s *scribe) dump() string {
	s.t.Helper()
	txn := s.db.NewTransactionAt(^uint64(0)>>1, false)
	defer txn.Discard()
	return dump(s.t, txn)
}

func dump(t testing.TB, txn *badger.Txn) string {
	t.Helper()
	var b bytes.Buffer
	err := register.Rows(txn, station, func(key, val []byte) error {
		fmt.Fprintf(&b, "%c %x = %x\n", key[4], key[5:], val)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (s *scribe) hash() journal.Hash {
	s.t.Helper()
	txn := s.db.NewTransactionAt(^uint64(0)>>1, false)
	defer txn.Discard()
	h, _, err := register.Hash(txn, station)
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

func id(serial uint32) population.ID { return population.NewID(mint, serial) }

func day(s string) population.Date {
	d, err := population.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func month(s string) population.Period {
	p, err := population.ParsePeriod(s)
	if err != nil {
		panic(err)
	}
	return p
}
