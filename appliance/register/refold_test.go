package register_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// play writes n entries of chaos into the scribe's journal and returns them.
func play(s *scribe, seed uint64, n int) *chaos {
	c := newChaos(seed)
	for range n {
		s.write(c.next())
	}
	return c
}

// The rows depend on the journal alone: not on how records were grouped into
// transactions, nor on what was tried and taken back between them.
func TestRefoldRebuildsTheRegister(t *testing.T) {
	for seed := range uint64(8) {
		one := newScribe(t)
		play(one, seed, 250)
		one.apply() // all in one transaction

		single, groups := newScribe(t), newScribe(t)
		for _, rec := range one.records { // one a transaction: nothing stays decoded between them
			single.records = append(single.records, rec)
			single.apply()
		}
		rnd := rand.New(rand.NewPCG(seed, 2))
		for len(groups.records) < len(one.records) {
			size := min(1+rnd.IntN(40), len(one.records)-len(groups.records))
			groups.update(func(tx *register.Tx) {
				for range size {
					rec := one.records[len(groups.records)]
					if rnd.IntN(2) == 0 {
						tryAndTakeBack(t, tx, rnd)
					}
					if _, err := tx.Apply(mint, rec); err != nil {
						t.Fatal(err)
					}
					groups.records = append(groups.records, rec)
				}
			})
		}
		want := one.dump()
		if got := single.dump(); got != want {
			t.Fatalf("seed %d: one record a transaction gives other rows:\n%s", seed, firstDifference(got, want))
		}
		if got := groups.dump(); got != want {
			t.Fatalf("seed %d: groups with refused commands give other rows:\n%s", seed, firstDifference(got, want))
		}
		if one.hash() != single.hash() || one.hash() != groups.hash() {
			t.Fatalf("seed %d: equal rows have unequal hashes", seed)
		}
	}
}

// tryAndTakeBack applies some other entries and rolls them back.
func tryAndTakeBack(t *testing.T, tx *register.Tx, rnd *rand.Rand) {
	t.Helper()
	tx.Savepoint()
	c := newChaos(rnd.Uint64())
	for range 1 + rnd.IntN(8) {
		rec := record(t, uint64(tx.Applied())+1, journal.Envelope{Device: 9, DeviceSeq: 1}, c.next())
		if _, err := tx.Apply(mint, rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func firstDifference(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-200)
	return "got  …" + got[from:min(len(got), i+200)] + "\nwant …" + want[from:min(len(want), i+200)]
}

// model is the meaning of amendments and annulments said once more, slowly:
// the entries in force, from the list of what was written.
type model struct {
	said    []population.Entry
	targets map[uint64][]uint64 // of annulments, settled when they were written
}

func newModel(said []population.Entry) *model {
	m := &model{targets: make(map[uint64][]uint64)}
	for i, e := range said {
		m.said = said[:i+1]
		a, ok := e.(population.Annulment)
		if !ok {
			continue
		}
		m.said = said[:i] // the annulment itself is not yet in force
		var targets []uint64
		for s := a.First; s <= a.Last; s++ {
			if m.live(s) {
				targets = append(targets, s)
			}
		}
		m.targets[uint64(i+1)] = targets
	}
	m.said = said
	return m
}

func (m *model) live(seq uint64) bool {
	for a, targets := range m.targets {
		if a <= uint64(len(m.said)) && slices.Contains(targets, seq) && m.live(a) {
			return false
		}
	}
	return true
}

func (m *model) entry(seq uint64) population.Entry {
	e := m.said[seq-1]
	for i, later := range m.said {
		if a, ok := later.(population.Amendment); ok && a.Target == seq && m.live(uint64(i+1)) {
			e = a.By
		}
	}
	return e
}

func (m *model) located(ref population.Ref) []population.Located {
	var list []population.Located
	for i := range m.said {
		seq := uint64(i + 1)
		if e := m.entry(seq); m.live(seq) && slices.Contains(e.Refs(), ref) {
			list = append(list, population.Located{Seq: seq, Entry: e})
		}
	}
	return list
}

// Every state is the fold of the entity's live entries, and every index finds
// exactly who is to be found by it.
func TestStatesAreTheFoldOfLiveEntries(t *testing.T) {
	for seed := range uint64(12) {
		s := newScribe(t)
		c := play(s, 100+seed, 150)
		for _, o := range s.apply() {
			if o.Reason != register.Folded && o.Reason != register.BadTarget {
				t.Fatalf("seed %d: %s", seed, o.Reason)
			}
		}
		m := newModel(c.said)
		s.view(func(v *register.View) {
			members := make(map[population.ID][]population.ID)
			for n := range uint32(12) {
				ref := population.Ref{Type: population.TypePerson, ID: id(1 + n)}
				live := m.located(ref)
				want := population.FoldPerson(ref.ID, live)
				got := v.Person(ref.ID)
				if !want.Exists() {
					if got != nil {
						t.Fatalf("seed %d: person %v is in the register without having entered", seed, ref.ID)
					}
					continue
				}
				if !reflect.DeepEqual(got, &want) {
					t.Fatalf("seed %d: person %v\n got %+v\nwant %+v", seed, ref.ID, got, want)
				}
				checkFound(t, v, &want)
				if h := want.Household(); h != 0 {
					members[h] = append(members[h], ref.ID)
				}
			}
			for n := range uint32(5) {
				ref := population.Ref{Type: population.TypeHousehold, ID: id(101 + n)}
				want := population.FoldHousehold(ref.ID, m.located(ref))
				got := v.Household(ref.ID)
				if want.Exists() != (got != nil) || got != nil && !reflect.DeepEqual(got, &want) {
					t.Fatalf("seed %d: household %v\n got %+v\nwant %+v", seed, ref.ID, got, want)
				}
				list := v.Members(ref.ID)
				slices.Sort(list)
				if !slices.Equal(list, members[ref.ID]) {
					t.Fatalf("seed %d: members of %v: %v, want %v", seed, ref.ID, list, members[ref.ID])
				}
			}
			checkPeriods(t, v, m)
		})
	}
}

// checkFound proves that a person is found by each of his facts.
func checkFound(t *testing.T, v *register.View, p *population.Person) {
	t.Helper()
	if !slices.Contains(v.Similar(population.Key2(p.Name)), p.ID) {
		t.Fatalf("%v not found by name", p.ID)
	}
	if p.Born.Year != 0 && !slices.Contains(v.Born(p.Born), p.ID) {
		t.Fatalf("%v not found by birth date", p.ID)
	}
	if n, ok := population.NormNumber(p.Number); ok != slices.Contains(v.ByNumber(n), p.ID) {
		t.Fatalf("%v by number: %v", p.ID, ok)
	}
	if p.Mother != 0 && !slices.Contains(v.Children(p.Mother), p.ID) {
		t.Fatalf("%v is not among the children", p.ID)
	}
}

// checkPeriods proves that a period lists exactly the live entries counted in
// it, and that periods are closed by live entries only.
func checkPeriods(t *testing.T, v *register.View, m *model) {
	t.Helper()
	want := make(map[population.Period][]uint64)
	var closed population.Period
	for i := range m.said {
		seq := uint64(i + 1)
		e := m.entry(seq)
		if !m.live(seq) {
			continue
		}
		if p := e.Counted(); p != 0 {
			want[p] = append(want[p], seq)
		}
		if c, ok := e.(population.PeriodClosed); ok {
			closed = max(closed, c.Period)
		}
	}
	for p := month("2024-01"); p <= month("2025-12"); p++ {
		var got []uint64
		err := v.EntriesOfPeriod(p, func(l population.Located) bool {
			got = append(got, l.Seq)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want[p]) {
			t.Fatalf("%s lists %v, want %v", p, got, want[p])
		}
	}
	if v.LastClosed() != closed {
		t.Fatalf("last closed %s, want %s", v.LastClosed(), closed)
	}
}

// "As known on" is the register as it was: the state of an entity as known at a
// record equals the state in a register that never saw more.
func TestAsKnownIsTheRegisterOfThatTime(t *testing.T) {
	for seed := range uint64(4) {
		all, then := newScribe(t), newScribe(t)
		play(all, 300+seed, 120)
		all.apply()
		for _, rec := range all.records {
			then.records = append(then.records, rec)
			then.apply()
			if rec.Seq%7 != 0 {
				continue
			}
			for n := range uint32(12) {
				var want *population.Person
				then.view(func(v *register.View) { want = v.Person(id(1 + n)) })
				all.view(func(v *register.View) {
					got, err := v.PersonAsOf(id(1+n), population.Date{}, uint64(rec.Seq))
					if err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(got, want) {
						t.Fatalf("seed %d: %v as known at %d\n got %+v\nwant %+v", seed, id(1+n), rec.Seq, got, want)
					}
				})
			}
		}
	}
}
