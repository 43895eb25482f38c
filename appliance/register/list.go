package register

import (
	"slices"

	"tramxa/appliance/population"
)

// Lists of numbers are rows of their own: ascending, without duplicates, each
// written as the difference from the one before. An empty list is no row.

func appendList(list []uint64) []byte {
	w := writer{b: make([]byte, 0, len(list)*3)}
	var last uint64
	for _, n := range list {
		w.uint(n - last)
		last = n
	}
	return w.b
}

func parseList(b []byte) ([]uint64, error) {
	r := reader{b: b}
	var list []uint64
	var last uint64
	for len(r.b) > 0 {
		last += r.uint()
		list = append(list, last)
	}
	return list, r.close("list")
}

func (r *rows) list(key []byte) ([]uint64, error) {
	b, err := r.get(key)
	if err != nil || b == nil {
		return nil, err
	}
	return parseList(b)
}

// include puts n into the list at key.
func (r *rows) include(key []byte, n uint64) error {
	list, err := r.list(key)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearch(list, n)
	if found {
		return nil
	}
	r.set(key, appendList(slices.Insert(list, at, n)))
	return nil
}

// exclude takes n out of the list at key.
func (r *rows) exclude(key []byte, n uint64) error {
	list, err := r.list(key)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearch(list, n)
	if !found {
		return nil
	}
	if list = slices.Delete(list, at, at+1); len(list) == 0 {
		r.del(key)
		return nil
	}
	r.set(key, appendList(list))
	return nil
}

// place is a person's place in a household's A0 sheet.
type place struct {
	order uint64
	id    population.ID
}

func comparePlaces(a, b place) int {
	switch {
	case a.order != b.order:
		if a.order < b.order {
			return -1
		}
		return 1
	case a.id < b.id:
		return -1
	case a.id > b.id:
		return 1
	}
	return 0
}

func (r *rows) places(household population.ID) ([]place, error) {
	b, err := r.get(r.num(tabMembers, uint64(household)))
	if err != nil || b == nil {
		return nil, err
	}
	d := reader{b: b}
	var list []place
	for len(d.b) > 0 {
		list = append(list, place{order: d.uint(), id: d.id(household.Mint())})
	}
	return list, d.close("members")
}

func (r *rows) setPlaces(household population.ID, list []place) {
	if len(list) == 0 {
		r.del(r.num(tabMembers, uint64(household)))
		return
	}
	w := writer{b: make([]byte, 0, len(list)*6)}
	for _, p := range list {
		w.uint(p.order)
		w.id(household.Mint(), p.id)
	}
	r.set(r.num(tabMembers, uint64(household)), w.b)
}

func (r *rows) seat(household population.ID, p place) error {
	list, err := r.places(household)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearchFunc(list, p, comparePlaces)
	if !found {
		r.setPlaces(household, slices.Insert(list, at, p))
	}
	return nil
}

func (r *rows) unseat(household population.ID, p place) error {
	list, err := r.places(household)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearchFunc(list, p, comparePlaces)
	if found {
		r.setPlaces(household, slices.Delete(list, at, at+1))
	}
	return nil
}
