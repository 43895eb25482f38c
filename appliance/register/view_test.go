package register_test

import (
	"slices"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

func serials(ids []population.ID) []uint32 {
	var list []uint32
	for _, id := range ids {
		list = append(list, id.Serial())
	}
	return list
}

// The household page: members in the order of the A0 sheet, who came later at
// the end, who left not at all.
func TestHouseholdKeepsTheOrderOfTheSheet(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	s.enter(
		population.MoveInside{From: id(30), Into: id(10), Persons: []population.Placed{{Person: id(32), Relation: population.RelOther}}, Date: day("2026-02-03"), Period: month("2026-02")},
		population.Birth{Household: id(10), Child: member(14, population.RelChild, "Gái", population.Female, "2026-02-10"), Order: 2, Period: month("2026-02")},
		population.Departure{Persons: []population.ID{id(12)}, Household: id(10), Date: day("2026-02-20"), Period: month("2026-02")},
	)
	s.view(func(v *register.View) {
		if got := serials(v.Members(id(10))); !slices.Equal(got, []uint32{11, 13, 32, 14}) {
			t.Errorf("members %v", got)
		}
		if v.HouseholdAt(id(1), population.HouseholdNumber{Number: 12}) != id(10) ||
			v.HouseholdAt(id(2), population.HouseholdNumber{Number: 12}) != id(30) ||
			v.HouseholdAt(id(1), population.HouseholdNumber{Number: 100}) != 0 {
			t.Error("household numbers are not unique in their area")
		}
		if v.AreaByNumber(6) != id(2) || v.AreaByNumber(7) != 0 {
			t.Error("areas by number")
		}
		var numbers []uint32
		for _, h := range v.HouseholdsOf(id(1)) {
			numbers = append(numbers, h.Number.Number)
		}
		if !slices.Equal(numbers, []uint32{12, 100}) {
			t.Errorf("households of the area: %v", numbers)
		}
	})
	s.enter(population.Departure{Persons: []population.ID{id(31)}, Household: id(30), Whole: true, Date: day("2026-03-01"), Period: month("2026-03")})
	s.view(func(v *register.View) {
		if v.HouseholdAt(id(2), population.HouseholdNumber{Number: 12}) != 0 || len(v.HouseholdsOf(id(2))) != 0 {
			t.Error("a household that left still holds its number")
		}
	})
}

// A late entry keeps its true date; what was known when is not forgotten.
func TestAsOfADayAndAsKnown(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	before := uint64(len(s.records))
	s.enter( // in April it becomes known that he left in February
		population.Departure{Persons: []population.ID{id(13)}, Household: id(10), Date: day("2026-02-10"), Period: month("2026-04")},
	)
	active := func(on string, known uint64) (in bool) {
		s.view(func(v *register.View) {
			p, err := v.PersonAsOf(id(13), day(on), known)
			if err != nil {
				t.Fatal(err)
			}
			in = p != nil && p.Active()
		})
		return in
	}
	if active("2025-12-31", 0) {
		t.Error("in the book before he was registered")
	}
	if !active("2026-02-09", 0) || active("2026-02-10", 0) {
		t.Error("by the day: in until 9 February, out from the 10th")
	}
	if !active("2026-03-31", before) {
		t.Error("as known in March he was still here")
	}
	s.view(func(v *register.View) {
		h, err := v.HouseholdAsOf(id(10), day("2025-12-31"), 0)
		if err != nil || h != nil {
			t.Errorf("the household existed before it was opened: %v %v", h, err)
		}
	})
}

// An amendment replaces, an annulment takes back, annulling the annulment
// brings back, and the history shows it all.
func TestAmendAndAnnul(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	death := uint64(len(s.records) + 1)
	s.enter(population.Death{Person: id(11), Date: day("2026-02-01"), Period: month("2026-02")})
	state := func() (dead11, dead12 bool) {
		s.view(func(v *register.View) { dead11, dead12 = v.Person(id(11)).Dead, v.Person(id(12)).Dead })
		return
	}
	check := func(what string, want11, want12 bool) {
		t.Helper()
		if a, b := state(); a != want11 || b != want12 {
			t.Errorf("%s: dead %v %v, want %v %v", what, a, b, want11, want12)
		}
	}
	check("written", true, false)
	s.enter(population.Amendment{Target: death, By: population.Death{Person: id(12), Date: day("2026-02-01"), Period: month("2026-02")}})
	check("amended to the wife", false, true)
	s.enter(population.Annulment{First: death, Last: death})
	check("annulled", false, false)
	annulment := uint64(len(s.records))
	s.enter(population.Annulment{First: annulment, Last: annulment})
	check("annulment annulled", false, true)
	s.enter(population.Annulment{First: death + 1, Last: death + 1})
	check("amendment annulled", true, false)
	s.view(func(v *register.View) {
		for _, p := range []uint32{11, 12} {
			past, err := v.History(population.Ref{Type: population.TypePerson, ID: id(p)})
			if err != nil {
				t.Fatal(err)
			}
			if len(past) != 2 || past[1].Seq != death || !past[1].Live() || past[1].Meta.Envelope.Actor != 1 {
				t.Errorf("history of %d: %+v", p, past)
			}
		}
	})
}

// An import is one operation: its entries are listed, and an annulment under
// an operation of its own marks it undone.
func TestOperationsListTheirEntries(t *testing.T) {
	s := newScribe(t)
	s.enter(population.OperationBegun{What: "import", Source: "so-a0.csv", Rows: 6, Digest: make([]byte, 32)})
	for _, e := range village() {
		seq := uint64(len(s.records) + 1)
		s.records = append(s.records, record(t, seq, journal.Envelope{Op: 1, Device: 8, DeviceSeq: seq}, e))
	}
	s.enter(population.OperationEnded{Operation: 1, Taken: 6})
	s.enter(population.OperationBegun{What: "undo", Undoes: 1})
	s.view(func(v *register.View) {
		var series []uint64
		if err := v.Series(1, func(seq uint64) bool { series = append(series, seq); return true }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(series, []uint64{2, 3, 4, 5, 6}) {
			t.Errorf("series %v", series)
		}
		o := v.Operation(1)
		if o == nil || o.What != "import" || o.Taken != 6 || !o.Ended || !o.Undone {
			t.Errorf("operation %+v", o)
		}
		if len(v.Operations()) != 2 || len(v.Areas()) != 2 {
			t.Errorf("%d operations, %d areas", len(v.Operations()), len(v.Areas()))
		}
		if seqs, ok := v.Repeat(8, 3); !ok || !slices.Equal(seqs, []uint64{3}) {
			t.Errorf("command key: %v %v", seqs, ok)
		}
		if _, ok := v.Repeat(8, 99); ok {
			t.Error("a key never used was found")
		}
	})
}

// Serials are never given twice, whatever became of the entry they were in.
func TestSerialsAreNeverGivenTwice(t *testing.T) {
	s := newScribe(t)
	next := func() (n uint32) {
		s.update(func(tx *register.Tx) { n = tx.NextSerial(mint) })
		return n
	}
	if next() != 1 {
		t.Errorf("a new station begins at %d", next())
	}
	s.enter(village()...)
	if next() != 33 {
		t.Errorf("next serial %d, want 33", next())
	}
	s.enter(population.Annulment{First: 1, Last: 5})
	if next() != 33 {
		t.Errorf("next serial after undoing %d, want 33", next())
	}
	s.update(func(tx *register.Tx) {
		if n := tx.NextSerial(mint + 1); n != 1 {
			t.Errorf("another mint begins at %d", n)
		}
	})
}

// Closing a month closes those before it; taken back, it is open again.
func TestClosingAMonthClosesThoseBefore(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	check := func(closed, open string) {
		t.Helper()
		s.view(func(v *register.View) {
			if closed != "" && (!v.PeriodClosed(month(closed)) || !v.PeriodClosed(month(closed)-5)) || v.PeriodClosed(month(open)) || v.PeriodClosed(0) {
				t.Errorf("last closed is %s", v.LastClosed())
			}
		})
	}
	check("", "2026-01")
	s.enter(population.PeriodClosed{Period: month("2026-02")})
	check("2026-02", "2026-03")
	s.enter(population.PeriodClosed{Period: month("2026-03")}, population.PeriodClosed{Period: month("2026-03")})
	check("2026-03", "2026-04")
	s.enter(population.Annulment{First: 7, Last: 7}) // one of the two
	check("2026-03", "2026-04")
	s.enter(population.Annulment{First: 8, Last: 8})
	check("2026-02", "2026-03")
}
