package rules

import "tramxa/appliance/population"

// birth returns the entry as a birth, with the mother where she is registered.
func (x *Examination) birth() (b population.Birth, mother *population.Person, ok bool) {
	b, ok = x.e.(population.Birth)
	if ok && b.Child.Mother != 0 {
		mother = x.v.Person(b.Child.Mother)
	}
	return b, mother, ok
}

// ruleMotherFemale (B01).
func ruleMotherFemale(x *Examination) {
	if _, m, ok := x.birth(); ok && m != nil && m.Sex == population.Male {
		x.add("B01", "child.mother", nil)
	}
}

// ruleMotherInBook (B02): newborns of resident mothers are counted (domain
// scope rules), so she was in the book on that day; that she died of it or has
// left since does not matter.
func ruleMotherInBook(x *Examination) {
	b, m, ok := x.birth()
	if !ok || m == nil || b.Child.Born.IsZero() {
		return
	}
	for _, s := range m.Stays {
		if !surelyBefore(b.Child.Born, s.From) && (s.Out == population.CauseNone || !surelyBefore(s.To, b.Child.Born)) {
			return
		}
	}
	x.add("B02", "child.mother", nil)
}

// ruleMotherAge (B03, and B13: she is not younger than her child).
func ruleMotherAge(x *Examination) {
	b, m, ok := x.birth()
	if !ok || m == nil {
		return
	}
	lim := x.pack.Limits
	least, most, ok := ages(m.Born, b.Child.Born)
	switch {
	case ok && most < 0:
		x.add("B13", "child.mother", nil)
	case ok && most < lim.AskMotherMin:
		x.add("B03", "child.mother", args("age", itoa(most)))
	case ok && least > lim.AskMotherMax:
		x.add("B03", "child.mother", args("age", itoa(least)))
	}
}

// ruleBirthGap (B04): at least 180 days between deliveries, twins within three.
func ruleBirthGap(x *Examination) {
	b, m, ok := x.birth()
	if !ok || m == nil || !b.Child.Born.Exact() {
		return
	}
	for _, id := range x.v.Children(m.ID) {
		c := x.v.Person(id)
		if id == b.Child.ID || c == nil || !c.Born.Exact() {
			continue
		}
		days := b.Child.Born.Days() - c.Born.Days()
		if days < 0 {
			days = -days
		}
		if days > x.pack.Limits.TwinDays && days < x.pack.Limits.AskBirthGapDays {
			x.add("B04", "child.born", args("days", itoa(days)), id)
			return
		}
	}
}

// ruleBirthOrder (B05): con thứ = the live births of this mother in the book,
// and one. A book taken over from paper seldom says who a child's mother is, so
// the children of the household without one may be hers: it asks where the
// order is too low even for those it is sure of, or too high though it knows
// her as a mother.
func ruleBirthOrder(x *Examination) {
	b, m, ok := x.birth()
	if !ok || m == nil || b.Order == 0 {
		return
	}
	known := 0
	for _, id := range x.v.Children(m.ID) {
		if c := x.v.Person(id); id != b.Child.ID && c != nil && c.Same == 0 && !surelyBefore(b.Child.Born, c.Born) {
			known++
		}
	}
	own, perhaps := x.motherless(m, b.Child)
	low, high := known+own+1, known+perhaps+1
	if int(b.Order) < low || known > 0 && int(b.Order) > high {
		x.add("B05", "order", args("order", itoa(int(b.Order)), "known", itoa(known+own)))
	}
}

// motherless counts the members of the mother's household who are written
// without a mother and old and young enough to be hers: own are those written
// as children of the couple she is of and of whom the book knows neither parent,
// perhaps are all.
func (x *Examination) motherless(m *population.Person, child population.Member) (own, perhaps int) {
	couple := m.Relation == population.RelHead || m.Relation == population.RelSpouse
	for _, id := range x.v.Members(m.Household()) {
		c := x.v.Person(id)
		if id == child.ID || c == nil || c.Mother != 0 || surelyBefore(child.Born, c.Born) {
			continue
		}
		if _, most, ok := ages(m.Born, c.Born); !ok || most < x.pack.Limits.AskMotherMin {
			continue
		}
		switch {
		case couple && c.Relation == population.RelChild && c.Father == 0:
			own++
			perhaps++
		case couple && c.Relation == population.RelChild: // the book knows parents, and did not name her
			perhaps++
		case !couple && (c.Relation == population.RelGrandch || c.Relation == population.RelOther):
			perhaps++
		}
	}
	return own, perhaps
}

// ruleMotherGiven (B12).
func ruleMotherGiven(x *Examination) {
	if b, _, ok := x.birth(); ok && b.Child.Mother == 0 && b.MotherName == "" {
		x.add("B12", "child.mother", nil)
	}
}

// ruleMotherHousehold (B11).
func ruleMotherHousehold(x *Examination) {
	if b, m, ok := x.birth(); ok && m != nil && m.Household() != 0 && m.Household() != b.Household {
		x.add("B11", "household", nil, m.Household())
	}
}

// ruleFather (B06, B07, B08, B13): the father's sex, age, and that he lived at
// most 300 days before.
func ruleFather(x *Examination) {
	b, _, ok := x.birth()
	if !ok || b.Child.Father == 0 {
		return
	}
	f := x.v.Person(b.Child.Father)
	if f == nil {
		return
	}
	lim := x.pack.Limits
	if f.Sex == population.Female {
		x.add("B06", "child.father", nil)
	}
	switch _, most, ok := ages(f.Born, b.Child.Born); {
	case ok && most < 0:
		x.add("B13", "child.father", nil)
	case ok && most < lim.AskFatherMin:
		x.add("B07", "child.father", args("age", itoa(most)))
	}
	if f.Dead && !f.Died.IsZero() && !b.Child.Born.IsZero() && first(b.Child.Born)-last(f.Died) > lim.AskFatherGoneDays {
		x.add("B08", "child.father", args("days", itoa(lim.AskFatherGoneDays)))
	}
}

// ruleBirthWeight (B09, B10), in grams.
func ruleBirthWeight(x *Examination) {
	b, ok := x.e.(population.Birth)
	if !ok || b.Weight == 0 {
		return
	}
	lim, w := x.pack.Limits, int(b.Weight)
	switch {
	case w < lim.MinWeight || w > lim.MaxWeight:
		x.add("B09", "weight", args("weight", itoa(w)))
	case w < lim.AskWeightMin || w > lim.AskWeightMax:
		x.add("B10", "weight", args("weight", itoa(w)))
	}
}
