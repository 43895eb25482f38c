package rules

import "tramxa/appliance/population"

// ruleAreaNumberFree (E01, G01): địa bàn số is unique in the station, and an
// area has a commune and a hamlet.
func ruleAreaNumberFree(x *Examination) {
	a, ok := x.e.(population.AreaDefined)
	if !ok {
		return
	}
	if a.ID == 0 {
		x.add("G01", "id", nil)
	}
	if a.Number == 0 {
		x.add("G01", "number", nil)
	}
	if a.Hamlet == "" {
		x.add("G01", "hamlet", nil)
	}
	if a.Unit == 0 || a.Unit > 99999 {
		x.add("G01", "unit", nil)
	}
	if other := x.v.AreaByNumber(a.Number); other != 0 && other != a.ID && !a.Closed {
		x.add("E01", "number", nil, other)
	}
}

// ruleAreaOpen (G02): an area's collaborator is a user.
func ruleAreaOpen(x *Examination) {
	a, ok := x.e.(population.AreaDefined)
	if ok && a.Collaborator != 0 && x.v.User(a.Collaborator) == nil {
		x.add("G02", "collaborator", nil)
	}
}

// rulePeriodClosing (C01, C02): a period is closed after its last day, one
// after the other.
func rulePeriodClosing(x *Examination) {
	c, ok := x.e.(population.PeriodClosed)
	if !ok {
		return
	}
	switch last := x.v.LastClosed(); {
	case c.Period == 0:
		x.add("G01", "period", nil)
	case last != 0 && c.Period != last.Next():
		x.add("C02", "period", args("next", last.Next().String()))
	case c.Period >= population.PeriodOf(x.today):
		x.addFuture("C01", "period", nil)
	}
}

// areaTroubles (A04): an area with open households stays open.
func (x *Examination) areaTroubles(id population.ID) []trouble {
	if a := x.v.Area(id); a != nil && !a.Closed {
		return nil
	}
	if len(x.v.HouseholdsOf(id)) == 0 {
		return nil
	}
	return []trouble{{troubleKey: troubleKey{rule: "A04", id: id}, about: []population.ID{id}}}
}
