package rules

import "tramxa/appliance/population"

// ruleKindAllowed (G06): what this program does not know cannot be judged, so
// it is not written here (it may still arrive from elsewhere and is kept).
func ruleKindAllowed(x *Examination) {
	if _, ok := x.e.(population.Unknown); ok {
		x.add("G06", "", nil)
	}
	if s, ok := x.e.(population.ScopeCorrection); ok &&
		(s.Scope < population.ScopeMissed || s.Scope > population.ScopeOut) {
		x.add("G01", "scope", nil)
	}
}

// ruleRefsExist (G01, G02): what an entry names is in the book.
func ruleRefsExist(x *Examination) {
	for _, r := range householdsNamed(x.e) {
		x.household(r)
	}
	switch e := x.e.(type) {
	case population.HouseholdOpened:
		x.area(e.Area, true)
		x.kindOfHousehold(e.Type, true)
	case population.HouseholdSplit:
		x.area(e.Area, true)
		x.kindOfHousehold(e.Type, true)
		x.some(len(e.Persons), "persons")
	case population.HouseholdChanged:
		x.area(e.Area, false)
		x.kindOfHousehold(e.Type, false)
	case population.Departure:
		x.some(len(e.Persons), "persons")
	case population.MoveInside:
		x.some(len(e.Persons), "persons")
	case population.InformationChanged:
		x.some(len(e.Changed), "changed")
	}
	for _, r := range namedIn(x.e) {
		optional := r.path == "b" || r.path == "canonical" || r.path == "person" && x.missed()
		x.person(r, optional)
	}
	for _, m := range membersOf(x.e) {
		if m.ID == 0 {
			x.add("G01", m.path+".id", nil)
		}
		x.kin(m.path+".", m.Facts, x.e)
		if m.Relation == 0 {
			x.add("G01", m.path+".relation", nil)
		}
	}
	if c, ok := x.e.(population.InformationChanged); ok {
		x.kin("to.", c.To, x.e)
	}
}

func (x *Examination) missed() bool {
	s, ok := x.e.(population.ScopeCorrection)
	return ok && s.Scope == population.ScopeMissed
}

func (x *Examination) some(n int, field string) {
	if n == 0 {
		x.add("G01", field, nil)
	}
}

func (x *Examination) household(r named) {
	switch {
	case r.id == 0:
		x.add("G01", r.path, nil)
	case x.v.Household(r.id) == nil:
		x.add("G02", r.path, nil)
	}
}

// area (G01, G02, E02): a household stands in an open area.
func (x *Examination) area(id population.ID, needed bool) {
	if id == 0 {
		if needed {
			x.add("G01", "area", nil)
		}
		return
	}
	switch a := x.v.Area(id); {
	case a == nil:
		x.add("G02", "area", nil)
	case a.Closed && !x.amends():
		x.add("E02", "area", nil)
	}
}

func (x *Examination) kindOfHousehold(k population.HouseholdKind, needed bool) {
	if k > population.KindCollective || needed && k == 0 {
		x.add("G01", "type", nil)
	}
}

func (x *Examination) person(r named, optional bool) {
	switch {
	case r.id == 0:
		if !optional {
			x.add("G01", r.path, nil)
		}
	case x.v.Person(r.id) == nil:
		x.missing = appendNew(x.missing, r.id)
		x.add("G02", r.path, nil)
	}
}

// kin checks mother, father and spouse: in the book, or brought by the same
// entry.
func (x *Examination) kin(path string, f population.Facts, e population.Entry) {
	for _, r := range [3]named{{f.Mother, "mother"}, {f.Father, "father"}, {f.Spouse, "spouse"}} {
		if r.id != 0 && x.v.Person(r.id) == nil && !brings(e, r.id) {
			x.add("G02", path+r.path, nil)
		}
	}
}

func brings(e population.Entry, id population.ID) bool {
	o, ok := e.(population.HouseholdOpened)
	return ok && hasMember(o.Members, id)
}

// ruleNoPersonTwice (G04): one line, one person; also one number, one line.
func ruleNoPersonTwice(x *Examination) {
	seen := make(map[population.ID]bool)
	twice := func(id population.ID, field string) {
		if id != 0 && seen[id] {
			x.add("G04", field, nil)
		}
		seen[id] = true
	}
	for _, m := range membersOf(x.e) {
		twice(m.ID, m.path)
	}
	switch x.e.(type) {
	case population.Departure, population.MoveInside, population.HouseholdSplit, population.HouseholdJoined, population.HeadChanged:
		for _, r := range namedIn(x.e) {
			twice(r.id, r.path)
		}
	}
}

// Bounds of free texts, in bytes.
const (
	maxNote    = 500
	maxAddress = 300
	maxPlace   = 200
	maxHamlet  = 120
)

// ruleTextsShort (G05).
func ruleTextsShort(x *Examination) {
	x.short("note", x.given.Extra().Note, maxNote)
	x.short("note", x.e.Extra().Note, maxNote)
	switch e := x.e.(type) {
	case population.HouseholdOpened:
		x.short("address", e.Address, maxAddress)
	case population.HouseholdSplit:
		x.short("address", e.Address, maxAddress)
	case population.HouseholdChanged:
		x.short("address", e.Address, maxAddress)
	case population.Arrival:
		x.short("from", e.From, maxPlace)
	case population.Departure:
		x.short("to", e.To, maxPlace)
	case population.AreaDefined:
		x.short("hamlet", e.Hamlet, maxHamlet)
	}
}

func (x *Examination) short(field, s string, max int) {
	if len(s) > max {
		x.add("G05", field, args("max", itoa(max)))
	}
}
