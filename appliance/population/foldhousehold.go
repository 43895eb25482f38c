package population

// FoldHousehold returns the state of a household: the fold of the live entries
// that refer to it, in any order. It is pure and total. A household is opened
// once; who is put into a closed one opens it again.
func FoldHousehold(id ID, live []Located) Household {
	h := Household{ID: id}
	for _, l := range inOrder(live) {
		h.apply(l)
		h.Last = max(h.Last, l.Seq)
	}
	return h
}

// Exists reports whether any live entry ever opened the household.
func (h *Household) Exists() bool { return len(h.Moves) > 0 }

func (h *Household) apply(l Located) {
	switch e := l.Entry.(type) {
	case HouseholdOpened:
		h.open(l, e.Type, e.Area, e.Number, e.Address, headOf(e.Members))
	case HouseholdSplit:
		if e.New == h.ID {
			var head ID
			if len(e.Persons) > 0 {
				head = e.Persons[0].Person
			}
			h.open(l, e.Type, e.Area, e.Number, e.Address, head)
			return
		}
		h.lose(e.Persons)
	case PersonRegistered:
		h.gain(e.Member.ID, e.Member.Relation)
	case Birth:
		h.gain(e.Child.ID, 0)
	case Arrival:
		h.gain(e.Member.ID, e.Member.Relation)
	case ScopeCorrection:
		if e.Scope == ScopeMissed {
			h.gain(e.Member.ID, e.Member.Relation)
		} else if e.Person == h.Head {
			h.Head = 0
		}
	case Departure:
		h.depart(e)
	default:
		h.applyInside(l)
	}
}

// applyInside applies moves inside the commune and changes of the household.
func (h *Household) applyInside(l Located) {
	switch e := l.Entry.(type) {
	case MoveInside:
		h.exchange(e.From, e.Into, e.Persons)
	case HouseholdJoined:
		h.exchange(e.From, e.Into, e.Persons)
		if e.From == h.ID && e.Into != h.ID {
			h.Closed, h.Head = true, 0
		}
	case HeadChanged:
		h.Head = e.Head
	case HouseholdChanged:
		h.change(l, e)
	}
}

// headOf returns the member called head, else the first.
func headOf(ms []Member) ID {
	for i := range ms {
		if ms[i].Relation == RelHead {
			return ms[i].ID
		}
	}
	if len(ms) > 0 {
		return ms[0].ID
	}
	return 0
}

func (h *Household) open(l Located, t HouseholdKind, area ID, n HouseholdNumber, address string, head ID) {
	if h.Exists() {
		return
	}
	h.Type, h.Number, h.Address, h.Head = t, n, address, head
	h.Opened = l.Entry.When()
	h.settle(l, area)
}

// settle puts the household in an area.
func (h *Household) settle(l Located, area ID) {
	s := AreaStay{Area: area, FromPer: periodOf(l.Entry), FromSeq: l.Seq}
	if n := len(h.Moves); n > 0 {
		s.FromPer = max(s.FromPer, h.Moves[n-1].FromPer)
	}
	h.Area = area
	h.Moves = append(h.Moves, s)
}

// gain takes in a person.
func (h *Household) gain(person ID, relation Code) {
	h.Closed = false
	if relation == RelHead {
		h.Head = person
	}
}

// lose lets persons go; without its head the household has none until one is
// named.
func (h *Household) lose(persons []Placed) {
	for i := range persons {
		if persons[i].Person == h.Head {
			h.Head = 0
		}
	}
}

func (h *Household) exchange(from, into ID, persons []Placed) {
	if from == h.ID && into != h.ID {
		h.lose(persons)
	}
	if into != h.ID {
		return
	}
	for i := range persons {
		h.gain(persons[i].Person, persons[i].Relation)
	}
}

func (h *Household) depart(e Departure) {
	for _, id := range e.Persons {
		if id == h.Head {
			h.Head = 0
		}
	}
	if e.Whole {
		h.Closed, h.Head = true, 0
	}
}

func (h *Household) change(l Located, e HouseholdChanged) {
	if e.Area != 0 && e.Area != h.Area && h.Exists() {
		h.settle(l, e.Area)
	}
	if !e.Number.IsZero() {
		h.Number = e.Number
	}
	if e.Type != 0 {
		h.Type = e.Type
	}
	if e.Address != "" {
		h.Address = e.Address
	}
	if e.Closed {
		h.Closed = true
	}
}
