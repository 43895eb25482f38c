package rules

import "tramxa/appliance/population"

// first and last are the earliest and latest day a partial date may mean, as
// days since 1970-01-01. The date must not be wholly unknown.
func first(d population.Date) int { return d.First().Days() }
func last(d population.Date) int  { return d.Last().Days() }

// surelyBefore reports that a is before b whatever the unknown parts are.
func surelyBefore(a, b population.Date) bool {
	return !a.IsZero() && !b.IsZero() && a.Before(b) == population.Yes
}

// ages returns the least and greatest age in completed years on a day; ok is
// false when either date is wholly unknown.
func ages(born, on population.Date) (least, most int, ok bool) {
	if born.IsZero() || on.IsZero() {
		return 0, 0, false
	}
	least, most = born.AgeOn(on)
	return least, most, true
}

// dated is a date field of an entry with its JSON name.
type dated struct {
	field string
	date  population.Date
}

// datesOf lists the date fields of an entry.
func datesOf(e population.Entry) []dated {
	out := []dated{{field: whenField(e), date: e.When()}}
	if out[0].field == "" {
		out = nil
	}
	for _, m := range membersOf(e) {
		if d := (dated{m.path + ".born", m.Born}); len(out) == 0 || out[0].field != d.field {
			out = append(out, d)
		}
	}
	if c, ok := e.(population.InformationChanged); ok {
		out = append(out, dated{"to.born", c.To.Born})
	}
	return out
}

// whenField is the JSON name of the field that When returns, "" when none.
func whenField(e population.Entry) string {
	switch e.(type) {
	case population.Birth:
		return "child.born"
	case population.Amendment, population.Annulment, population.UserCreated, population.UserChanged,
		population.OperationBegun, population.OperationEnded, population.PeriodClosed, population.Unknown:
		return ""
	}
	return "date"
}

// ruleDatesGiven (D03): a vital event needs at least its year, or it cannot be
// put in order. First registration and changes may leave it open.
func ruleDatesGiven(x *Examination) {
	switch x.e.(type) {
	case population.Birth, population.Death, population.Arrival, population.Departure, population.MoveInside,
		population.Marriage, population.Divorce, population.HouseholdSplit, population.HouseholdJoined, population.HeadChanged:
		if x.e.When().IsZero() {
			x.add("D03", whenField(x.e), nil)
		}
	}
}

// ruleDatesInCalendar (D05): 31/2 is no day.
func ruleDatesInCalendar(x *Examination) {
	for _, d := range datesOf(x.e) {
		if !d.date.IsZero() && !d.date.Valid() {
			x.add("D05", d.field, nil)
		}
	}
}

// ruleNotInFuture (D01): nothing is written before it happens.
func ruleNotInFuture(x *Examination) {
	for _, d := range datesOf(x.e) {
		if surelyBefore(x.today, d.date) {
			x.addFuture("D01", d.field, args("date", d.date.String(), "today", x.today.String()))
		}
	}
}

// ruleLate (D04): an event of more than a year ago is more often a wrong year
// than a late report.
func ruleLate(x *Examination) {
	switch x.e.(type) {
	case population.Birth, population.Death, population.Arrival, population.Departure, population.MoveInside,
		population.Marriage, population.Divorce:
	default:
		return
	}
	if x.amends() {
		return
	}
	if w := x.e.When(); !w.IsZero() && first(x.today)-last(w) > x.pack.Limits.LateDays {
		x.add("D04", whenField(x.e), args("date", w.String()))
	}
}

// ruleAge (D06, D07): nobody is 150; at 120 the year may be mistyped.
func ruleAge(x *Examination, p *population.Person) []trouble {
	least, _, ok := ages(p.Born, x.today)
	lim := x.pack.Limits
	switch {
	case ok && least > lim.MaxAge:
		return []trouble{personal("D06", p, "born", p.Born.String(), args("max", itoa(lim.MaxAge)))}
	case ok && least > lim.AskAge:
		return []trouble{personal("D07", p, "born", p.Born.String(), args("ask", itoa(lim.AskAge)))}
	}
	return nil
}

// personal makes a trouble about one column of a person. value tells one
// wrong value from the next.
func personal(rule string, p *population.Person, field, value string, a map[string]string, about ...population.ID) trouble {
	return trouble{troubleKey: troubleKey{rule: rule, id: p.ID, value: value}, field: field, args: a, about: about}
}
