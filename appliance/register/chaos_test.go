package register_test

import (
	"math/rand/v2"

	"tramxa/appliance/population"
)

// chaos writes entries without any sense over a handful of entities: every
// order of births, deaths, moves, amendments and annulments comes up, those
// the rules would never let pass too. The fold must have one answer to all.
type chaos struct {
	rnd  *rand.Rand
	last uint64
	said []population.Entry // as written, index = sequence − 1
}

func newChaos(seed uint64) *chaos { return &chaos{rnd: rand.New(rand.NewPCG(seed, 1))} }

func (c *chaos) person() population.ID    { return id(1 + c.rnd.Uint32N(12)) }
func (c *chaos) household() population.ID { return id(101 + c.rnd.Uint32N(5)) }
func (c *chaos) area() population.ID      { return id(201 + c.rnd.Uint32N(3)) }

func (c *chaos) date() population.Date {
	d := population.Date{Year: uint16(2024 + c.rnd.IntN(2)), Month: uint8(1 + c.rnd.IntN(12)), Day: uint8(1 + c.rnd.IntN(28))}
	switch c.rnd.IntN(8) {
	case 0:
		return population.Date{}
	case 1:
		d.Month, d.Day = 0, 0
	case 2:
		d.Day = 0
	}
	return d
}

func (c *chaos) period() population.Period {
	return month("2024-01") + population.Period(c.rnd.IntN(24))
}

var names = []string{"Nguyễn Văn An", "Nguyễn Thị Hòa", "H'Bia Rơ Châm", "Trai", "Đặng Thúy"}

func (c *chaos) member() population.Member {
	m := population.Member{ID: c.person(), Relation: population.Code(c.rnd.IntN(9))}
	m.Name = names[c.rnd.IntN(len(names))]
	m.Sex = population.Sex(c.rnd.IntN(3))
	m.Born = c.date()
	if c.rnd.IntN(2) == 0 {
		m.Number = []string{"001304001234", "031099765432"}[c.rnd.IntN(2)]
		m.Insurance = []string{"DN4010123456789", "0123456789"}[c.rnd.IntN(2)]
	}
	if c.rnd.IntN(2) == 0 {
		m.Mother, m.Spouse = c.person(), c.person()
	}
	return m
}

func (c *chaos) placed() []population.Placed {
	var list []population.Placed
	for range 1 + c.rnd.IntN(3) {
		list = append(list, population.Placed{Person: c.person(), Relation: population.Code(c.rnd.IntN(9))})
	}
	return list
}

func (c *chaos) number() population.HouseholdNumber {
	return population.HouseholdNumber{Number: 1 + c.rnd.Uint32N(4), Sheet: uint8(c.rnd.IntN(2))}
}

// plain makes an entry that is no amendment or annulment.
func (c *chaos) plain(kind int) population.Entry {
	switch kind {
	case 0, 1:
		e := population.HouseholdOpened{ID: c.household(), Type: population.KindFamily, Area: c.area(), Number: c.number(), Date: c.date(), Period: c.period()}
		for range 1 + c.rnd.IntN(3) {
			e.Members = append(e.Members, c.member())
		}
		return e
	case 2:
		return population.PersonRegistered{Household: c.household(), Member: c.member(), Date: c.date(), Period: c.period()}
	case 3:
		return population.Birth{Household: c.household(), Child: c.member(), Order: uint8(c.rnd.IntN(5)), Period: c.period()}
	case 4:
		return population.Death{Person: c.person(), Date: c.date(), Period: c.period()}
	case 5:
		return population.Arrival{Household: c.household(), Member: c.member(), Date: c.date(), Period: c.period()}
	case 6:
		return population.Departure{Persons: []population.ID{c.person(), c.person()}, Household: c.household(), Whole: c.rnd.IntN(3) == 0, Date: c.date(), Period: c.period()}
	case 7, 8:
		return population.MoveInside{From: c.household(), Into: c.household(), Persons: c.placed(), Date: c.date(), Period: c.period()}
	case 9:
		return population.Marriage{A: c.person(), B: c.person(), Kin: c.rnd.IntN(2) == 0, Counselled: c.rnd.IntN(2) == 0, Date: c.date(), Period: c.period()}
	case 10:
		return population.Divorce{A: c.person(), B: c.person(), Date: c.date(), Period: c.period()}
	case 11:
		return population.InformationChanged{Person: c.person(), Changed: []population.Field{population.FieldName, population.FieldMother},
			To: population.Facts{Name: names[c.rnd.IntN(len(names))], Mother: c.person()}, Date: c.date(), Period: c.period()}
	case 12:
		return population.HouseholdChanged{Household: c.household(), Area: c.area(), Number: c.number(), Closed: c.rnd.IntN(3) == 0, Date: c.date(), Period: c.period()}
	case 13:
		return population.HeadChanged{Household: c.household(), Head: c.person(), Relations: c.placed(), Date: c.date(), Period: c.period()}
	case 14:
		return population.HouseholdSplit{From: c.household(), New: c.household(), Type: population.KindFamily, Area: c.area(), Number: c.number(), Persons: c.placed(), Date: c.date(), Period: c.period()}
	case 15:
		return population.HouseholdJoined{From: c.household(), Into: c.household(), Persons: c.placed(), Date: c.date(), Period: c.period()}
	case 16:
		return population.ScopeCorrection{Scope: population.Scope(1 + c.rnd.IntN(3)), Person: c.person(), Canonical: c.person(), Household: c.household(), Member: c.member(), Date: c.date(), Period: c.period()}
	case 17:
		return population.SamePerson{Canonical: c.person(), Other: c.person(), Date: c.date(), Period: c.period()}
	case 18:
		return population.SamePersonUndone{Canonical: c.person(), Other: c.person(), Date: c.date(), Period: c.period()}
	case 19:
		return population.AreaDefined{ID: c.area(), Number: 1 + c.rnd.Uint32N(3), Unit: 23764, Hamlet: "Làng Ring", Collaborator: c.rnd.Uint32N(3), Date: c.date()}
	case 20:
		return population.UserCreated{Number: 1 + c.rnd.Uint32N(3), Login: []string{"lan", "hoa"}[c.rnd.IntN(2)], Name: "Lan", Role: population.RoleOfficer}
	case 21:
		return population.UserChanged{Number: 1 + c.rnd.Uint32N(3), Name: "Hoa", Role: population.RoleHead, Areas: []population.ID{c.area()}}
	case 22:
		return population.OperationBegun{What: "import", Rows: 3, Undoes: uint64(c.rnd.IntN(2)) * (c.last / 2)}
	case 23:
		return population.OperationEnded{Operation: 1 + c.rnd.Uint64N(c.last+1), Taken: 3}
	}
	return population.PeriodClosed{Period: c.period()}
}

const chaosKinds = 25

// next makes the next entry.
func (c *chaos) next() population.Entry {
	e := c.plain(c.rnd.IntN(chaosKinds))
	if c.last > 5 {
		switch c.rnd.IntN(6) {
		case 0:
			first := 1 + c.rnd.Uint64N(c.last)
			e = population.Annulment{First: first, Last: min(first+c.rnd.Uint64N(4), c.last)}
		case 1:
			target := 1 + c.rnd.Uint64N(c.last)
			if by := c.like(c.said[target-1]); by != nil {
				e = population.Amendment{Target: target, By: by}
			}
		}
	}
	c.last++
	c.said = append(c.said, e)
	return e
}

// like makes another entry of the same kind; nil for amendments and annulments.
func (c *chaos) like(e population.Entry) population.Entry {
	for kind := range chaosKinds {
		if by := c.plain(kind); by.Kind() == e.Kind() {
			return by
		}
	}
	return nil
}
