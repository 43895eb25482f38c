package rules

import "tramxa/appliance/population"

// troubles returns what is wrong in the state of every entity touched.
func (x *Examination) troubles() []trouble {
	var out []trouble
	for _, id := range x.persons {
		out = append(out, x.personTroubles(id)...)
	}
	for _, id := range x.houses {
		out = append(out, x.householdTroubles(id)...)
	}
	for _, id := range x.areas {
		out = append(out, x.areaTroubles(id)...)
	}
	return out
}

func (x *Examination) personTroubles(id population.ID) []trouble {
	for _, m := range x.missing {
		if m == id {
			return nil // G02 has said it
		}
	}
	p := x.v.Person(id)
	if p == nil && !x.past && !x.after {
		return nil // not yet: the entry under examination creates the person
	}
	live := x.v.Live(population.Ref{Type: population.TypePerson, ID: id})
	out := lifeline(id, live)
	if p != nil {
		out = append(out, bornBefore(p, live)...)
	}
	if p == nil || len(p.Stays) == 0 {
		return append(out, x.vanishedTroubles(id)...)
	}
	if p.Same != 0 || !p.Active() {
		return out
	}
	for _, r := range personRules {
		out = append(out, r(x, p)...)
	}
	return out
}

// personRule looks at the state of one person in the book.
type personRule func(x *Examination, p *population.Person) []trouble

var personRules = []personRule{
	ruleAge, ruleSexGiven, ruleNameOfSex, ruleSchooling, ruleEverMarriedUnderAge,
	ruleNumberUnique, ruleInsuranceUnique, ruleNumberAgrees, ruleDoubles,
}

// householdRule looks at the state of one household with its members.
type householdRule func(x *Examination, h *population.Household, members []*population.Person) []trouble

var householdRules = []householdRule{
	ruleHeadThere, ruleHeadAge, ruleSpouseAge, ruleSpouseSex, ruleSpouseOne, ruleSpouseGap, ruleSpouseMarried,
	ruleChildYounger, ruleParentOlder,
}

func (x *Examination) householdTroubles(id population.ID) []trouble {
	h := x.v.Household(id)
	if h == nil && !x.past && !x.after {
		return nil
	}
	ids := x.v.Members(id)
	if h == nil || h.Area == 0 {
		if len(ids) > 0 {
			return []trouble{{troubleKey: troubleKey{rule: "A04", id: id}}}
		}
		return nil
	}
	if len(ids) == 0 {
		return nil
	}
	if h.Closed {
		return []trouble{{troubleKey: troubleKey{rule: "H06", id: id}, about: []population.ID{id}}}
	}
	members := make([]*population.Person, 0, len(ids))
	for _, m := range ids {
		if p := x.v.Person(m); p != nil {
			members = append(members, p)
		}
	}
	var out []trouble
	for _, r := range householdRules {
		out = append(out, r(x, h, members)...)
	}
	return out
}

// vanishedTroubles: a person that no live entry puts in the book any more must
// not be somebody's mother.
func (x *Examination) vanishedTroubles(id population.ID) []trouble {
	if len(x.v.Children(id)) == 0 {
		return nil
	}
	return []trouble{{troubleKey: troubleKey{rule: "A04", id: id}, about: []population.ID{id}}}
}

// bornBefore returns the entries that say something happened to the person
// before the birth.
func bornBefore(p *population.Person, live []population.Located) []trouble {
	var out []trouble
	for _, l := range live {
		w := l.Entry.When()
		if surelyBefore(w, p.Born) {
			out = append(out, trouble{
				troubleKey: troubleKey{rule: "D02", id: p.ID, seq: l.Seq},
				field:      "date", args: args("date", w.String(), "born", p.Born.String()),
			})
		}
	}
	return out
}

// report turns new trouble into a finding beside the field it came from.
// Trouble that shows in the place of another entry is a contradiction to that
// entry, whatever its rule.
func (x *Examination) report(t trouble) {
	if t.seq != 0 && (t.seq != x.seq || x.isAnnulment()) {
		x.contradiction(t)
		return
	}
	field := x.fieldOf(t.id, t.field)
	about := t.about
	if field == "" && t.id != 0 {
		about = appendNew(append([]population.ID(nil), about...), t.id)
	}
	x.add(t.rule, field, t.args, about...)
}

func (x *Examination) isAnnulment() bool {
	_, ok := x.given.(population.Annulment)
	return ok
}

func (x *Examination) contradiction(t trouble) {
	a := args("seq", utoa(t.seq), "kind", "", "date", "")
	if e, _ := x.v.Entry(t.seq); e != nil {
		a["kind"], a["date"] = e.Kind().String(), e.When().String()
	}
	x.add("L05", x.fieldOf(t.id, ""), a, t.id)
}
