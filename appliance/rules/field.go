package rules

import "tramxa/appliance/population"

// placedMember is a member carried by an entry, with the JSON path to it.
type placedMember struct {
	population.Member
	path string
}

// membersOf lists the persons an entry brings with their columns.
func membersOf(e population.Entry) []placedMember {
	switch e := e.(type) {
	case population.HouseholdOpened:
		out := make([]placedMember, len(e.Members))
		for i, m := range e.Members {
			out[i] = placedMember{m, "members[" + itoa(i) + "]"}
		}
		return out
	case population.PersonRegistered:
		return []placedMember{{e.Member, "member"}}
	case population.Birth:
		return []placedMember{{e.Child, "child"}}
	case population.Arrival:
		return []placedMember{{e.Member, "member"}}
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			return []placedMember{{e.Member, "member"}}
		}
	}
	return nil
}

// placedPerson is a registered person named by an entry, with the JSON path.
type placedPerson struct {
	id       population.ID
	relation population.Code
	path     string
}

// placedOf lists the registered persons an entry moves or places.
func placedOf(e population.Entry) []placedPerson {
	switch e := e.(type) {
	case population.MoveInside:
		return placedList("persons", e.Persons)
	case population.HouseholdSplit:
		return placedList("persons", e.Persons)
	case population.HouseholdJoined:
		return placedList("persons", e.Persons)
	case population.HeadChanged:
		return append([]placedPerson{{id: e.Head, relation: population.RelHead, path: "head"}}, placedList("relations", e.Relations)...)
	}
	return nil
}

func placedList(name string, ps []population.Placed) []placedPerson {
	out := make([]placedPerson, len(ps))
	for i, p := range ps {
		out[i] = placedPerson{p.Person, p.Relation, name + "[" + itoa(i) + "]"}
	}
	return out
}

// fieldOf finds the field of the entry that speaks of a person's column; "" is
// the entry as a whole. An empty column asks for the field that names the
// person.
func (x *Examination) fieldOf(id population.ID, column string) string {
	if column == "date" {
		return whenField(x.e)
	}
	for _, m := range membersOf(x.e) {
		if m.ID == id {
			return join(m.path, column)
		}
	}
	if c, ok := x.e.(population.InformationChanged); ok && c.Person == id {
		switch {
		case column == "":
			return "person"
		case column == "relation":
			return "relation"
		}
		return "to." + column
	}
	for _, p := range placedOf(x.e) {
		if p.id == id && column == "relation" && p.path != "head" {
			return p.path + ".relation"
		}
		if p.id == id {
			return p.path
		}
	}
	for _, r := range namedIn(x.e) {
		if r.id == id {
			return r.path
		}
	}
	return ""
}

func join(path, column string) string {
	if column == "" {
		return path
	}
	return path + "." + column
}

// named is an id written in an entry, with the JSON path to it.
type named struct {
	id   population.ID
	path string
}

// namedIn lists the registered persons an entry names, but for those it
// creates.
func namedIn(e population.Entry) []named {
	switch e := e.(type) {
	case population.Death:
		return []named{{e.Person, "person"}}
	case population.Departure:
		out := make([]named, len(e.Persons))
		for i, p := range e.Persons {
			out[i] = named{p, "persons[" + itoa(i) + "]"}
		}
		return out
	case population.Marriage:
		return []named{{e.A, "a"}, {e.B, "b"}}
	case population.Divorce:
		return []named{{e.A, "a"}, {e.B, "b"}}
	case population.InformationChanged:
		return []named{{e.Person, "person"}}
	case population.ScopeCorrection:
		return []named{{e.Person, "person"}, {e.Canonical, "canonical"}}
	case population.SamePerson:
		return []named{{e.Canonical, "canonical"}, {e.Other, "other"}}
	case population.SamePersonUndone:
		return []named{{e.Canonical, "canonical"}, {e.Other, "other"}}
	}
	var out []named
	for _, p := range placedOf(e) {
		out = append(out, named{p.id, p.path})
	}
	return out
}
