package localui

import (
	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// fieldType says how a field is shown and read.
type fieldType string

const (
	typeText     fieldType = "text"
	typeName     fieldType = "name"
	typeNote     fieldType = "note"   // several lines
	typeDigits   fieldType = "digits" // a whole number
	typeNumber   fieldType = "number" // personal or insurance number
	typeSheet    fieldType = "sheet"  // hộ số
	typeDate     fieldType = "date"   // may be partial
	typeCode     fieldType = "code"   // of a code list
	typeWord     fieldType = "word"   // one of a few words
	typeFlag     fieldType = "flag"
	typePerson   fieldType = "person"    // a member of the household, or another by id
	typeMember   fieldType = "member"    // a member of the household only
	typeHome     fieldType = "household" // another household
	typeArea     fieldType = "area"
	typeUser     fieldType = "user"
	typePeople   fieldType = "people"    // which members
	typePlaced   fieldType = "placed"    // which members, and their relation there
	typeRelation fieldType = "relations" // relations of all members to a new head
	typeRows     fieldType = "rows"      // several persons, a line each
)

// word is one answer of a typeWord field.
type word struct{ Value, Label string }

// field is one field of a form. Its path is the JSON path in the entry, so that
// what a rule says of a path is shown beside the field, and the same definition
// reads and fills it.
type field struct {
	Path    string
	Type    fieldType
	Label   string // key of the locale files
	Help    string // key, "" none
	Section string // key of a heading before it, "" none
	List    codelist.List
	Words   []word
	Must    bool
	Span    int            // columns of twelve on a wide screen; 0: six
	Sex     population.Sex // of typePerson: whom the list offers; 0 all
	Aside   bool           // not part of the entry itself; assemble reads it
}

// subjectKind is what a form is about: it is opened from there.
type subjectKind string

const (
	aboutNothing   subjectKind = ""
	aboutHousehold subjectKind = "ho"
	aboutPerson    subjectKind = "nguoi"
)

// form is one paper form: which entry it writes, about whom, with which fields.
type form struct {
	Slug    string
	Kind    population.Kind
	About   subjectKind
	Subject string // JSON path of what it is about
	Label   string // key
	Group   string // key of the heading in the list of forms; "": not in the list
	Fields  []field
	// assemble makes the entries from what was read; nil: the one entry as it is.
	assemble func(rd *reading)
	// fill proposes values for an empty form.
	fill func(sub *subject, set func(path, value string))
}

func formsBySlug() map[string]*form {
	m := make(map[string]*form)
	for _, f := range allForms() {
		m[f.Slug] = f
	}
	return m
}

// formOfKind is the form with which an entry is amended.
func formOfKind(e population.Entry) *form {
	switch e.(type) {
	case population.SamePerson, population.SamePersonUndone:
		return nil // they are taken back by each other
	}
	for _, f := range allForms() {
		if f.Kind != e.Kind() {
			continue
		}
		if s, ok := e.(population.ScopeCorrection); ok && f.Slug != scopeSlug(s.Scope) {
			continue
		}
		return f
	}
	return nil
}

func scopeSlug(s population.Scope) string {
	switch s {
	case population.ScopeMissed:
		return "bo-sot"
	case population.ScopeDouble:
		return "ghi-trung"
	}
	return "ngoai-pham-vi"
}

// allForms lists the forms in the order in which they are offered. The P0 slip's
// tables come first, in its order.
func allForms() []*form {
	return append(eventForms(), bookForms()...)
}

var (
	sexWords  = []word{{"male", "sex.male"}, {"female", "sex.female"}}
	kindWords = []word{{"family", "household.family"}, {"collective", "household.collective"}}
)

// columns are the fields of a person in mục I of the A0 book.
func columns(prefix string) []field {
	return []field{
		{Path: prefix + "name", Type: typeName, Label: "f.name", Must: true},
		{Path: prefix + "sex", Type: typeWord, Words: sexWords, Label: "f.sex", Span: 3},
		{Path: prefix + "born", Type: typeDate, Label: "f.born", Help: "help.date", Span: 3},
		{Path: prefix + "relation", Type: typeCode, List: codelist.Relation, Label: "f.relation", Must: true, Span: 3},
		{Path: prefix + "ethnicity", Type: typeCode, List: codelist.Ethnicity, Label: "f.ethnicity", Span: 3},
		{Path: prefix + "number", Type: typeNumber, Label: "f.number", Span: 3},
		{Path: prefix + "insurance", Type: typeNumber, Label: "f.insurance", Span: 3},
		{Path: prefix + "education", Type: typeCode, List: codelist.Education, Label: "f.education", Span: 4},
		{Path: prefix + "marital", Type: typeCode, List: codelist.Marital, Label: "f.marital", Span: 4},
		{Path: prefix + "residence", Type: typeCode, List: codelist.Residence, Label: "f.residence", Span: 4},
		{Path: prefix + "mother", Type: typePerson, Sex: population.Female, Label: "f.mother"},
		{Path: prefix + "father", Type: typePerson, Sex: population.Male, Label: "f.father"},
		{Path: prefix + "spouse", Type: typePerson, Label: "f.spouse"},
	}
}

func dateField(label string) field {
	return field{Path: "date", Type: typeDate, Label: label, Help: "help.date", Must: true, Span: 3}
}

func noteField() field { return field{Path: "note", Type: typeNote, Label: "f.note", Span: 12} }

// newHead are the fields that name another head in the same step.
func newHead() []field {
	return []field{
		{Path: "hc.head", Type: typeMember, Label: "f.new_head", Help: "help.new_head", Section: "s.new_head", Aside: true, Span: 12},
		{Path: "hc.relations", Type: typeRelation, Label: "f.relations", Help: "help.relations", Aside: true, Span: 12},
	}
}

func with(lists ...[]field) []field {
	var out []field
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}
