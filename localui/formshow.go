package localui

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// formBody is a form on the page.
type formBody struct {
	Action  string
	Title   string
	Slug    string
	About   *aboutView
	Fields  []fieldView
	Hidden  []keptField
	Summary []findingView // all findings, with links to their fields
	Refused bool
	Ask     bool
	Message string // instead of findings
	Saved   uint64 // the entry written just before, when the form is opened for the next
	Amends  uint64
	Cancel  string
	Again   bool // answers a form that was sent, with all that was
	Next    bool // offers to save and open the next
}

// aboutView says whom a form is about.
type aboutView struct {
	Household *householdLine
	Person    *personLine
}

type fieldView struct {
	Type     fieldType
	Name, ID string
	Label    string
	Help     string
	Section  string
	Must     bool
	Span     int
	Value    string
	Blank    string // what no choice means
	Other    string // typePerson: what stands in the input beside the list
	Options  []optionView
	Chosen   []chosenView // members to choose from
	Lines    []lineView   // persons, a line each
	CanAdd   bool
	Findings []findingView
	Focus    bool // the caret stands here when the page comes
}

type optionView struct {
	Value, Label string
	On           bool
}

// chosenView is a member in a list to choose from.
type chosenView struct {
	ID       string
	Line     personLine
	On       bool
	Relation *fieldView // nil: not asked
}

type lineView struct {
	Number int
	ID     string // of somebody already in the book (amendments)
	Name   string // prefix of the inputs
	Fields []fieldView
}

// elementID makes the id of an input from its name.
func elementID(name string) string {
	if name == "" {
		return "form"
	}
	return "f-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)
}

// shower makes the view of a form.
type shower struct {
	words
	sub      *subject
	form     *form
	values   url.Values
	amends   bool
	findings []findingView
}

func (sh *shower) fields() []fieldView {
	var out []fieldView
	for _, fd := range sh.form.Fields {
		if fv, ok := sh.field(fd); ok {
			out = append(out, fv)
		}
	}
	return out
}

func (sh *shower) view(fd field, name string) fieldView {
	fv := fieldView{Type: fd.Type, Name: name, ID: elementID(name), Label: sh.text(fd.Label), Must: fd.Must, Span: fd.Span,
		Value: sh.values.Get(name), Findings: sh.at(name)}
	if fv.Span == 0 {
		fv.Span = 6
	}
	if fd.Help != "" {
		fv.Help = sh.text(fd.Help)
	}
	if fd.Section != "" {
		fv.Section = sh.text(fd.Section)
	}
	switch fd.Type {
	case typeCode:
		fv.Options = sh.codes(fd.List, fv.Value)
	case typeWord:
		for _, w := range fd.Words {
			fv.Options = append(fv.Options, optionView{w.Value, sh.text(w.Label), fv.Value == w.Value})
		}
	case typePerson:
		fv.Options, fv.Other = sh.persons(fd, name, fv.Value), sh.values.Get(name+"~")
	case typeMember:
		fv.Options = sh.memberOptions(fv.Value)
	case typeArea:
		for _, a := range sh.sub.areas {
			fv.Options = append(fv.Options, optionView{a.ID.String(), sh.areaName(a), fv.Value == a.ID.String()})
		}
	case typeUser:
		for _, u := range sh.sub.users {
			n := strconv.FormatUint(uint64(u.Number), 10)
			fv.Options = append(fv.Options, optionView{n, u.Name, fv.Value == n})
		}
	}
	return fv
}

// field makes the view of one field; ok is false when it is not shown here.
func (sh *shower) field(fd field) (fieldView, bool) {
	if strings.HasPrefix(fd.Path, "hc.") && (sh.amends || !sh.headMayGo()) || fd.Aside && fd.Path == "id" {
		return fieldView{}, false
	}
	fv := sh.view(fd, fd.Path)
	switch fd.Type {
	case typePeople, typePlaced, typeRelation:
		fv.Chosen = sh.choose(fd)
	case typeRows:
		n := rowsShown(sh.values)
		for row := range n {
			fv.Lines = append(fv.Lines, sh.line(fd, row))
		}
		fv.CanAdd = n < maxRows
	}
	return fv, true
}

// headMayGo: another head can only be wanted where the head may be among those
// who leave, and somebody stays.
func (sh *shower) headMayGo() bool {
	if sh.sub.household == nil || len(sh.sub.members) < 2 {
		return false
	}
	return sh.form.About != aboutPerson || sh.sub.person != nil && sh.sub.person.ID == sh.sub.household.Head
}

func (sh *shower) line(fd field, row int) lineView {
	prefix := fmt.Sprintf("%s[%d].", fd.Path, row)
	l := lineView{Number: row + 1, Name: prefix, ID: sh.values.Get(prefix + "id")}
	for _, c := range rowColumns() {
		if !sh.values.Has(prefix + c.Path) {
			switch {
			case c.Path == "residence":
				sh.values.Set(prefix+c.Path, code(population.ResPresent))
			case c.Path == "relation" && row == 0:
				sh.values.Set(prefix+c.Path, code(population.RelHead))
			}
		}
		fv := sh.view(c, prefix+c.Path)
		fv.Span = map[string]int{"name": 4, "sex": 2, "born": 2, "relation": 2, "ethnicity": 2, "number": 3}[c.Path]
		if fv.Span == 0 {
			fv.Span = 3
		}
		if fv.Must, fv.Help = false, ""; c.Type == typeWord {
			fv.Type = typeCode // a list is narrower than two buttons
			for i := range fv.Options {
				fv.Options[i].Label = fmt.Sprint(i+1, " ", fv.Options[i].Label) // chosen by its digit, as the codes are
			}
		}
		fv.Focus = row == 0 && c.Path == "name" && sh.homeKnown()
		l.Fields = append(l.Fields, fv)
	}
	return l
}

// homeKnown: of a household to be opened the station has filled in what it must;
// what is typed next is its first person.
func (sh *shower) homeKnown() bool {
	return !sh.amends && len(sh.findings) == 0 && sh.values.Get("area") != "" && sh.values.Get("number") != ""
}

func (sh *shower) codes(list codelist.List, value string) []optionView {
	var out []optionView
	for _, it := range codelist.Items(list, sh.sub.today) {
		n := code(it.Code)
		label := it.Vi
		if sh.lang == "en" {
			label = it.En
		}
		out = append(out, optionView{n, n + " " + label, value == n})
	}
	return out
}

// persons are the members of the household of the sex asked for; somebody else
// who is named already (a mother in another household) is put with them.
func (sh *shower) persons(fd field, name, value string) []optionView {
	var out []optionView
	for _, p := range sh.sub.members {
		if fd.Sex != 0 && p.Sex != 0 && p.Sex != fd.Sex || sh.sub.person != nil && sh.form.About == aboutPerson && p.ID == sh.sub.person.ID {
			continue
		}
		out = append(out, optionView{p.ID.String(), sh.shortPerson(p), value == p.ID.String()})
	}
	id, err := population.ParseID(value)
	if err != nil || slices.ContainsFunc(out, func(o optionView) bool { return o.On }) {
		return out
	}
	if p := sh.sub.v.Person(id); p != nil {
		out = append(out, optionView{value, sh.shortPerson(p), true})
	}
	return out
}

func (sh *shower) memberOptions(value string) []optionView {
	var out []optionView
	for _, p := range sh.sub.members {
		if sh.form.About == aboutPerson && sh.sub.person != nil && p.ID == sh.sub.person.ID {
			continue
		}
		if sh.form.Kind == population.KindHeadChanged && p.ID == sh.sub.household.Head && !sh.amends {
			continue
		}
		out = append(out, optionView{p.ID.String(), sh.shortPerson(p), value == p.ID.String()})
	}
	return out
}

// choose lists the members, and who is named already though a member no more.
func (sh *shower) choose(fd field) []chosenView {
	name := fd.Path
	if fd.Type == typeRelation {
		name += ".of"
	}
	chosen := sh.values[name]
	list := slices.Clone(sh.sub.members)
	for _, raw := range chosen {
		id, err := population.ParseID(raw)
		if err != nil || slices.ContainsFunc(list, func(p *population.Person) bool { return p.ID == id }) {
			continue
		}
		if p := sh.sub.v.Person(id); p != nil {
			list = append(list, p)
		}
	}
	var out []chosenView
	for _, p := range list {
		c := chosenView{ID: p.ID.String(), Line: sh.personLine(p, sh.sub.today), On: slices.Contains(chosen, p.ID.String())}
		if fd.Type != typePeople {
			rel := sh.view(field{Type: typeCode, List: codelist.Relation, Label: "f.relation"}, fd.Path+".rel."+c.ID)
			if rel.Blank = sh.text("form.derived"); sh.form.Kind == population.KindMoveInside || sh.form.Kind == population.KindHouseholdJoined {
				rel.Blank = sh.text("form.relation_there")
			}
			c.Relation = &rel
		}
		out = append(out, c)
	}
	return out
}
