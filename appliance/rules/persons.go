package rules

import (
	"strconv"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// ruleNamesClean (P01): a name is stored as CleanName gives it.
func ruleNamesClean(x *Examination) {
	for _, m := range membersOf(x.e) {
		x.name(m.path+".name", m.Name, true)
	}
	switch e := x.e.(type) {
	case population.InformationChanged:
		for _, f := range e.Changed {
			if f == population.FieldName {
				x.name("to.name", e.To.Name, true)
			}
		}
	case population.Birth:
		x.name("mother_name", e.MotherName, false)
	case population.Marriage:
		x.name("other_name", e.OtherName, false)
	case population.UserCreated:
		x.name("name", e.Name, true)
	case population.UserChanged:
		x.name("name", e.Name, true)
	}
}

func (x *Examination) name(field, s string, needed bool) {
	if s == "" && !needed {
		return
	}
	if clean, err := population.CleanName(s); err != nil || clean != s {
		x.add("P01", field, nil)
	}
}

// ruleSexGiven (P02): every report counts by sex.
func ruleSexGiven(_ *Examination, p *population.Person) []trouble {
	if p.Sex == population.SexUnknown {
		return []trouble{personal("P02", p, "sex", "", nil)}
	}
	return nil
}

// ruleNameOfSex (P05): a newborn without a name is written "Trai" or "Gái" (mục
// I of the A0 book), which must say the sex that is counted.
func ruleNameOfSex(_ *Examination, p *population.Person) []trouble {
	said, ok := map[string]population.Sex{"trai": population.Male, "gai": population.Female}[population.Key2(p.Name)]
	if !ok || p.Sex == population.SexUnknown || said == p.Sex {
		return nil
	}
	return []trouble{personal("P05", p, "sex", "", nil)}
}

// ruleSchooling (P03): schooling is reached at an age at the earliest; the ages
// are the pack's, because the list of levels is provisional.
func ruleSchooling(x *Examination, p *population.Person) []trouble {
	need, ok := x.pack.Limits.SchoolAge[strconv.Itoa(int(p.Education))]
	if !ok {
		return nil
	}
	if _, most, ok := ages(p.Born, x.today); ok && most < need {
		return []trouble{personal("P03", p, "education", itoa(int(p.Education)), args("age", itoa(most)))}
	}
	return nil
}

// ruleEverMarriedUnderAge (P04): ever married and under the age of marriage of
// women: tảo hôn, or a wrong year. A marriage asks by M02 itself.
func ruleEverMarriedUnderAge(x *Examination, p *population.Person) []trouble {
	if _, ok := x.e.(population.Marriage); ok || p.Marital == 0 || p.Marital == population.NeverMarried {
		return nil
	}
	if _, most, ok := ages(p.Born, x.today); ok && most < x.pack.Limits.MarriageFemale {
		return []trouble{personal("P04", p, "marital", "", args("age", itoa(most)))}
	}
	return nil
}

// ruleCodesListed (G03): a code that is not in its list on the day of the entry
// means nothing to the next reader. 0 is unknown and always right.
func ruleCodesListed(x *Examination) {
	for _, m := range membersOf(x.e) {
		x.facts(m.path+".", m.Facts)
		x.code(m.path+".relation", codelist.Relation, m.Relation)
	}
	for _, p := range placedOf(x.e) {
		if p.path != "head" {
			x.code(p.path+".relation", codelist.Relation, p.relation)
		}
	}
	switch e := x.e.(type) {
	case population.InformationChanged:
		x.facts("to.", e.To)
		x.code("relation", codelist.Relation, e.Relation)
	case population.Birth:
		x.code("place", codelist.BirthPlace, e.Place)
	case population.Death:
		x.code("place", codelist.DeathPlace, e.Place)
	case population.Arrival:
		x.code("reason", codelist.MoveReason, e.Reason)
	case population.Departure:
		x.code("reason", codelist.MoveReason, e.Reason)
	}
}

func (x *Examination) facts(path string, f population.Facts) {
	x.code(path+"ethnicity", codelist.Ethnicity, f.Ethnicity)
	x.code(path+"education", codelist.Education, f.Education)
	x.code(path+"marital", codelist.Marital, f.Marital)
	x.code(path+"residence", codelist.Residence, f.Residence)
	if f.Sex > population.Female {
		x.add("G03", path+"sex", args("date", x.listDay().String()))
	}
}

func (x *Examination) code(field string, list codelist.List, c population.Code) {
	if c == 0 {
		return
	}
	day := x.listDay()
	if it, ok := codelist.Lookup(list, c); ok && validOn(it, day) {
		return
	}
	for _, it := range codelist.Items(list, day) {
		if it.Code == c {
			return
		}
	}
	x.add("G03", field, args("date", day.String()))
}

// listDay is the day whose lists count: that of the entry, else today.
func (x *Examination) listDay() population.Date {
	if w := x.e.When(); !w.IsZero() {
		return w.First()
	}
	return x.today
}

// validOn is the cheap answer for the newest meaning of a code.
func validOn(it codelist.Item, day population.Date) bool {
	return !surelyBefore(day, it.From) && !surelyBefore(it.To, day)
}
