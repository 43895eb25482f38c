package localui

import (
	"strconv"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// eventForms are the vital events: the tables of P0/CTV and what goes with them.
func eventForms() []*form {
	return []*form{
		{Slug: "sinh", Kind: population.KindBirth, About: aboutHousehold, Subject: "household", Label: "form.birth", Group: "g.p0", fill: fillBirth, Fields: []field{
			{Path: "child.name", Type: typeName, Label: "f.child_name", Help: "help.child_name", Must: true},
			{Path: "child.sex", Type: typeWord, Words: sexWords, Label: "f.sex", Must: true, Span: 3},
			{Path: "child.born", Type: typeDate, Label: "f.born", Help: "help.date", Must: true, Span: 3},
			{Path: "child.mother", Type: typePerson, Sex: population.Female, Label: "f.mother"},
			{Path: "mother_name", Type: typeName, Label: "f.mother_name", Help: "help.mother_name"},
			{Path: "child.father", Type: typePerson, Sex: population.Male, Label: "f.father"},
			{Path: "child.relation", Type: typeCode, List: codelist.Relation, Label: "f.relation", Must: true, Span: 3},
			{Path: "child.ethnicity", Type: typeCode, List: codelist.Ethnicity, Label: "f.ethnicity", Span: 3},
			{Path: "order", Type: typeDigits, Label: "f.order", Help: "help.order", Span: 3},
			{Path: "place", Type: typeCode, List: codelist.BirthPlace, Label: "f.birth_place", Span: 3},
			{Path: "weight", Type: typeDigits, Label: "f.weight", Help: "help.weight", Span: 3},
			{Path: "child.number", Type: typeNumber, Label: "f.number", Span: 3},
			noteField(),
		}},
		{Slug: "chet", Kind: population.KindDeath, About: aboutPerson, Subject: "person", Label: "form.death", Group: "g.p0", assemble: death,
			Fields: with([]field{
				dateField("f.death_date"),
				{Path: "place", Type: typeCode, List: codelist.DeathPlace, Label: "f.death_place", Span: 4},
				noteField(),
			}, newHead())},
		{Slug: "chuyen-den", Kind: population.KindArrival, About: aboutHousehold, Subject: "household", Label: "form.arrival", Group: "g.p0", fill: fillMember("member."),
			Fields: with([]field{
				dateField("f.arrival_date"),
				{Path: "from", Type: typeText, Label: "f.from", Help: "help.place", Span: 6},
				{Path: "reason", Type: typeCode, List: codelist.MoveReason, Label: "f.reason", Span: 3},
			}, columns("member."), []field{noteField()})},
		{Slug: "ho-den", Kind: population.KindHouseholdOpened, About: aboutNothing, Label: "form.household_arrival", Group: "g.p0", fill: fillHousehold, assemble: householdArrives,
			Fields: with(householdFields(), []field{
				dateField("f.arrival_date"),
				{Path: "from", Type: typeText, Label: "f.from", Help: "help.place", Aside: true},
				{Path: "reason", Type: typeCode, List: codelist.MoveReason, Label: "f.reason", Span: 3, Aside: true},
				{Path: "members", Type: typeRows, Label: "f.members", Section: "s.members", Span: 12},
				noteField(),
			})},
		{Slug: "chuyen-di", Kind: population.KindDeparture, About: aboutHousehold, Subject: "household", Label: "form.departure", Group: "g.p0", assemble: withNewHead,
			Fields: with([]field{
				{Path: "persons", Type: typePeople, Label: "f.who_leaves", Must: true, Span: 12},
				{Path: "whole", Type: typeFlag, Label: "f.whole", Help: "help.whole", Span: 12},
				dateField("f.departure_date"),
				{Path: "to", Type: typeText, Label: "f.to", Help: "help.place", Span: 6},
				{Path: "reason", Type: typeCode, List: codelist.MoveReason, Label: "f.reason", Span: 3},
				noteField(),
			}, newHead())},
		{Slug: "doi-thong-tin", Kind: population.KindInformationChanged, About: aboutPerson, Subject: "person", Label: "form.information", Group: "g.p0", fill: fillFacts, assemble: informationChanged,
			Fields: with([]field{dateField("f.known_date")}, informationColumns(), []field{noteField()})},
		{Slug: "ket-hon", Kind: population.KindMarriage, About: aboutPerson, Subject: "a", Label: "form.marriage", Group: "g.p0",
			Fields: []field{
				dateField("f.marriage_date"),
				{Path: "b", Type: typePerson, Label: "f.b", Help: "help.b"},
				{Path: "other_name", Type: typeName, Label: "f.other_name", Help: "help.other_name"},
				{Path: "counselled", Type: typeFlag, Label: "f.counselled", Span: 12},
				{Path: "kin", Type: typeFlag, Label: "f.kin", Span: 12},
				noteField(),
			}},
		{Slug: "ly-hon", Kind: population.KindDivorce, About: aboutPerson, Subject: "a", Label: "form.divorce", Group: "g.p0", fill: fillSpouse,
			Fields: []field{
				dateField("f.divorce_date"),
				{Path: "b", Type: typePerson, Label: "f.spouse"},
				noteField(),
			}},
		{Slug: "chuyen-trong-xa", Kind: population.KindMoveInside, About: aboutHousehold, Subject: "from", Label: "form.move", Group: "g.inside", assemble: withNewHead,
			Fields: with([]field{
				{Path: "persons", Type: typePlaced, Label: "f.who_moves", Help: "help.placed", Must: true, Span: 12},
				{Path: "into", Type: typeHome, Label: "f.into", Help: "help.household", Must: true},
				dateField("f.move_date"),
				noteField(),
			}, newHead())},
		{Slug: "tach-ho", Kind: population.KindHouseholdSplit, About: aboutHousehold, Subject: "from", Label: "form.split", Group: "g.inside", fill: fillHousehold, assemble: split,
			Fields: with([]field{
				{Path: "persons", Type: typePlaced, Label: "f.who_splits", Help: "help.split", Must: true, Span: 12},
				{Path: "newhead", Type: typeMember, Label: "f.split_head", Must: true, Aside: true},
				dateField("f.split_date"),
			}, householdFields(), []field{noteField()}, newHead())},
		{Slug: "nhap-ho", Kind: population.KindHouseholdJoined, About: aboutHousehold, Subject: "from", Label: "form.join", Group: "g.inside",
			Fields: []field{
				{Path: "into", Type: typeHome, Label: "f.into", Help: "help.household", Must: true},
				dateField("f.move_date"),
				{Path: "persons", Type: typePlaced, Label: "f.who_joins", Help: "help.joined", Must: true, Span: 12},
				noteField(),
			}},
		{Slug: "doi-chu-ho", Kind: population.KindHeadChanged, About: aboutHousehold, Subject: "household", Label: "form.head", Group: "g.inside",
			Fields: []field{
				{Path: "head", Type: typeMember, Label: "f.new_head", Must: true},
				dateField("f.known_date"),
				{Path: "relations", Type: typeRelation, Label: "f.relations", Help: "help.relations", Span: 12},
				noteField(),
			}},
	}
}

// bookForms put the book in order without anything having happened.
func bookForms() []*form {
	return []*form{
		{Slug: "mo-ho", Kind: population.KindHouseholdOpened, About: aboutNothing, Label: "form.household", Group: "g.book", fill: fillHousehold,
			Fields: with(householdFields(), []field{
				{Path: "date", Type: typeDate, Label: "f.registered_date", Help: "help.date", Span: 3},
				{Path: "members", Type: typeRows, Label: "f.members", Section: "s.members", Span: 12},
				noteField(),
			})},
		{Slug: "them-nguoi", Kind: population.KindPersonRegistered, About: aboutHousehold, Subject: "household", Label: "form.person", Group: "g.book", fill: fillMember("member."),
			Fields: with(columns("member."), []field{
				{Path: "date", Type: typeDate, Label: "f.registered_date", Help: "help.date", Span: 3},
				noteField(),
			})},
		{Slug: "sua-ho", Kind: population.KindHouseholdChanged, About: aboutHousehold, Subject: "household", Label: "form.household_change", Group: "g.book",
			Fields: []field{
				{Path: "area", Type: typeArea, Label: "f.area", Help: "help.unchanged"},
				{Path: "number", Type: typeSheet, Label: "f.household_number", Help: "help.unchanged", Span: 2},
				{Path: "type", Type: typeWord, Words: kindWords, Label: "f.household_kind", Span: 4},
				{Path: "address", Type: typeText, Label: "f.address", Help: "help.unchanged", Span: 9},
				dateField("f.known_date"),
				{Path: "closed", Type: typeFlag, Label: "f.closed", Help: "help.closed", Span: 12},
				noteField(),
			}},
		{Slug: "bo-sot", Kind: population.KindScopeCorrection, About: aboutHousehold, Subject: "household", Label: "form.missed", Group: "g.book", fill: fillMember("member."), assemble: scope(population.ScopeMissed),
			Fields: with([]field{dateField("f.found_date")}, columns("member."), []field{noteField()})},
		{Slug: "ghi-trung", Kind: population.KindScopeCorrection, About: aboutPerson, Subject: "person", Label: "form.double", Group: "g.book", assemble: scope(population.ScopeDouble),
			Fields: with([]field{
				dateField("f.found_date"),
				{Path: "canonical", Type: typePerson, Label: "f.canonical", Help: "help.canonical"},
				noteField(),
			}, newHead())},
		{Slug: "ngoai-pham-vi", Kind: population.KindScopeCorrection, About: aboutPerson, Subject: "person", Label: "form.out", Group: "g.book", assemble: scope(population.ScopeOut),
			Fields: with([]field{dateField("f.found_date"), noteField()}, newHead())},
		{Slug: "cung-nguoi", Kind: population.KindSamePerson, About: aboutPerson, Subject: "other", Label: "form.same", Group: "g.book",
			Fields: []field{
				dateField("f.found_date"),
				{Path: "canonical", Type: typePerson, Label: "f.canonical", Help: "help.canonical_older", Must: true},
				noteField(),
			}},
		{Slug: "bo-noi", Kind: population.KindSamePersonUndone, About: aboutPerson, Subject: "other", Label: "form.same_undone", fill: fillSame,
			Fields: []field{
				dateField("f.known_date"),
				{Path: "canonical", Type: typePerson, Label: "f.canonical", Must: true},
				noteField(),
			}},
		{Slug: "dia-ban", Kind: population.KindAreaDefined, About: aboutNothing, Label: "form.area", Fields: []field{
			{Path: "number", Type: typeDigits, Label: "f.area_number", Must: true, Span: 3},
			{Path: "hamlet", Type: typeText, Label: "f.hamlet", Must: true, Span: 6},
			{Path: "unit", Type: typeDigits, Label: "f.unit", Help: "help.unit", Must: true, Span: 3},
			{Path: "collaborator", Type: typeUser, Label: "f.collaborator", Span: 6},
			{Path: "date", Type: typeDate, Label: "f.area_date", Help: "help.date", Span: 3},
			{Path: "closed", Type: typeFlag, Label: "f.area_closed", Span: 12},
			{Path: "id", Type: typeText, Label: "f.area", Aside: true},
		}, assemble: areaDefined},
	}
}

func householdFields() []field {
	return []field{
		{Path: "area", Type: typeArea, Label: "f.area", Must: true},
		{Path: "number", Type: typeSheet, Label: "f.household_number", Help: "help.sheet", Must: true, Span: 2},
		{Path: "type", Type: typeWord, Words: kindWords, Label: "f.household_kind", Must: true, Span: 4},
		{Path: "address", Type: typeText, Label: "f.address", Span: 9},
	}
}

// informationColumns: relation stands outside of the person's own columns.
func informationColumns() []field {
	list := columns("to.")
	for i := range list {
		list[i].Must = false
		if list[i].Path == "to.relation" {
			list[i].Path = "relation"
		}
	}
	return list
}

func fillMember(prefix string) func(*subject, func(string, string)) {
	return func(sub *subject, set func(string, string)) {
		set(prefix+"residence", strconv.Itoa(int(population.ResPresent)))
		if h := sub.head(); h != nil && h.Ethnicity != 0 {
			set(prefix+"ethnicity", strconv.Itoa(int(h.Ethnicity)))
		}
		if sub.household != nil && len(sub.members) == 0 {
			set(prefix+"relation", strconv.Itoa(int(population.RelHead)))
		}
	}
}

// fillBirth proposes the mother asked for, or the only married woman of an age
// to bear, and what follows from her.
func fillBirth(sub *subject, set func(string, string)) {
	mother := sub.person
	if mother == nil {
		for _, p := range sub.members {
			min, max := p.Born.AgeOn(sub.today)
			if p.Sex != population.Female || p.Marital != population.Married || max < 15 || min > 49 {
				continue
			}
			if mother != nil {
				mother = nil
				break
			}
			mother = p
		}
	}
	if h := sub.head(); h != nil {
		set("child.ethnicity", code(h.Ethnicity))
	}
	if mother == nil {
		return
	}
	set("child.mother", mother.ID.String())
	if n, ok := sub.nextOrder(mother); ok {
		set("order", strconv.Itoa(n))
	}
	if mother.Spouse != 0 {
		set("child.father", mother.Spouse.String())
	}
	switch mother.Relation {
	case population.RelHead, population.RelSpouse:
		set("child.relation", code(population.RelChild))
	case population.RelChild, population.RelInLaw:
		set("child.relation", code(population.RelGrandch))
	}
}

func fillHousehold(sub *subject, set func(string, string)) {
	set("type", "family")
	if sub.area != nil {
		set("area", sub.area.ID.String())
		set("number", strconv.FormatUint(uint64(sub.nextNumber), 10))
	}
}

func fillSpouse(sub *subject, set func(string, string)) {
	if sub.person != nil && sub.person.Spouse != 0 {
		set("b", sub.person.Spouse.String())
	}
}

func code(c population.Code) string {
	if c == 0 {
		return ""
	}
	return strconv.Itoa(int(c))
}

// fillSame names the entry somebody is linked to.
func fillSame(sub *subject, set func(string, string)) {
	if sub.person != nil && sub.person.Same != 0 {
		set("canonical", sub.person.Same.String())
	}
}
