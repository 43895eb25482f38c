package rules

import "tramxa/appliance/population"

// spouses are the members written as spouse of the head.
func spouses(h *population.Household, members []*population.Person) []*population.Person {
	var out []*population.Person
	for _, p := range members {
		if p.Relation == population.RelSpouse && p.ID != h.Head {
			out = append(out, p)
		}
	}
	return out
}

// ruleSpouseAge (R01): a spouse of the head is 15 or older.
func ruleSpouseAge(x *Examination, h *population.Household, members []*population.Person) []trouble {
	var out []trouble
	for _, p := range spouses(h, members) {
		if _, most, ok := ages(p.Born, x.today); ok && most < x.pack.Limits.MinSpouseAge {
			out = append(out, personal("R01", p, "born", "", args("age", itoa(most))))
		}
	}
	return out
}

// ruleSpouseSex (R02): asked, because one of the two is mostly mistyped.
func ruleSpouseSex(_ *Examination, h *population.Household, members []*population.Person) []trouble {
	head := headOf(h, members)
	if head == nil || head.Sex == population.SexUnknown {
		return nil
	}
	var out []trouble
	for _, p := range spouses(h, members) {
		if p.Sex == head.Sex {
			out = append(out, pair("R02", p, head, "sex", nil))
		}
	}
	return out
}

// ruleSpouseOne (R03).
func ruleSpouseOne(_ *Examination, h *population.Household, members []*population.Person) []trouble {
	var out []trouble
	for i, p := range spouses(h, members) {
		if i > 0 {
			out = append(out, personal("R03", p, "relation", "", nil))
		}
	}
	return out
}

// ruleSpouseGap (R04).
func ruleSpouseGap(x *Examination, h *population.Household, members []*population.Person) []trouble {
	head := headOf(h, members)
	if head == nil {
		return nil
	}
	var out []trouble
	for _, p := range spouses(h, members) {
		if n, ok := yearsApart(head.Born, p.Born); ok && n > x.pack.Limits.AskSpouseGap {
			out = append(out, pair("R04", p, head, "born", args("gap", itoa(n))))
		}
	}
	return out
}

// yearsApart is the least number of years between two births.
func yearsApart(a, b population.Date) (int, bool) {
	if a.IsZero() || b.IsZero() {
		return 0, false
	}
	least, most := a.AgeOn(b)
	switch {
	case least > 0:
		return least, true
	case most < 0:
		return -most - 1, true
	}
	return 0, true
}

// ruleSpouseMarried (R05): head and spouse are both recorded as married. A
// divorce is what ends it, and is not asked about.
func ruleSpouseMarried(x *Examination, h *population.Household, members []*population.Person) []trouble {
	if _, ok := x.e.(population.Divorce); ok {
		return nil
	}
	var out []trouble
	head := headOf(h, members)
	for _, p := range spouses(h, members) {
		if p.Marital != 0 && p.Marital != population.Married {
			out = append(out, personal("R05", p, "marital", "", nil))
		}
		if head != nil && head.Marital != 0 && head.Marital != population.Married {
			out = append(out, personal("R05", head, "marital", "", nil))
		}
	}
	return out
}

// ruleChildYounger (R06): a child of one's own is at least eight years younger.
// Adopted children and in-laws have another code and are not judged.
func ruleChildYounger(x *Examination, h *population.Household, members []*population.Person) []trouble {
	head := headOf(h, members)
	if head == nil {
		return nil
	}
	var out []trouble
	for _, p := range members {
		if p.Relation != population.RelChild {
			continue
		}
		if _, most, ok := ages(head.Born, p.Born); ok && most < x.pack.Limits.MinChildGap {
			out = append(out, pair("R06", p, head, "born", args("min", itoa(x.pack.Limits.MinChildGap))))
		}
	}
	return out
}

// ruleParentOlder (R07): soft, for a step-mother is written as mother too.
func ruleParentOlder(_ *Examination, h *population.Household, members []*population.Person) []trouble {
	head := headOf(h, members)
	if head == nil {
		return nil
	}
	var out []trouble
	for _, p := range members {
		if p.Relation == population.RelParent && surelyBefore(head.Born, p.Born) {
			out = append(out, pair("R07", p, head, "born", nil))
		}
	}
	return out
}

// pair makes a trouble about a member in relation to the head.
func pair(rule string, p, head *population.Person, field string, a map[string]string) trouble {
	return trouble{troubleKey: troubleKey{rule: rule, id: p.ID, other: head.ID}, field: field, args: a, about: []population.ID{head.ID}}
}
