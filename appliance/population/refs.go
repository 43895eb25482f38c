package population

// refs collects the entities of an entry: no zero ids, no duplicates.
type refs []Ref

func (rs refs) add(t EntityType, id ID) refs {
	if id == 0 {
		return rs
	}
	r := Ref{t, id}
	for _, have := range rs {
		if have == r {
			return rs
		}
	}
	return append(rs, r)
}

func (rs refs) household(id ID) refs { return rs.add(TypeHousehold, id) }
func (rs refs) person(id ID) refs    { return rs.add(TypePerson, id) }

func (rs refs) placed(ps []Placed) refs {
	for i := range ps {
		rs = rs.person(ps[i].Person)
	}
	return rs
}

// Refs implements Entry.

func (e HouseholdOpened) Refs() []Ref {
	rs := make(refs, 0, 1+len(e.Members)).household(e.ID)
	for i := range e.Members {
		rs = rs.person(e.Members[i].ID)
	}
	return rs
}

func (e PersonRegistered) Refs() []Ref {
	return refs(nil).household(e.Household).person(e.Member.ID)
}

func (e Birth) Refs() []Ref {
	return refs(nil).household(e.Household).person(e.Child.ID)
}

func (e Death) Refs() []Ref { return refs(nil).person(e.Person) }

func (e Arrival) Refs() []Ref {
	return refs(nil).household(e.Household).person(e.Member.ID)
}

func (e Departure) Refs() []Ref {
	rs := make(refs, 0, 1+len(e.Persons)).household(e.Household)
	for _, id := range e.Persons {
		rs = rs.person(id)
	}
	return rs
}

func (e MoveInside) Refs() []Ref {
	return make(refs, 0, 2+len(e.Persons)).household(e.From).household(e.Into).placed(e.Persons)
}

func (e Marriage) Refs() []Ref { return refs(nil).person(e.A).person(e.B) }

func (e Divorce) Refs() []Ref { return refs(nil).person(e.A).person(e.B) }

func (e InformationChanged) Refs() []Ref { return refs(nil).person(e.Person) }

func (e HouseholdChanged) Refs() []Ref { return refs(nil).household(e.Household) }

func (e HeadChanged) Refs() []Ref {
	return make(refs, 0, 2+len(e.Relations)).household(e.Household).person(e.Head).placed(e.Relations)
}

func (e HouseholdSplit) Refs() []Ref {
	return make(refs, 0, 2+len(e.Persons)).household(e.From).household(e.New).placed(e.Persons)
}

func (e HouseholdJoined) Refs() []Ref {
	return make(refs, 0, 2+len(e.Persons)).household(e.From).household(e.Into).placed(e.Persons)
}

func (e ScopeCorrection) Refs() []Ref {
	return refs(nil).household(e.Household).person(e.subject())
}

// subject is the person whose stay the correction opens or ends.
func (e ScopeCorrection) subject() ID {
	if e.Scope == ScopeMissed {
		return e.Member.ID
	}
	return e.Person
}

func (Amendment) Refs() []Ref { return nil }

func (Annulment) Refs() []Ref { return nil }

func (e SamePerson) Refs() []Ref { return refs(nil).person(e.Canonical).person(e.Other) }

func (e SamePersonUndone) Refs() []Ref { return refs(nil).person(e.Canonical).person(e.Other) }

func (e AreaDefined) Refs() []Ref { return refs(nil).add(TypeArea, e.ID) }

func (e UserCreated) Refs() []Ref { return refs(nil).add(TypeUser, ID(e.Number)) }

func (e UserChanged) Refs() []Ref { return refs(nil).add(TypeUser, ID(e.Number)) }

func (e OperationBegun) Refs() []Ref { return refs(nil).add(TypeOperation, ID(e.Undoes)) }

func (e OperationEnded) Refs() []Ref { return refs(nil).add(TypeOperation, ID(e.Operation)) }

func (PeriodClosed) Refs() []Ref { return nil }

func (Unknown) Refs() []Ref { return nil }
