package report_test

import (
	"math/rand/v2"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

const mint = population.Mint(3)

// book is a register in memory with entries applied.
type book struct {
	t  testing.TB
	db *badger.DB
	st journal.Station
}

func newBook(t testing.TB, st journal.Station) *book {
	t.Helper()
	db, err := badger.OpenManaged(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil).
		WithMemTableSize(8 << 20).WithNumMemtables(2).WithNumCompactors(2).WithMetricsEnabled(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &book{t, db, st}
}

// write applies entries, in transactions of bounded size.
func (b *book) write(entries ...population.Entry) {
	b.t.Helper()
	for len(entries) > 0 {
		txn := b.db.NewTransactionAt(^uint64(0)>>1, true)
		tx := register.Begin(txn, b.st)
		for len(entries) > 0 {
			kind, version, body, err := population.EncodeBody(mint, entries[0])
			if err != nil {
				b.t.Fatalf("%T: %v", entries[0], err)
			}
			head := journal.Envelope{Kind: uint16(kind), Version: version}.Append(nil)
			if _, err := tx.Apply(mint, journal.Record{Seq: tx.Applied() + 1, Head: head, Body: body}); err != nil {
				b.t.Fatal(err)
			}
			entries = entries[1:]
			if rows, bytes := tx.Size(); int64(rows) > b.db.MaxBatchCount()/4 || int64(bytes) > b.db.MaxBatchSize()/4 {
				break
			}
		}
		if err := tx.Flush(); err != nil {
			b.t.Fatal(err)
		}
		if err := txn.CommitAt(uint64(tx.Applied())+1, nil); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *book) view(fn func(*register.View)) {
	b.t.Helper()
	txn := b.db.NewTransactionAt(^uint64(0)>>1, false)
	defer txn.Discard()
	v := register.NewView(txn, b.st)
	fn(v)
	if err := v.Err(); err != nil {
		b.t.Fatal(err)
	}
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

func member(serial uint32, relation population.Code, name string, sex population.Sex, born string) population.Member {
	m := population.Member{ID: id(serial), Relation: relation}
	m.Name, m.Sex, m.Born = name, sex, day(born)
	return m
}

// muddle makes entries without any sense over a handful of entities and
// months, with periods that run backwards and areas that change meanwhile: the
// balance has to hold whatever was written.
func muddle(seed uint64, n int) []population.Entry {
	rnd := rand.New(rand.NewPCG(seed, 5))
	person := func() population.ID { return id(1 + rnd.Uint32N(10)) }
	house := func() population.ID { return id(101 + rnd.Uint32N(4)) }
	area := func() population.ID { return id(201 + rnd.Uint32N(3)) }
	per := func() population.Period { return month("2025-01") + population.Period(rnd.IntN(12)) }
	date := func() population.Date {
		return population.Date{Year: 2025, Month: uint8(1 + rnd.IntN(12)), Day: uint8(1 + rnd.IntN(28))}
	}
	who := func() population.Member {
		m := population.Member{ID: person(), Relation: population.RelOther}
		m.Name, m.Sex = "Lê Thị Xuân", population.Sex(rnd.IntN(3))
		m.Born = population.Date{Year: uint16(2016 + rnd.IntN(11))}
		if rnd.IntN(3) == 0 {
			m.Born.Month, m.Born.Day = uint8(1+rnd.IntN(12)), 15
		}
		return m
	}
	placed := func() []population.Placed { return []population.Placed{{Person: person()}, {Person: person()}} }
	number := population.HouseholdNumber{Number: 1}
	entries := []population.Entry{
		population.AreaDefined{ID: id(201), Number: 1, Hamlet: "Thôn 1", Collaborator: 3, Unit: 23764},
		population.AreaDefined{ID: id(202), Number: 2, Hamlet: "Thôn 1", Collaborator: 4, Unit: 23764},
		population.AreaDefined{ID: id(203), Number: 3, Hamlet: "Thôn 2", Collaborator: 4, Unit: 23764},
	}
	for len(entries) < n {
		var e population.Entry
		switch rnd.IntN(14) {
		case 0, 1, 2:
			e = population.HouseholdOpened{ID: house(), Type: population.KindFamily, Area: area(), Number: number, Members: []population.Member{who(), who()}, Date: date(), Period: per()}
		case 3:
			e = population.Birth{Household: house(), Child: who(), Order: uint8(rnd.IntN(5)), Period: per()}
		case 4:
			e = population.Death{Person: person(), Date: date(), Period: per()}
		case 5, 6:
			e = population.Arrival{Household: house(), Member: who(), Date: date(), Period: per()}
		case 7:
			e = population.Departure{Persons: []population.ID{person(), person()}, Household: house(), Date: date(), Period: per()}
		case 8:
			e = population.MoveInside{From: house(), Into: house(), Persons: placed(), Date: date(), Period: per()}
		case 9, 10:
			e = population.HouseholdChanged{Household: house(), Area: area(), Date: date(), Period: per()}
		case 11:
			e = population.ScopeCorrection{Scope: population.Scope(1 + rnd.IntN(3)), Person: person(), Canonical: person(), Household: house(), Member: who(), Date: date(), Period: per()}
		case 12:
			e = population.Marriage{A: person(), B: person(), Kin: true, Counselled: true, Date: date(), Period: per()}
		case 13:
			first := uint64(1 + rnd.IntN(len(entries)))
			e = population.Annulment{First: first, Last: first}
		}
		entries = append(entries, e)
	}
	return entries
}
