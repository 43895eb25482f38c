package rules

import "tramxa/appliance/population"

// couple returns the persons of a marriage or divorce.
func couple(e population.Entry) (a, b population.ID, ok bool) {
	switch e := e.(type) {
	case population.Marriage:
		return e.A, e.B, true
	case population.Divorce:
		return e.A, e.B, true
	}
	return 0, 0, false
}

// ruleSpousesDiffer (M04).
func ruleSpousesDiffer(x *Examination) {
	if a, b, ok := couple(x.e); ok && a == b && a != 0 {
		x.add("M04", "b", nil)
	}
}

// ruleMarriage (M01, M02, M03, M06): who marries is not married, is of age (Luật Hôn
// nhân và gia đình 2014: men 20, women 18; else it is counted as tảo hôn), and
// the two are of different sex and both named. All soft: it happened, the book
// says so.
func ruleMarriage(x *Examination) {
	m, ok := x.e.(population.Marriage)
	if !ok {
		return
	}
	if m.A != 0 && m.B == 0 && m.OtherName == "" {
		x.add("M06", "b", nil)
	}
	var sexes [2]population.Sex
	for i, r := range [2]named{{m.A, "a"}, {m.B, "b"}} {
		p := x.v.Person(r.id)
		if r.id == 0 || p == nil {
			continue
		}
		sexes[i] = p.Sex
		if x.maritalBefore(r.id) == population.Married {
			x.add("M01", r.path, nil)
		}
		limit := x.pack.Limits.MarriageMale
		if p.Sex == population.Female {
			limit = x.pack.Limits.MarriageFemale
		}
		if _, most, ok := ages(p.Born, m.Date); ok && most < limit {
			x.add("M02", r.path, args("age", itoa(most)))
		}
	}
	if m.A != m.B && sexes[0] != population.SexUnknown && sexes[0] == sexes[1] {
		x.add("M03", "b", nil)
	}
}

// ruleDivorce (M05): the two are recorded as married, to each other where the
// book knows.
func ruleDivorce(x *Examination) {
	d, ok := x.e.(population.Divorce)
	if !ok {
		return
	}
	for _, r := range [2]named{{d.A, "a"}, {d.B, "b"}} {
		if r.id == 0 {
			continue
		}
		if was := x.maritalBefore(r.id); was != 0 && was != population.Married && was != population.Separated {
			x.add("M05", r.path, nil)
		}
	}
}

// maritalBefore is the person's marital status as the entries before this one
// in order leave it.
func (x *Examination) maritalBefore(id population.ID) population.Code {
	var c population.Code
	for _, l := range population.InOrder(x.v.Live(population.Ref{Type: population.TypePerson, ID: id})) {
		if l.Seq == x.seq {
			break
		}
		switch e := l.Entry.(type) {
		case population.Marriage:
			c = population.Married
		case population.Divorce:
			c = population.Divorced
		case population.InformationChanged:
			for _, f := range e.Changed {
				if f == population.FieldMarital {
					c = e.To.Marital
				}
			}
		}
		for _, m := range membersOf(l.Entry) {
			if m.ID == id {
				c = m.Marital
			}
		}
	}
	return c
}
