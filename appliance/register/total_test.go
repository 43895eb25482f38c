package register_test

import (
	"errors"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// No content makes Apply fail: what makes no sense is kept and named, and the
// records after it are folded as if it were not there.
func TestApplyNeverFailsOnContent(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	good := record(t, 1, journal.Envelope{}, population.Death{Person: id(11), Date: day("2026-02-01")})
	env := func(kind population.Kind, version uint8) []byte {
		return journal.Envelope{Kind: uint16(kind), Version: version, Device: 4, DeviceSeq: 4}.Append(nil)
	}
	_, _, death, err := population.EncodeBody(mint, population.Death{Person: id(11)})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		rec  journal.Record
		want register.Reason
	}{
		{"no envelope", journal.Record{Body: good.Body}, register.BadEnvelope},
		{"newer envelope", journal.Record{Head: []byte{0xF0}, Body: good.Body}, register.BadEnvelope},
		{"bytes that are no body", journal.Record{Head: good.Head, Body: []byte{0xFF, 0xFF}}, register.BadBody},
		{"version 0", journal.Record{Head: env(population.KindDeath, 0), Body: death}, register.BadBody},
		{"newer version", journal.Record{Head: env(population.KindDeath, 200), Body: []byte{0xFF}}, register.UnknownKind},
		{"unknown kind", journal.Record{Head: env(999, 1), Body: []byte("whatever")}, register.UnknownKind},
		{"amends nothing", record(t, 1, journal.Envelope{}, population.Amendment{Target: 4000, By: population.Death{Person: id(11)}}), register.BadTarget},
		{"amends another kind", record(t, 1, journal.Envelope{}, population.Amendment{Target: 1, By: population.Death{Person: id(11)}}), register.BadTarget},
		{"annuls the future", record(t, 1, journal.Envelope{}, population.Annulment{First: 1, Last: 4000}), register.BadRange},
		{"annuls backwards", record(t, 1, journal.Envelope{}, population.Annulment{First: 2, Last: 1}), register.BadRange},
	}
	for _, c := range cases {
		c.rec.Seq = journal.Seq(len(s.records) + 1)
		s.records = append(s.records, c.rec)
		if o := s.apply()[0]; o.Reason != c.want || o.Quarantined == o.Pending {
			t.Errorf("%s: %s", c.name, o.Reason)
		}
	}
	s.enter(population.Death{Person: id(12), Date: day("2026-02-01"), Period: month("2026-02")})
	s.view(func(v *register.View) {
		if q, p := v.Quarantined(); q != 8 || p != 2 {
			t.Errorf("%d in quarantine, %d pending; want 8 and 2", q, p)
		}
		if v.Person(id(11)).Dead || !v.Person(id(12)).Dead {
			t.Error("only the sound death counts")
		}
		if e, live := v.Entry(8); e != nil || live {
			t.Errorf("an entry in quarantine is read as %T", e)
		}
		if e, _ := v.Entry(11); e == nil || e.Kind() != 999 {
			t.Errorf("a pending entry is read as %T", e)
		}
		if _, ok := v.Repeat(4, 4); !ok {
			t.Error("the command key of a record kept outside is lost")
		}
	})
}

// Applying again changes nothing; a hole in the journal is the caller's fault.
func TestApplyKeepsTheSequence(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	before := s.dump()
	s.update(func(tx *register.Tx) {
		o, err := tx.Apply(mint, s.records[2])
		if err != nil || !o.Repeat {
			t.Errorf("again: %+v %v", o, err)
		}
		gap := record(t, uint64(len(s.records)+2), journal.Envelope{}, population.PeriodClosed{Period: month("2026-01")})
		if _, err := tx.Apply(mint, gap); !errors.Is(err, register.ErrGap) {
			t.Errorf("a gap gives %v", err)
		}
	})
	if s.dump() != before {
		t.Error("rows have changed")
	}
}

// A refused command leaves no trace, in the rows or in the transaction.
func TestRollbackLeavesNoTrace(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	before := s.dump()
	s.update(func(tx *register.Tx) {
		rows, bytes := tx.Size()
		tx.Savepoint()
		next := uint64(tx.Applied()) + 1
		for i, e := range []population.Entry{
			population.Death{Person: id(11), Date: day("2026-02-01"), Period: month("2026-02")},
			population.Annulment{First: 1, Last: 3},
			population.PeriodClosed{Period: month("2026-01")},
		} {
			if _, err := tx.Apply(mint, record(t, next+uint64(i), journal.Envelope{Device: 1, DeviceSeq: 1}, e)); err != nil {
				t.Fatal(err)
			}
		}
		if tx.View().Person(id(11)) != nil || tx.View().LastClosed() == 0 {
			t.Error("the view does not show what was applied")
		}
		tx.Savepoint()
		if err := tx.Flush(); !errors.Is(err, register.ErrNested) {
			t.Errorf("flush inside a savepoint gives %v", err)
		}
		if err := tx.Release(); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(); !errors.Is(err, register.ErrNested) {
			t.Errorf("rollback without a savepoint gives %v", err)
		}
		if r, b := tx.Size(); r != rows || b != bytes {
			t.Errorf("%d rows and %d bytes wait to be written, want %d and %d", r, b, rows, bytes)
		}
		if tx.View().Person(id(11)).Dead || uint64(tx.Applied()) != next-1 {
			t.Error("the view still shows what was taken back")
		}
	})
	if s.dump() != before {
		t.Error("rows have changed")
	}
}

// Scans see what waits in the overlay: written, changed and deleted rows, in
// key order with those of the database, and may be nested.
func TestScansSeeWhatIsNotFlushed(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	s.update(func(tx *register.Tx) {
		next := uint64(tx.Applied()) + 1
		for i, e := range []population.Entry{
			population.HouseholdOpened{ID: id(5), Area: id(1), Number: population.HouseholdNumber{Number: 3}, Type: population.KindFamily,
				Members: []population.Member{member(6, population.RelHead, "Bùi Văn Sáu", population.Male, "1970")}},
			population.Annulment{First: 4, Last: 4}, // household 20 with person 21
		} {
			if _, err := tx.Apply(mint, record(t, next+uint64(i), journal.Envelope{}, e)); err != nil {
				t.Fatal(err)
			}
		}
		var got []uint32
		err := tx.View().Persons(func(p *population.Person) bool {
			got = append(got, p.ID.Serial())
			return len(tx.View().HouseholdsOf(id(1))) == 2 // a scan inside the scan
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []uint32{6, 11, 12, 13, 31, 32}
		if len(got) != len(want) {
			t.Fatalf("persons %v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("persons %v, want %v", got, want)
			}
		}
	})
}

// The largest records fit into one transaction of a station's database: else a
// record could be taken into the journal and never be folded.
func TestTheLargestRecordsFitATransaction(t *testing.T) {
	s := newScribe(t)
	big := func(first uint32) population.HouseholdOpened {
		e := population.HouseholdOpened{ID: id(first), Type: population.KindCollective, Area: id(1), Number: population.HouseholdNumber{Number: first}, Period: month("2026-01")}
		for n := first + 1; n < first+population.MaxEntities; n++ {
			m := numbered(member(n, population.RelOther, "Nguyễn Thị Minh Khai Hoàng Anh Thư", population.Female, "1990-01-02"), "064190012345", "DN4646412345678")
			m.Mother = id(n + 5000)
			e.Members = append(e.Members, m)
		}
		return e
	}
	limit := func(tx *register.Tx) {
		t.Helper()
		rows, bytes := tx.Size()
		t.Logf("%d rows, %d bytes; a transaction takes %d and %d", rows, bytes, s.db.MaxBatchCount(), s.db.MaxBatchSize())
	}
	s.write(big(1000), big(2000), population.Annulment{First: 1, Last: 2}, population.Annulment{First: 3, Last: 3})
	for _, rec := range s.records {
		s.update(func(tx *register.Tx) {
			if o, err := tx.Apply(mint, rec); err != nil || o.Reason != register.Folded {
				t.Fatalf("%d: %+v %v", rec.Seq, o, err)
			}
			limit(tx)
		})
	}
	s.applied = len(s.records)
	s.view(func(v *register.View) {
		if len(v.Members(id(1000))) != population.MaxEntities-1 {
			t.Errorf("%d members after annulling the annulment", len(v.Members(id(1000))))
		}
	})
	s.write(big(3000), population.Annulment{First: 1, Last: 5}) // 1,500 entities: too many for one record
	if o := s.apply()[1]; o.Reason != register.TooMany {
		t.Errorf("an annulment of 1,500 entities: %s", o.Reason)
	}
}

// Annulments of annulments end at a depth that cannot hurt.
func TestAnnulmentsOfAnnulmentsAreBounded(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	s.write(population.Death{Person: id(11), Date: day("2026-02-01"), Period: month("2026-02")})
	for n := uint64(len(s.records)); n < 25; n++ {
		s.write(population.Annulment{First: n, Last: n})
	}
	for i, o := range s.apply()[1:] {
		want := register.Folded
		if i == 16 {
			want = register.TooMany // what follows annuls what is not in force
		}
		if o.Reason != want {
			t.Errorf("annulment %d: %s, want %s", i+1, o.Reason, want)
		}
	}
	s.view(func(v *register.View) {
		if v.Person(id(11)) == nil || !v.Person(id(11)).Dead {
			t.Error("an even number of annulments in force brings the death back")
		}
	})
}

// Whatever bytes come as a record, Apply keeps them and goes on, and the same
// bytes give the same rows.
func FuzzApply(f *testing.F) {
	for _, e := range village() {
		rec := record(f, 1, journal.Envelope{Device: 1, DeviceSeq: 2, Op: 1}, e)
		f.Add(rec.Head, rec.Body)
	}
	for _, e := range []population.Entry{
		population.Annulment{First: 1, Last: 6}, population.Amendment{Target: 3, By: village()[2]},
		population.PeriodClosed{Period: month("2026-01")},
	} {
		rec := record(f, 1, journal.Envelope{}, e)
		f.Add(rec.Head, rec.Body)
	}
	db := openDB(f)
	f.Fuzz(func(t *testing.T, head, body []byte) {
		txn := db.NewTransactionAt(1, true)
		defer txn.Discard()
		tx := register.Begin(txn, station)
		for i, e := range village() {
			if _, err := tx.Apply(mint, record(t, uint64(i+1), journal.Envelope{}, e)); err != nil {
				t.Fatal(err)
			}
		}
		rec := journal.Record{Seq: tx.Applied() + 1, Head: head, Body: body}
		if _, err := tx.Apply(mint, rec); err != nil {
			t.Fatal(err)
		}
		if err := tx.Flush(); err != nil {
			t.Fatal(err)
		}
		v := tx.View()
		err := v.Persons(func(p *population.Person) bool {
			v.Members(p.Household())
			return true
		})
		if err != nil || v.Err() != nil {
			t.Fatal(err, v.Err())
		}
	})
}
