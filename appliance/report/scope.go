package report

import (
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// Scope narrows a report. The zero Scope is the whole commune; otherwise one of
// the fields is set, and moves inside the commune count where they cross it.
type Scope struct {
	Area         population.ID `json:"area,omitempty"`
	Hamlet       string        `json:"hamlet,omitempty"`       // exactly as in the areas
	Collaborator uint32        `json:"collaborator,omitempty"` // user number
}

// Whole reports whether s is the whole commune.
func (s Scope) Whole() bool { return s == Scope{} }

// extent is a scope with its areas looked up.
type extent struct {
	whole bool
	areas map[population.ID]bool
}

func (e extent) holds(w where) bool { return w.present && (e.whole || e.areas[w.area]) }

func newExtent(areas []*population.Area, s Scope) extent {
	e := extent{whole: s.Whole(), areas: make(map[population.ID]bool)}
	for _, a := range areas {
		if s.covers(a) {
			e.areas[a.ID] = true
		}
	}
	return e
}

func (s Scope) covers(a *population.Area) bool {
	return (s.Area == 0 || a.ID == s.Area) && (s.Hamlet == "" || a.Hamlet == s.Hamlet) &&
		(s.Collaborator == 0 || a.Collaborator == s.Collaborator)
}

// readHomes reads of every household what reports need.
func readHomes(v *register.View) (map[population.ID]home, error) {
	homes := make(map[population.ID]home)
	err := v.Households(func(h *population.Household) bool {
		homes[h.ID] = newHome(h)
		return true
	})
	return homes, err
}
