package localui

import (
	"strconv"
	"strings"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// link is a name with where it leads.
type link struct{ Href, Label string }

// entryLine is one entry in words.
type entryLine struct {
	Seq      uint64
	Kind     string // in words
	Slug     string // name of the kind
	When     string
	Counted  string
	Late     bool // counts in a later month than it happened in
	People   []link
	House    *link
	Text     string
	Note     string
	Reasons  []string // of soft findings
	Actor    string
	At       string
	Unsure   bool // the clock could not be trusted
	Amended  uint64
	Annulled uint64
	CanAmend bool
}

// entryLine words an entry. about is the person whose page it stands on, who is
// then not named again.
func (w words) entryLine(v *register.View, seq uint64, e population.Entry, about population.ID) entryLine {
	l := entryLine{Seq: seq, Kind: w.kind(e), Slug: e.Kind().String(), When: w.date(e.When()), Note: e.Extra().Note, Text: w.says(v, e)}
	if c := e.Counted(); c != 0 {
		l.Counted = w.period(c)
		l.Late = e.When().Month != 0 && population.PeriodOf(e.When()) < c
	}
	for _, id := range peopleOf(e) {
		if id == about || about != 0 && e.Kind() == population.KindHouseholdOpened {
			continue
		}
		if len(l.People) == 6 {
			l.People = append(l.People, link{Label: "…"})
			break
		}
		if p := v.Person(id); p != nil {
			l.People = append(l.People, link{"/nguoi/" + id.String(), p.Name})
		}
	}
	if h := v.Household(householdOf(e)); h != nil {
		l.House = &link{"/ho/" + h.ID.String(), w.text("household.short", "n", homeName(v, h))}
	}
	for _, c := range e.Extra().Confirmed {
		l.Reasons = append(l.Reasons, c.Rule+": "+c.Reason)
	}
	if m, ok := v.Meta(seq); ok {
		l.Actor = w.actor(v, m.Envelope.Actor)
		l.At = time.Unix(m.Envelope.At, 0).Local().Format("15:04 02/01/2006")
		l.Unsure = !m.Envelope.Trusted
	}
	l.CanAmend = formOfKind(e) != nil && e.Kind() != population.KindAreaDefined
	return l
}

func (w words) actor(v *register.View, n uint32) string {
	if n == 0 {
		return w.text("actor.station")
	}
	if u := v.User(n); u != nil {
		return u.Name
	}
	return strconv.FormatUint(uint64(n), 10)
}

// kind names what an entry is.
func (w words) kind(e population.Entry) string {
	name := e.Kind().String()
	if s, ok := e.(population.ScopeCorrection); ok {
		name += map[population.Scope]string{population.ScopeMissed: ".missed", population.ScopeDouble: ".double", population.ScopeOut: ".out"}[s.Scope]
	}
	if _, ok := e.(population.Unknown); ok {
		return w.text("kind.unknown")
	}
	return w.text("kind." + name)
}

// peopleOf lists the persons an entry is about, the most concerned first.
func peopleOf(e population.Entry) []population.ID {
	switch e := e.(type) {
	case population.HouseholdOpened:
		var ids []population.ID
		for _, m := range e.Members {
			ids = append(ids, m.ID)
		}
		return ids
	case population.PersonRegistered:
		return []population.ID{e.Member.ID}
	case population.Birth:
		return []population.ID{e.Child.ID}
	case population.Death:
		return []population.ID{e.Person}
	case population.Arrival:
		return []population.ID{e.Member.ID}
	case population.Departure:
		return e.Persons
	case population.MoveInside:
		return placedIDs(e.Persons)
	case population.HouseholdSplit:
		return placedIDs(e.Persons)
	case population.HouseholdJoined:
		return placedIDs(e.Persons)
	case population.Marriage:
		return someIDs(e.A, e.B)
	case population.Divorce:
		return someIDs(e.A, e.B)
	case population.InformationChanged:
		return []population.ID{e.Person}
	case population.HeadChanged:
		return []population.ID{e.Head}
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			return []population.ID{e.Member.ID}
		}
		return someIDs(e.Person, e.Canonical)
	case population.SamePerson:
		return someIDs(e.Other, e.Canonical)
	case population.SamePersonUndone:
		return someIDs(e.Other, e.Canonical)
	}
	return nil
}

func placedIDs(list []population.Placed) []population.ID {
	ids := make([]population.ID, len(list))
	for i, p := range list {
		ids[i] = p.Person
	}
	return ids
}

func someIDs(ids ...population.ID) []population.ID {
	var out []population.ID
	for _, id := range ids {
		if id != 0 {
			out = append(out, id)
		}
	}
	return out
}

// householdOf is the household an entry leads to.
func householdOf(e population.Entry) population.ID {
	switch e := e.(type) {
	case population.HouseholdOpened:
		return e.ID
	case population.PersonRegistered:
		return e.Household
	case population.Birth:
		return e.Household
	case population.Arrival:
		return e.Household
	case population.Departure:
		return e.Household
	case population.MoveInside:
		return e.Into
	case population.HouseholdSplit:
		return e.New
	case population.HouseholdJoined:
		return e.Into
	case population.HouseholdChanged:
		return e.Household
	case population.HeadChanged:
		return e.Household
	case population.ScopeCorrection:
		return e.Household
	}
	return 0
}

// says words what an entry says beside whom, when and where.
func (w words) says(v *register.View, e population.Entry) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	named := func(key string, id population.ID) {
		if p := v.Person(id); id != 0 && p != nil {
			add(w.text(key, "name", p.Name))
		}
	}
	home := func(key string, id population.ID) {
		if h := v.Household(id); h != nil {
			add(w.text(key, "n", homeName(v, h)))
		}
	}
	switch e := e.(type) {
	case population.HouseholdOpened:
		if len(e.Members) > 0 {
			add(w.text("says.persons", "n", len(e.Members)))
		}
	case population.Birth:
		if e.Order != 0 {
			add(w.text("says.order", "n", e.Order))
		}
		named("says.mother", e.Child.Mother)
		if e.MotherName != "" {
			add(w.text("says.mother", "name", e.MotherName))
		}
		add(w.code("birth_place", e.Place))
		if e.Weight != 0 {
			add(w.text("says.weight", "n", w.num(int(e.Weight))))
		}
	case population.Death:
		add(w.code("death_place", e.Place))
	case population.Arrival:
		if e.From != "" {
			add(w.text("says.from", "place", e.From))
		}
		add(w.code("move_reason", e.Reason))
	case population.Departure:
		if e.Whole {
			add(w.text("says.whole"))
		}
		if e.To != "" {
			add(w.text("says.to", "place", e.To))
		}
		add(w.code("move_reason", e.Reason))
	case population.MoveInside:
		home("says.from_home", e.From)
		home("says.into_home", e.Into)
	case population.HouseholdSplit:
		home("says.from_home", e.From)
	case population.HouseholdJoined:
		home("says.from_home", e.From)
		home("says.into_home", e.Into)
	case population.Marriage:
		if e.OtherName != "" {
			add(w.text("says.with", "name", e.OtherName))
		}
		if e.Counselled {
			add(w.text("says.counselled"))
		}
		if e.Kin {
			add(w.text("says.kin"))
		}
	default:
		w.saysOther(v, e, add, named)
	}
	return strings.Join(parts, " · ")
}

func (w words) saysOther(v *register.View, e population.Entry, add func(string), named func(string, population.ID)) {
	switch e := e.(type) {
	case population.InformationChanged:
		for _, f := range e.Changed {
			add(w.text("f."+fieldLabel(f)) + ": " + w.column(v, f, e))
		}
	case population.HouseholdChanged:
		if a := v.Area(e.Area); e.Area != 0 && a != nil {
			add(w.areaName(a))
		}
		if !e.Number.IsZero() {
			add(w.text("f.household_number") + ": " + e.Number.String())
		}
		add(e.Address)
		if e.Closed {
			add(w.text("says.closed"))
		}
	case population.HeadChanged:
		named("says.head", e.Head)
	case population.ScopeCorrection:
		named("says.canonical", e.Canonical)
	case population.SamePerson:
		named("says.canonical", e.Canonical)
	case population.Amendment:
		add(w.text("says.amends", "n", e.Target))
	case population.Annulment:
		if e.First == e.Last {
			add(w.text("says.annuls", "n", e.First))
		} else {
			add(w.text("says.annuls_many", "first", e.First, "last", e.Last))
		}
	case population.AreaDefined:
		add(w.text("area.name", "n", e.Number))
		add(e.Hamlet)
	case population.UserCreated:
		add(e.Name)
		add(w.role(e.Role))
	case population.UserChanged:
		add(e.Name)
		add(w.role(e.Role))
		if e.Disabled {
			add(w.text("users.disabled"))
		}
	case population.OperationBegun:
		add(e.Source)
	case population.PeriodClosed:
		add(w.period(e.Period))
	}
}

func fieldLabel(f population.Field) string {
	return fieldNames()[int(f)-1].(string)
}

// column words one column of a change of information.
func (w words) column(v *register.View, f population.Field, e population.InformationChanged) string {
	person := func(id population.ID) string {
		if p := v.Person(id); p != nil {
			return p.Name
		}
		return ""
	}
	s := map[population.Field]string{
		population.FieldName: e.To.Name, population.FieldSex: w.sex(e.To.Sex), population.FieldBorn: e.To.Born.Vi(),
		population.FieldEthnicity: w.code("ethnicity", e.To.Ethnicity), population.FieldNumber: mask(e.To.Number),
		population.FieldInsurance: mask(e.To.Insurance), population.FieldEducation: w.code("education", e.To.Education),
		population.FieldMarital: w.code("marital", e.To.Marital), population.FieldResidence: w.code("residence", e.To.Residence),
		population.FieldMother: person(e.To.Mother), population.FieldFather: person(e.To.Father), population.FieldSpouse: person(e.To.Spouse),
		population.FieldRelation: w.code("relation", e.Relation),
	}[f]
	if s == "" {
		return "–"
	}
	return s
}

func (w words) role(r population.Role) string {
	if r < population.RoleCollaborator || r > population.RoleAuditor {
		return ""
	}
	return w.text("role." + strconv.Itoa(int(r)))
}

// history words all that was ever written about an entity, newest first.
// Amendments and annulments are told on the entries they concern.
func (w words) history(v *register.View, ref population.Ref, about population.ID) ([]entryLine, error) {
	past, err := v.History(ref)
	if err != nil {
		return nil, err
	}
	var out []entryLine
	for i := len(past) - 1; i >= 0; i-- {
		switch past[i].Entry.(type) {
		case population.Amendment, population.Annulment:
			continue
		}
		l := w.entryLine(v, past[i].Seq, past[i].Entry, about)
		l.Amended, l.Annulled = past[i].AmendedBy, past[i].AnnulledBy
		l.CanAmend = l.CanAmend && past[i].Live()
		out = append(out, l)
	}
	return out, nil
}
