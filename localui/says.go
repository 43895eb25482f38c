package localui

import (
	"strconv"
	"strings"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

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
