package registrar

import (
	"fmt"
	"slices"

	"tramxa/appliance/population"
	"tramxa/appliance/rules"
)

// minter gives ids to what the entries of one command create.
type minter struct {
	view   rules.View
	mint   population.Mint
	serial uint32 // next free; 0 none left
	minted []population.ID
	queue  []population.ID // of a command seen before: the ids it got, in this order; else nil
	seq    uint64          // of a command seen before: the entry it got
	user   uint32          // of a command seen before: the user number it got; else 0
	err    error
}

// next mints an id.
func (m *minter) next() population.ID {
	if m.serial == 0 {
		m.fail("no serials are left under this mint number")
		return 0
	}
	id := population.NewID(m.mint, m.serial)
	m.serial++
	m.minted = append(m.minted, id)
	return id
}

func (m *minter) fail(what string) {
	if m.err == nil {
		m.err = fmt.Errorf("%w: %s", ErrBadCommand, what)
	}
}

// fresh fills the id of something new. A caller that counts along may state the
// id that comes next; any other is refused, for it may be somebody else's.
func (m *minter) fresh(id population.ID) population.ID {
	if len(m.queue) > 0 {
		got := m.queue[0]
		m.queue = m.queue[1:]
		if id == 0 || !m.olderThan(id, m.seq) {
			m.minted = append(m.minted, got)
		}
		return or(id, got)
	}
	if id == 0 {
		return m.next()
	}
	if m.serial != 0 && id == population.NewID(m.mint, m.serial) {
		return m.next()
	}
	m.fail("the id of something new is given by the station: leave it empty")
	return id
}

// olderThan reports that the person was in the book before seq was written.
func (m *minter) olderThan(id population.ID, seq uint64) bool {
	for _, l := range m.view.Live(population.Ref{Type: population.TypePerson, ID: id}) {
		if l.Seq < seq {
			return true
		}
	}
	return false
}

// person fills the id of a person who may have been in the book before.
func (m *minter) person(id population.ID) population.ID {
	id = m.known(id)
	if id != 0 && len(m.queue) == 0 && m.view.Person(id) != nil {
		return id
	}
	return m.fresh(id)
}

// known replaces the stand-ins of NewID.
func (m *minter) known(id population.ID) population.ID {
	if id == 0 || id.Mint() != 0 {
		return id
	}
	if n := int(id.Serial()); n <= len(m.minted) {
		return m.minted[n-1]
	}
	m.fail("it names an id that it does not mint")
	return 0
}

// fill returns e with ids minted where it creates something and stand-ins
// replaced everywhere. The caller's slices are left as they are.
func (m *minter) fill(e population.Entry) population.Entry {
	switch e := e.(type) {
	case population.HouseholdOpened:
		e.Area = m.known(e.Area)
		e.ID = m.fresh(e.ID)
		e.Members = slices.Clone(e.Members)
		for i := range e.Members {
			e.Members[i].ID = m.fresh(e.Members[i].ID)
		}
		for i := range e.Members {
			e.Members[i].Facts = m.kin(e.Members[i].Facts)
		}
		return e
	case population.PersonRegistered:
		e.Household = m.known(e.Household)
		e.Member = m.member(e.Member, m.fresh)
		return e
	case population.Birth:
		e.Household = m.known(e.Household)
		e.Child = m.member(e.Child, m.fresh)
		return e
	case population.Arrival:
		e.Household = m.known(e.Household)
		e.Member = m.member(e.Member, m.person)
		return e
	case population.ScopeCorrection:
		e.Household, e.Person, e.Canonical = m.known(e.Household), m.known(e.Person), m.known(e.Canonical)
		if e.Scope == population.ScopeMissed {
			e.Member = m.member(e.Member, m.person)
		}
		return e
	case population.HouseholdSplit:
		e.From, e.Area = m.known(e.From), m.known(e.Area)
		e.New = m.fresh(e.New)
		e.Persons = m.placed(e.Persons)
		return e
	case population.AreaDefined:
		if e.ID = m.known(e.ID); e.ID == 0 || len(m.queue) > 0 || m.view.Area(e.ID) == nil {
			e.ID = m.fresh(e.ID)
		}
		return e
	case population.UserCreated:
		if e.Number == 0 {
			e.Number = m.nextUser()
		}
		return e
	}
	return m.fillKnown(e)
}

// fillKnown is fill for the kinds that create nothing.
func (m *minter) fillKnown(e population.Entry) population.Entry {
	switch e := e.(type) {
	case population.Death:
		e.Person = m.known(e.Person)
		return e
	case population.Departure:
		e.Household = m.known(e.Household)
		e.Persons = slices.Clone(e.Persons)
		for i := range e.Persons {
			e.Persons[i] = m.known(e.Persons[i])
		}
		return e
	case population.MoveInside:
		e.From, e.Into, e.Persons = m.known(e.From), m.known(e.Into), m.placed(e.Persons)
		return e
	case population.HouseholdJoined:
		e.From, e.Into, e.Persons = m.known(e.From), m.known(e.Into), m.placed(e.Persons)
		return e
	case population.HeadChanged:
		e.Household, e.Head, e.Relations = m.known(e.Household), m.known(e.Head), m.placed(e.Relations)
		return e
	case population.Marriage:
		e.A, e.B = m.known(e.A), m.known(e.B)
		return e
	case population.Divorce:
		e.A, e.B = m.known(e.A), m.known(e.B)
		return e
	case population.InformationChanged:
		e.Person, e.To = m.known(e.Person), m.kin(e.To)
		return e
	case population.HouseholdChanged:
		e.Household, e.Area = m.known(e.Household), m.known(e.Area)
		return e
	}
	return e
}

func (m *minter) member(p population.Member, id func(population.ID) population.ID) population.Member {
	p.ID = id(p.ID)
	p.Facts = m.kin(p.Facts)
	return p
}

func (m *minter) kin(f population.Facts) population.Facts {
	f.Mother, f.Father, f.Spouse = m.known(f.Mother), m.known(f.Father), m.known(f.Spouse)
	return f
}

func (m *minter) placed(ps []population.Placed) []population.Placed {
	ps = slices.Clone(ps)
	for i := range ps {
		ps[i].Person = m.known(ps[i].Person)
	}
	return ps
}

func (m *minter) nextUser() uint32 {
	if m.user != 0 {
		return m.user
	}
	n := uint32(1)
	for m.view.User(n) != nil {
		n++
	}
	return n
}

// fillAmendment gives the body of an amendment the ids of what the entry it
// amends created; persons it adds are minted.
func (m *minter) fillAmendment(by, old population.Entry) population.Entry {
	switch by := by.(type) {
	case population.HouseholdOpened:
		o, ok := old.(population.HouseholdOpened)
		if !ok {
			return by
		}
		by.ID = or(by.ID, o.ID)
		by.Members = slices.Clone(by.Members)
		if len(m.queue) == len(by.Members)+1 {
			for i := range by.Members {
				by.Members[i].ID = or(by.Members[i].ID, m.queue[i+1])
			}
			return by
		}
		for i := range by.Members {
			if id := by.Members[i].ID; id == 0 || m.view.Person(id) == nil {
				by.Members[i].ID = m.fresh(id)
			}
		}
		return by
	case population.HouseholdSplit:
		if o, ok := old.(population.HouseholdSplit); ok {
			by.New = or(by.New, o.New)
		}
		return by
	case population.AreaDefined:
		if o, ok := old.(population.AreaDefined); ok {
			by.ID = or(by.ID, o.ID)
		}
		return by
	case population.PersonRegistered:
		if o, ok := old.(population.PersonRegistered); ok {
			by.Member.ID = or(by.Member.ID, o.Member.ID)
		}
		return by
	case population.Birth:
		if o, ok := old.(population.Birth); ok {
			by.Child.ID = or(by.Child.ID, o.Child.ID)
		}
		return by
	case population.Arrival:
		if o, ok := old.(population.Arrival); ok {
			by.Member.ID = or(by.Member.ID, o.Member.ID)
		}
		return by
	case population.ScopeCorrection:
		if o, ok := old.(population.ScopeCorrection); ok && by.Scope == population.ScopeMissed {
			by.Member.ID = or(by.Member.ID, o.Member.ID)
		}
		return by
	}
	return by
}

func or(id, other population.ID) population.ID {
	if id != 0 {
		return id
	}
	return other
}
