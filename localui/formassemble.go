package localui

import (
	"strconv"

	"tramxa/appliance/population"
	"tramxa/appliance/registrar"
)

// withNewHead puts the change of head before the entry that takes the head away:
// a household is never without one between two entries.
func withNewHead(rd *reading) {
	if rd.target != 0 || rd.sub.household == nil {
		return
	}
	head, err := population.ParseID(rd.get("hc.head"))
	if err != nil {
		return
	}
	alias := map[string]string{"head": "hc.head", "household": "hc.head", "date": "date"}
	tree := map[string]any{"kind": population.KindHeadChanged.String(), "household": rd.sub.household.ID.String(), "head": head.String()}
	if d, ok := rd.tree["date"]; ok {
		tree["date"] = d
	}
	if list := rd.relations("hc.relations", head, alias); len(list) > 0 {
		tree["relations"] = list
	}
	e, err := rd.entry(tree)
	if err != nil {
		return
	}
	rd.before, rd.names = append(rd.before, e), append(rd.names, alias)
}

// death makes a widow or widower of the spouse in the same command: nobody goes
// round afterwards to change the one column.
func death(rd *reading) {
	withNewHead(rd)
	if rd.target != 0 || rd.sub.person == nil {
		return
	}
	spouse := rd.sub.partner(rd.sub.person.ID)
	if spouse == nil {
		return
	}
	rd.finish = func(e population.Entry) ([]population.Entry, []map[string]string) {
		left := population.InformationChanged{Person: spouse.ID, Changed: []population.Field{population.FieldMarital},
			To: population.Facts{Marital: population.Widowed}, Date: e.When()}
		return []population.Entry{e, left}, []map[string]string{nil, {"date": "date", "person": "person"}}
	}
}

// householdArrives opens an empty household and lets its persons arrive in it:
// they count as arrivals, not as first registration.
func householdArrives(rd *reading) {
	if rd.target != 0 {
		return
	}
	from, reason := rd.get("from"), population.Code(0)
	if n, err := strconv.ParseUint(rd.get("reason"), 10, 8); err == nil {
		reason = population.Code(n)
	}
	rd.finish = func(e population.Entry) ([]population.Entry, []map[string]string) {
		open := e.(population.HouseholdOpened)
		members := open.Members
		open.Members = nil
		list, names := []population.Entry{open}, []map[string]string{nil}
		for i, m := range members {
			list = append(list, population.Tidy(population.Arrival{Household: registrar.NewID(1), Member: m, From: from, Reason: reason, Date: open.Date}))
			alias := map[string]string{"date": "date", "from": "from", "reason": "reason"}
			at := "members[" + strconv.Itoa(i) + "]"
			alias["member"] = rd.alias[at]
			for _, c := range rowColumns() {
				alias["member."+c.Path] = rd.alias[at+"."+c.Path]
			}
			names = append(names, alias)
		}
		return list, names
	}
}

// split puts the new head first.
func split(rd *reading) {
	withNewHead(rd)
	head := rd.get("newhead")
	list, _ := rd.tree["persons"].([]any)
	found := false
	for i := range list {
		p := list[i].(map[string]any)
		if p["person"] != head {
			continue
		}
		found = true
		p["relation"] = uint64(population.RelHead)
		list[0], list[i] = list[i], list[0]
		for _, tail := range []string{"", ".relation"} {
			a, b := "persons[0]"+tail, "persons["+strconv.Itoa(i)+"]"+tail
			rd.alias[a], rd.alias[b] = rd.alias[b], rd.alias[a]
		}
	}
	if !found && rd.target == 0 && len(list) > 0 {
		rd.fail("newhead", "fault.split_head")
	}
}

// scope makes a correction of what a review found.
func scope(s population.Scope) func(*reading) {
	names := map[population.Scope]string{population.ScopeMissed: "missed", population.ScopeDouble: "double", population.ScopeOut: "out"}
	return func(rd *reading) {
		rd.tree["scope"] = names[s]
		if s == population.ScopeMissed {
			return
		}
		if rd.sub.household != nil {
			rd.tree["household"] = rd.sub.household.ID.String()
		}
		withNewHead(rd)
	}
}

// areaDefined keeps the id of an area that is changed.
func areaDefined(rd *reading) {
	if id := rd.get("id"); id != "" {
		rd.tree["id"] = id
	}
}

// everyField are the columns a change of information may change.
func everyField() []population.Field {
	var list []population.Field
	for f := population.FieldName; f <= population.FieldRelation; f++ {
		list = append(list, f)
	}
	return list
}

// fillFacts shows a person's columns as they are.
func fillFacts(sub *subject, set func(string, string)) {
	if sub.person == nil {
		return
	}
	e := population.InformationChanged{Person: sub.person.ID, Changed: everyField(), To: sub.person.Facts, Relation: sub.person.Relation}
	for path, value := range flatten(e) {
		set(path, value)
	}
}

// informationChanged keeps what differs from the book as it stood when the form
// was first shown (for an amendment: before the entry amended).
func informationChanged(rd *reading) {
	if rd.sub.person == nil {
		return
	}
	was := rd.sub.known(rd.sub.person.ID)
	if rd.target > 1 {
		was, _ = rd.sub.v.PersonAsOf(rd.sub.person.ID, population.Date{}, rd.target-1)
	}
	if was == nil {
		return
	}
	rd.tree["changed"] = fieldNames()
	e, err := rd.entry(rd.tree)
	if err != nil {
		return
	}
	is := e.(population.InformationChanged)
	before := population.Tidy(population.InformationChanged{Person: was.ID, Changed: everyField(), To: was.Facts, Relation: was.Relation}).(population.InformationChanged)
	changed := []any{}
	for i, f := range everyField() {
		if !sameColumn(f, is, before) {
			changed = append(changed, fieldNames()[i])
		}
	}
	if len(changed) == 0 {
		rd.fail("", "fault.unchanged")
		return
	}
	rd.tree["changed"] = changed
}

// sameColumn reports whether two changes of information say the same of one
// column. Tidy keeps the listed fields alone, which compares them whatever they
// are.
func sameColumn(f population.Field, a, b population.InformationChanged) bool {
	only := func(e population.InformationChanged) (population.Facts, population.Code) {
		e.Changed = []population.Field{f}
		t := population.Tidy(e).(population.InformationChanged)
		if f != population.FieldRelation {
			return t.To, 0
		}
		return population.Facts{}, t.Relation
	}
	fa, ra := only(a)
	fb, rb := only(b)
	return fa == fb && ra == rb
}

func fieldNames() []any {
	return []any{"name", "sex", "born", "ethnicity", "number", "insurance", "education",
		"marital", "residence", "mother", "father", "spouse", "relation"}
}
