package rules

import "tramxa/appliance/population"

// ruleHeadFirst (H01): a new household's first person is its head and no other
// is. A household opened without members takes its head with the first arrival.
func ruleHeadFirst(x *Examination) {
	switch e := x.e.(type) {
	case population.HouseholdOpened:
		for i, m := range e.Members {
			if (m.Relation == population.RelHead) != (i == 0) {
				x.add("H01", "members["+itoa(i)+"].relation", nil)
			}
		}
	case population.HouseholdSplit:
		for i, p := range e.Persons {
			if (p.Relation == population.RelHead) != (i == 0) {
				x.add("H01", "persons["+itoa(i)+"].relation", nil)
			}
		}
	}
}

// ruleHeadIsMember (H03): the new head lives in the household, and nobody else
// keeps or gets the relation of the head.
func ruleHeadIsMember(x *Examination) {
	e, ok := x.e.(population.HeadChanged)
	if !ok {
		return
	}
	if p := x.v.Person(e.Head); p != nil && !x.amends() && p.Household() != e.Household {
		x.add("H03", "head", nil)
	}
	for i, p := range e.Relations {
		if p.Relation == population.RelHead {
			x.add("H01", "relations["+itoa(i)+"].relation", nil)
		}
	}
}

// ruleHeadThere (H02): a household with members has its head among them, and
// one head only.
func ruleHeadThere(_ *Examination, h *population.Household, members []*population.Person) []trouble {
	there := false
	for _, p := range members {
		there = there || p.ID == h.Head
	}
	if !there {
		return []trouble{{troubleKey: troubleKey{rule: "H02", id: h.ID}, about: []population.ID{h.ID}}}
	}
	var out []trouble
	for _, p := range members {
		if p.ID != h.Head && p.Relation == population.RelHead {
			out = append(out, personal("H01", p, "relation", "", nil))
		}
	}
	return out
}

// ruleHeadAge (H04): a child as head happens (orphans), and is mostly a wrong
// line.
func ruleHeadAge(x *Examination, h *population.Household, members []*population.Person) []trouble {
	p := headOf(h, members)
	if p == nil {
		return nil
	}
	if _, most, ok := ages(p.Born, x.today); ok && most <= x.pack.Limits.AskHeadAge {
		return []trouble{personal("H04", p, "born", "", args("age", itoa(most)))}
	}
	return nil
}

func headOf(h *population.Household, members []*population.Person) *population.Person {
	for _, p := range members {
		if p.ID == h.Head {
			return p
		}
	}
	return nil
}

// ruleWholeHousehold (H05, H09): who says the whole household leaves, joins
// another or is closed must mean every member.
func ruleWholeHousehold(x *Examination) {
	if x.amends() {
		return // the state after it shows who is left behind
	}
	switch e := x.e.(type) {
	case population.Departure:
		if e.Whole && !x.listsAll(e.Household, e.Persons) {
			x.add("H05", "persons", nil)
		}
	case population.HouseholdJoined:
		ids := make([]population.ID, len(e.Persons))
		for i, p := range e.Persons {
			ids[i] = p.Person
		}
		if !x.listsAll(e.From, ids) {
			x.add("H05", "persons", nil)
		}
	case population.HouseholdChanged:
		if e.Closed && len(x.v.Members(e.Household)) > 0 {
			x.add("H09", "closed", nil)
		}
	}
}

func (x *Examination) listsAll(h population.ID, ids []population.ID) bool {
	listed := make(map[population.ID]bool, len(ids))
	for _, id := range ids {
		listed[id] = true
	}
	for _, id := range x.v.Members(h) {
		if !listed[id] {
			return false
		}
	}
	return true
}

// ruleHouseholdOpen (H06): nothing happens to a closed household.
func ruleHouseholdOpen(x *Examination) {
	if x.amends() {
		return
	}
	for _, r := range householdsNamed(x.e) {
		if h := x.v.Household(r.id); h != nil && h.Closed {
			x.add("H06", r.path, nil, r.id)
		}
	}
}

// householdsNamed lists the registered households an entry names, but for the
// one it opens.
func householdsNamed(e population.Entry) []named {
	switch e := e.(type) {
	case population.PersonRegistered:
		return []named{{e.Household, "household"}}
	case population.Birth:
		return []named{{e.Household, "household"}}
	case population.Arrival:
		return []named{{e.Household, "household"}}
	case population.Departure:
		return []named{{e.Household, "household"}}
	case population.MoveInside:
		return []named{{e.From, "from"}, {e.Into, "into"}}
	case population.HouseholdChanged:
		return []named{{e.Household, "household"}}
	case population.HeadChanged:
		return []named{{e.Household, "household"}}
	case population.HouseholdSplit:
		return []named{{e.From, "from"}}
	case population.HouseholdJoined:
		return []named{{e.From, "from"}, {e.Into, "into"}}
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			return []named{{e.Household, "household"}}
		}
	}
	return nil
}

// ruleHouseholdNumberFree (H07): hộ số is unique in its area.
func ruleHouseholdNumberFree(x *Examination) {
	var id, area population.ID
	var n population.HouseholdNumber
	switch e := x.e.(type) {
	case population.HouseholdOpened:
		id, area, n = e.ID, e.Area, e.Number
	case population.HouseholdSplit:
		id, area, n = e.New, e.Area, e.Number
	case population.HouseholdChanged:
		id, area, n = e.Household, e.Area, e.Number
		h := x.v.Household(id)
		if h == nil || e.Closed || area == 0 && n == (population.HouseholdNumber{}) {
			return
		}
		if area == 0 {
			area = h.Area
		}
		if n == (population.HouseholdNumber{}) {
			n = h.Number
		}
	default:
		return
	}
	if n.Number == 0 {
		x.add("G01", "number", nil)
		return
	}
	if other := x.v.HouseholdAt(area, n); other != 0 && other != id {
		x.add("H07", "number", nil, other)
	}
}

// ruleHouseholdsDiffer (H10).
func ruleHouseholdsDiffer(x *Examination) {
	switch e := x.e.(type) {
	case population.MoveInside:
		if e.From == e.Into {
			x.add("H10", "into", nil)
		}
	case population.HouseholdJoined:
		if e.From == e.Into {
			x.add("H10", "into", nil)
		}
	}
}

// ruleHouseholdLeftEmpty (H08): when the last members leave, the household left
// mostly as a whole, and then it is closed with them.
func ruleHouseholdLeftEmpty(x *Examination) {
	var h population.ID
	field := "persons"
	switch e := x.e.(type) {
	case population.Departure:
		if e.Whole {
			return
		}
		h, field = e.Household, "whole"
	case population.MoveInside:
		h = e.From
	case population.HouseholdSplit:
		h = e.From
	default:
		return
	}
	if hh := x.v.Household(h); hh != nil && !hh.Closed && len(x.v.Members(h)) == 0 {
		x.add("H08", field, nil, h)
	}
}
