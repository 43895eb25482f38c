package population

// FoldPerson returns the state of a person: the fold of the live entries that
// refer to it, in any order. It is pure and total: whatever was typed has a
// result, and never fails.
//
//   - An entry that puts a person in the book is ignored while a stay is open,
//     and after death or a same-person link.
//   - An entry that takes a person out, or moves it, is ignored while no stay is
//     open; a death is remembered all the same.
//   - Periods of stays never run backwards: a stay begins in no earlier period
//     than the stay before it ended, and ends in no earlier one than it began. So
//     stock and flow agree in every period, whatever the dates say.
//   - At most the last stay is open.
func FoldPerson(id ID, live []Located) Person {
	p := personFold{Person: Person{ID: id}, live: live}
	for _, l := range inOrder(live) {
		p.apply(l)
		p.Last = max(p.Last, l.Seq)
	}
	return p.Person
}

// Exists reports whether any live entry ever put the person in the book.
func (p *Person) Exists() bool { return len(p.Stays) > 0 }

// personFold is a Person being folded.
type personFold struct {
	Person
	live []Located
}

func (p *personFold) apply(l Located) {
	switch e := l.Entry.(type) {
	case HouseholdOpened:
		for i := range e.Members {
			if e.Members[i].ID == p.ID {
				p.enter(l, i, CauseRegistered, e.ID, &e.Members[i])
				return
			}
		}
	case PersonRegistered:
		p.enter(l, 0, CauseRegistered, e.Household, &e.Member)
	case Birth:
		p.enter(l, 0, CauseBirth, e.Household, &e.Child)
	case Arrival:
		p.enter(l, 0, CauseArrival, e.Household, &e.Member)
	case Death:
		p.leave(l, CauseDeath)
		if !p.Dead {
			p.Dead, p.Died = true, e.Date
		}
	case Departure:
		p.leave(l, CauseDeparture)
	case MoveInside:
		p.move(l, e.Into, e.Persons)
	case HouseholdSplit:
		p.move(l, e.New, e.Persons)
	case HouseholdJoined:
		p.move(l, e.Into, e.Persons)
	case HeadChanged:
		p.relate(e)
	case ScopeCorrection:
		p.correct(l, e)
	default:
		p.applyFacts(l)
	}
}

// applyFacts applies the entries that leave the stays alone, and the links.
func (p *personFold) applyFacts(l Located) {
	switch e := l.Entry.(type) {
	case Marriage:
		p.Marital, p.Spouse = Married, e.A+e.B-p.ID
		if p.ID != e.A && p.ID != e.B {
			p.Spouse = 0
		}
	case Divorce:
		p.Marital, p.Spouse = Divorced, 0
	case InformationChanged:
		for _, f := range e.Changed {
			if f == FieldRelation {
				p.Relation = e.Relation
				continue
			}
			copyField(&p.Facts, &e.To, f)
		}
	case SamePerson:
		if e.Other == p.ID && e.Canonical != p.ID && !p.undone(l.Seq, e) {
			p.leave(l, CauseSame)
			p.Same = e.Canonical
		}
	}
}

// undone reports whether a later entry takes the link back.
func (p *personFold) undone(seq uint64, link SamePerson) bool {
	for i := range p.live {
		u, ok := p.live[i].Entry.(SamePersonUndone)
		if ok && p.live[i].Seq > seq && u.Other == link.Other && u.Canonical == link.Canonical {
			return true
		}
	}
	return false
}

// correct applies a finding of a review.
func (p *personFold) correct(l Located, e ScopeCorrection) {
	switch {
	case e.subject() != p.ID:
	case e.Scope == ScopeMissed:
		p.enter(l, 0, CauseMissed, e.Household, &e.Member)
	case e.Scope == ScopeDouble:
		p.leave(l, CauseDouble)
		if e.Canonical != p.ID {
			p.Same = e.Canonical
		}
	case e.Scope == ScopeOut:
		p.leave(l, CauseOut)
	}
}

// enter opens a stay, unless one is open or the person can have none.
func (p *personFold) enter(l Located, place int, cause Cause, household ID, m *Member) {
	if m.ID != p.ID || household == 0 || p.Dead || p.Same != 0 || p.Active() {
		return
	}
	p.Facts = known(m.Facts, p.Facts)
	p.open(l, place, cause, household, m.Relation)
}

func (p *personFold) open(l Located, place int, cause Cause, household ID, relation Code) {
	s := Stay{Household: household, In: cause, From: l.Entry.When(), FromPer: periodOf(l.Entry), FromSeq: l.Seq}
	if n := len(p.Stays); n > 0 {
		s.FromPer = max(s.FromPer, p.Stays[n-1].ToPer)
	}
	p.Stays = append(p.Stays, s)
	p.Relation = relation
	p.Order = l.Seq<<placeBits | uint64(min(place, 1<<placeBits-1))
}

// placeBits is how many bits of Person.Order hold the place within the entry.
const placeBits = 10

// leave closes the open stay, if there is one.
func (p *personFold) leave(l Located, cause Cause) {
	if !p.Active() {
		return
	}
	s := &p.Stays[len(p.Stays)-1]
	s.Out, s.To, s.ToPer, s.ToSeq = cause, l.Entry.When(), max(periodOf(l.Entry), s.FromPer), l.Seq
}

// move closes the open stay and opens one in another household. Moved to where
// it is, a person only gets the relation.
func (p *personFold) move(l Located, into ID, persons []Placed) {
	for i := range persons {
		if persons[i].Person != p.ID || !p.Active() || into == 0 {
			continue
		}
		if p.Household() == into {
			p.Relation = persons[i].Relation
			return
		}
		p.leave(l, CauseMoved)
		p.open(l, i, CauseMoved, into, persons[i].Relation)
		return
	}
}

// relate gives a member of the household the relation to its new head.
func (p *personFold) relate(e HeadChanged) {
	if p.Household() != e.Household || e.Household == 0 {
		return
	}
	if e.Head == p.ID {
		p.Relation = RelHead
		return
	}
	for i := range e.Relations {
		if e.Relations[i].Person == p.ID {
			p.Relation = e.Relations[i].Relation
			return
		}
	}
}

// known returns facts with what is not known in them taken from before: who comes
// back is not forgotten.
func known(facts, before Facts) Facts {
	if before == (Facts{}) {
		return facts
	}
	zero := Facts{}
	for f := FieldName; f < FieldRelation; f++ {
		one := Facts{}
		copyField(&one, &facts, f)
		if one == zero {
			copyField(&facts, &before, f)
		}
	}
	return facts
}
