package register

import (
	"encoding/binary"
	"slices"

	"tramxa/appliance/population"
)

// walk visits the states of one table by id.
func walk[T any](v *View, t table, parse func(population.ID, []byte) (*T, error), fn func(*T) bool) error {
	return v.book.scan(v.book.of(t, 0), true, func(r row) (bool, error) {
		if len(r.key) != 13 {
			return false, ErrRow
		}
		s, err := parse(population.ID(binary.BigEndian.Uint64(r.key[5:])), r.val)
		if err != nil {
			return false, err
		}
		return fn(s), nil
	})
}

// Persons visits every person ever in the book, by id, until fn returns false.
func (v *View) Persons(fn func(*population.Person) bool) error {
	return walk(v, tabPerson, parsePerson, fn)
}

// Lives visits every person ever in the book with ID, Sex, Born and Stays only,
// until fn returns false: what reports count, at a third of the price. The
// person is used again after fn returns.
func (v *View) Lives(fn func(*population.Person) bool) error {
	var p population.Person
	return walk(v, tabPerson, func(id population.ID, b []byte) (*population.Person, error) {
		p.ID = id
		r := parseBrief(&p, b)
		return &p, r.err
	}, fn)
}

// Households visits every household ever in the book, by id, until fn returns
// false.
func (v *View) Households(fn func(*population.Household) bool) error {
	return walk(v, tabHousehold, parseHousehold, fn)
}

// HouseholdsOf lists the open households of an area by their numbers.
func (v *View) HouseholdsOf(area population.ID) []*population.Household {
	var list []*population.Household
	v.stick(v.book.scan(v.book.num(tabSheet, uint64(area)), true, func(r row) (bool, error) {
		ids, err := parseList(r.val)
		if err != nil {
			return false, err
		}
		for _, id := range ids {
			if h := v.Household(population.ID(id)); h != nil && !h.Closed {
				list = append(list, h)
			}
		}
		return true, v.err
	}))
	return list
}

// Areas lists all areas, closed ones too, by number.
func (v *View) Areas() []*population.Area {
	var list []*population.Area
	v.stick(v.book.scan(v.book.of(tabAreaNo, 0), true, func(r row) (bool, error) {
		ids, err := parseList(r.val)
		if err != nil {
			return false, err
		}
		for _, id := range ids {
			if a := v.Area(population.ID(id)); a != nil {
				list = append(list, a)
			}
		}
		return true, v.err
	}))
	return list
}

// Users lists all users, disabled ones too, by number.
func (v *View) Users() []*population.User { return collect(v, tabUser, parseUser) }

// Operations lists all operations by the sequence they began at.
func (v *View) Operations() []*population.Operation { return collect(v, tabOperation, parseOperation) }

func collect[T any](v *View, t table, parse func(population.ID, []byte) (*T, error)) []*T {
	var list []*T
	v.stick(walk(v, t, parse, func(s *T) bool {
		list = append(list, s)
		return true
	}))
	return list
}

// EntriesOfPeriod visits the entries in force that count in p, amendments in
// place, by sequence, until fn returns false; of the kinds given, or of all.
func (v *View) EntriesOfPeriod(p population.Period, fn func(population.Located) bool, kinds ...population.Kind) error {
	return v.entriesIn(tabCounted, p, fn, kinds)
}

// EntriesOfMonth visits the entries in force about what happened in p, whenever
// it was written down, by sequence, until fn returns false; of the kinds given,
// or of all.
func (v *View) EntriesOfMonth(p population.Period, fn func(population.Located) bool, kinds ...population.Kind) error {
	return v.entriesIn(tabMonth, p, fn, kinds)
}

func (v *View) entriesIn(t table, p population.Period, fn func(population.Located) bool, kinds []population.Kind) error {
	prefix := binary.BigEndian.AppendUint16(v.book.of(t, 2), uint16(p))
	return v.book.scan(prefix, true, func(r row) (bool, error) {
		if len(r.key) != 15 || len(r.val) != 2 {
			return false, ErrRow
		}
		if len(kinds) > 0 && !slices.Contains(kinds, population.Kind(binary.BigEndian.Uint16(r.val))) {
			return true, nil
		}
		seq := binary.BigEndian.Uint64(r.key[7:])
		s, err := v.book.standing(seq, everything)
		if err != nil {
			return false, err
		}
		if !s.live() {
			return false, ErrRow
		}
		return fn(population.Located{Seq: seq, Entry: s.entry}), nil
	})
}

// Series visits the sequences written under an operation, its begin left out,
// in order, until fn returns false.
func (v *View) Series(op uint64, fn func(seq uint64) bool) error {
	return v.book.scan(v.book.num(tabSeries, op), false, func(r row) (bool, error) {
		if len(r.key) != 21 {
			return false, ErrRow
		}
		return fn(binary.BigEndian.Uint64(r.key[13:])), nil
	})
}
