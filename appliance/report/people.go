package report

import (
	"fmt"
	"slices"
	"strings"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// People lists the persons behind one number of a report, by id: a row by its
// code ("1.4"), a line of the balance by its term ("balance.deaths"). A person
// counted twice (two marriages in the span) is listed twice. Of a couple it is
// the person by whom it is counted.
func People(v *register.View, o Options, code string) ([]population.ID, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	layout, err := layoutFor(o.Layout, o.To)
	if err != nil {
		return nil, err
	}
	want, ok := termOf(layout, code)
	if !ok {
		return nil, fmt.Errorf("%w: no number %q in %s", ErrOptions, code, layout.ID)
	}
	var ids []population.ID
	t := tally{persons: func(what term, id population.ID) {
		if what == want {
			ids = append(ids, id)
		}
	}}
	if err := pass(v, newExtent(v.Areas(), o.Scope), newSpan(o.From, o.To), &t); err != nil {
		return nil, err
	}
	slices.Sort(ids)
	return ids, v.Err()
}

func termOf(l Layout, code string) (term, bool) {
	if name, ok := strings.CutPrefix(code, "balance."); ok {
		what, ok := termByName(name)
		return what, ok && what < balanceTerms
	}
	for _, r := range l.Rows {
		if r.Code == code {
			return termByName(r.Formula)
		}
	}
	return 0, false
}
