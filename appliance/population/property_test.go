package population

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// crowd is a few persons and households to which random entries happen.
type crowd struct{ *rand.Rand }

func (c crowd) person() ID    { return own(101 + c.Uint32N(4)) }
func (c crowd) household() ID { return own(201 + c.Uint32N(3)) }

func (c crowd) date() Date {
	d := day(2026, 1+c.IntN(4), 1+c.IntN(28))
	switch c.IntN(8) {
	case 0:
		return Date{}
	case 1:
		d.Day = 0
	case 2:
		d.Day, d.Month = 0, 0
	}
	return d
}

// period is any, or none: what was typed may be anything.
func (c crowd) period() Period {
	if c.IntN(6) == 0 {
		return 0
	}
	return MonthPeriod(2026, 1+c.IntN(6))
}

func (c crowd) member() Member {
	return Member{c.person(), Code(c.IntN(9)), Facts{Name: "An", Marital: Code(c.IntN(4))}}
}

func (c crowd) placed() (ps []Placed) {
	for range c.IntN(3) {
		ps = append(ps, Placed{c.person(), Code(c.IntN(9))})
	}
	return ps
}

func (c crowd) entry() Entry {
	d, p := c.date(), c.period()
	switch c.IntN(18) {
	case 0:
		return HouseholdOpened{ID: c.household(), Area: c.household(), Date: d, Period: p, Members: []Member{c.member(), c.member()}}
	case 1:
		return PersonRegistered{Household: c.household(), Member: c.member(), Date: d, Period: p}
	case 2:
		m := c.member()
		m.Born = d
		return Birth{Household: c.household(), Child: m, Period: p}
	case 3:
		return Death{Person: c.person(), Date: d, Period: p}
	case 4, 5, 6:
		return Arrival{Household: c.household(), Member: c.member(), Date: d, Period: p}
	case 7, 8:
		return Departure{Household: c.household(), Persons: []ID{c.person(), c.person()}, Whole: c.IntN(4) == 0, Date: d, Period: p}
	case 9, 10:
		return MoveInside{From: c.household(), Into: c.household(), Persons: c.placed(), Date: d, Period: p}
	case 11:
		return HouseholdSplit{From: c.household(), New: c.household(), Persons: c.placed(), Date: d, Period: p}
	case 12:
		return HouseholdJoined{From: c.household(), Into: c.household(), Persons: c.placed(), Date: d, Period: p}
	case 13:
		return HouseholdChanged{Household: c.household(), Area: c.household(), Date: d, Period: p}
	case 14:
		return ScopeCorrection{Scope: Scope(c.IntN(4)), Person: c.person(), Canonical: c.person(), Household: c.household(), Member: c.member(), Date: d, Period: p}
	case 15:
		return HeadChanged{Household: c.household(), Head: c.person(), Relations: c.placed(), Date: d, Period: p}
	case 16:
		return SamePerson{Canonical: c.person(), Other: c.person(), Date: d, Period: p}
	}
	return SamePersonUndone{Canonical: c.person(), Other: c.person(), Date: d, Period: p}
}

// TestFoldsOfAnything: whatever happens in whatever order, periods are monotone,
// at most the last stay is open, the dead stay out; and the fold depends on the
// entries alone, not on the order in which they are handed over.
func TestFoldsOfAnything(t *testing.T) {
	c := crowd{rand.New(rand.NewPCG(11, 12))}
	stays := 0
	for range 1500 {
		live := make([]Located, 1+c.IntN(14))
		for i := range live {
			live[i] = Located{uint64(3*i + 1), c.entry()}
		}
		for i := range 4 {
			stays += checkPerson(t, c.Rand, own(uint32(101+i)), live)
		}
		for i := range 3 {
			checkHousehold(t, c.Rand, own(uint32(201+i)), live)
		}
	}
	if stays < 3000 {
		t.Errorf("only %d stays: the entries are too tame", stays)
	}
}

func checkPerson(t *testing.T, rnd *rand.Rand, id ID, live []Located) int {
	t.Helper()
	mine := concerning(live, Ref{TypePerson, id})
	before := slices.Clone(mine)
	p := FoldPerson(id, mine)
	checkStays(t, &p)
	if !reflect.DeepEqual(mine, before) {
		t.Fatal("the fold changed what it was given")
	}
	if len(mine) > 0 && p.Last != mine[len(mine)-1].Seq {
		t.Errorf("last %d of %d", p.Last, mine[len(mine)-1].Seq)
	}
	shuffled(rnd, mine)
	if again := FoldPerson(id, mine); !reflect.DeepEqual(p, again) {
		t.Fatalf("%+v\nin another order\n%+v", p, again)
	}
	return len(p.Stays)
}

func checkHousehold(t *testing.T, rnd *rand.Rand, id ID, live []Located) {
	t.Helper()
	mine := concerning(live, Ref{TypeHousehold, id})
	h := FoldHousehold(id, mine)
	for i, m := range h.Moves {
		if i > 0 && (m.FromPer < h.Moves[i-1].FromPer || m.Area == h.Moves[i-1].Area) {
			t.Errorf("areas of %v run backwards: %+v", id, h.Moves)
		}
	}
	if h.Exists() && h.Area != h.Moves[len(h.Moves)-1].Area {
		t.Errorf("area of %v is not the last: %+v", id, h)
	}
	shuffled(rnd, mine)
	if again := FoldHousehold(id, mine); !reflect.DeepEqual(h, again) {
		t.Fatalf("%+v\nin another order\n%+v", h, again)
	}
}

func concerning(live []Located, r Ref) []Located {
	var out []Located
	for _, l := range live {
		if slices.Contains(l.Entry.Refs(), r) {
			out = append(out, l)
		}
	}
	return out
}

func shuffled(rnd *rand.Rand, live []Located) {
	rnd.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
}

// TestFoldsOfAllKinds: no fold stumbles over an entry that is not about it.
func TestFoldsOfAllKinds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	for range 300 {
		var live []Located
		for i, k := range Kinds() {
			live = append(live, Located{uint64(i + 1), randomEntry(rnd, k)})
		}
		live = append(live, Located{100, Unknown{Of: 4000, Version: 1}})
		for _, l := range live {
			for _, r := range l.Entry.Refs() {
				switch r.Type {
				case TypePerson:
					p := FoldPerson(r.ID, live)
					checkStays(t, &p)
				case TypeHousehold:
					FoldHousehold(r.ID, live)
				case TypeArea:
					FoldArea(r.ID, live)
				case TypeUser:
					FoldUser(uint32(r.ID), live)
				case TypeOperation:
					FoldOperation(uint64(r.ID), live)
				}
			}
		}
	}
}

func TestFoldsOfAreasUsersOperations(t *testing.T) {
	areas := []Located{
		{1, AreaDefined{ID: own(3), Number: 5, Unit: 23764, Hamlet: "Làng Ốp", Date: day(2026, 1, 1)}},
		{9, AreaDefined{ID: own(3), Number: 5, Unit: 23764, Hamlet: "Làng Ốp", Collaborator: 4, Date: day(2026, 2, 1)}},
	}
	if got, want := FoldArea(own(3), areas), (Area{own(3), 5, 23764, "Làng Ốp", 4, false, 9}); got != want {
		t.Errorf("area %+v", got)
	}
	users := []Located{
		{8, UserChanged{Number: 4, Name: "Siu Blik", Role: RoleOfficer, Disabled: true}},
		{2, UserCreated{Number: 4, Login: "ctv4", Name: "Blik", Role: RoleCollaborator, Areas: []ID{own(3)}}},
	}
	if got, want := FoldUser(4, users), (User{Number: 4, Login: "ctv4", Name: "Siu Blik", Role: RoleOfficer, Disabled: true, Last: 8}); !reflect.DeepEqual(got, want) {
		t.Errorf("user %+v", got)
	}
	operation := []Located{
		{10, OperationBegun{What: "import", Source: "a0.csv", Rows: 100}},
		{60, OperationEnded{Operation: 10, Taken: 48, Refused: 52, Broken: true}},
	}
	want := Operation{ID: 10, What: "import", Source: "a0.csv", Rows: 100, Taken: 48, Refused: 52, Ended: true, Broken: true}
	if got := FoldOperation(10, operation); !reflect.DeepEqual(got, want) {
		t.Errorf("operation %+v", got)
	}
	want.Undone = true
	if got := FoldOperation(10, append(operation, Located{70, OperationBegun{What: "undo", Undoes: 10}})); !reflect.DeepEqual(got, want) {
		t.Errorf("operation undone %+v", got)
	}
}
