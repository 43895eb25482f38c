package register

import (
	"slices"
	"strings"

	"tramxa/appliance/population"
)

// personIndex is everything a person is found by.
type personIndex struct {
	words     []string // of the folded name
	name      string   // folded
	born      population.Date
	number    string
	insurance string
	mother    population.ID
	household population.ID
	order     uint64
}

func indexOf(p *population.Person) personIndex {
	if p == nil {
		return personIndex{}
	}
	x := personIndex{
		words: nameWords(p.Name), name: population.Key2(p.Name), born: p.Born,
		mother: p.Mother, household: p.Household(), order: p.Order,
	}
	if n, ok := population.NormInsurance(p.Insurance); ok {
		x.insurance = population.InsuranceCore(n)
	}
	if n, ok := population.NormNumber(p.Number); ok {
		x.number = n
	}
	return x
}

// nameWords returns the words a name is found by, without tones, once as
// written and once with the variants of the highlands folded together
// (population.Key2 and Key3), without duplicates.
func nameWords(name string) []string {
	words := strings.Fields(population.Key2(name))
	for _, w := range strings.Fields(population.Key3(name)) {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

func (b *book) indexPerson(id population.ID, was, is *population.Person) error {
	o, n := indexOf(was), indexOf(is)
	for _, w := range o.words {
		if !slices.Contains(n.words, w) {
			b.del(b.token(w, id))
		}
	}
	for _, w := range n.words {
		if !slices.Contains(o.words, w) {
			b.set(b.token(w, id), nil)
		}
	}
	lists := [...]struct{ old, new []byte }{
		{b.opt(tabName, o.name), b.opt(tabName, n.name)},
		{b.optBorn(o.born), b.optBorn(n.born)},
		{b.opt(tabNumber, o.number), b.opt(tabNumber, n.number)},
		{b.opt(tabInsurance, o.insurance), b.opt(tabInsurance, n.insurance)},
		{b.optID(tabChildren, o.mother), b.optID(tabChildren, n.mother)},
	}
	for _, l := range lists {
		if err := b.relist(l.old, l.new, uint64(id)); err != nil {
			return err
		}
	}
	if o.household == n.household && o.order == n.order {
		return nil
	}
	if o.household != 0 {
		if err := b.unseat(o.household, place{o.order, id}); err != nil {
			return err
		}
	}
	if n.household != 0 {
		return b.seat(n.household, place{n.order, id})
	}
	return nil
}

// opt, optBorn and optID give the key of a list, nil where there is nothing to
// be found by.
func (b *book) opt(t table, s string) []byte {
	if s == "" {
		return nil
	}
	return b.text(t, s)
}

func (b *book) optBorn(d population.Date) []byte {
	if d.Year == 0 {
		return nil
	}
	return b.born(d)
}

func (b *book) optID(t table, id population.ID) []byte {
	if id == 0 {
		return nil
	}
	return b.num(t, uint64(id))
}

// relist moves id from the list at old to the list at new; nil: none.
func (b *book) relist(old, new []byte, id uint64) error {
	if string(old) == string(new) {
		return nil
	}
	if old != nil {
		if err := b.exclude(old, id); err != nil {
			return err
		}
	}
	if new == nil {
		return nil
	}
	return b.include(new, id)
}

func (b *book) indexHousehold(id population.ID, was, is *population.Household) error {
	at := func(h *population.Household) []byte {
		if h == nil || h.Area == 0 {
			return nil
		}
		return b.sheet(h.Area, h.Number)
	}
	return b.relist(at(was), at(is), uint64(id))
}

func (b *book) indexArea(id population.ID, was, is *population.Area) error {
	at := func(a *population.Area) []byte {
		if a == nil {
			return nil
		}
		return b.num(tabAreaNo, uint64(a.Number))
	}
	return b.relist(at(was), at(is), uint64(id))
}

func (b *book) indexUser(id population.ID, was, is *population.User) error {
	at := func(u *population.User) []byte {
		if u == nil || u.Login == "" {
			return nil
		}
		return b.text(tabLogin, u.Login)
	}
	return b.relist(at(was), at(is), uint64(id))
}

func (b *book) indexOperation(population.ID, *population.Operation, *population.Operation) error {
	return nil
}
