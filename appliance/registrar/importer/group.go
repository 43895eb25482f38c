package importer

import (
	"slices"

	"tramxa/appliance/population"
)

// maxMembers bounds the persons of one HouseholdOpened: they and the household
// itself are within population.MaxEntities.
const maxMembers = population.MaxEntities - 1

// sizeable: a new area has at least a twentieth of the households of the
// largest in the file. A collaborator has 100 to 150; what is far below is
// taken for a mistyped number.
const sizeable = 20

type areaKey struct {
	number uint32
	hamlet string // folded; only where the file has no number
}

type householdKey struct {
	area   int
	number population.HouseholdNumber
}

// group puts the lines together into households and areas.
func (b *Book) group(rows []row) {
	areas := make(map[areaKey]int)
	index := make(map[householdKey]int)
	var groups [][]row
	for _, r := range rows {
		a, ok := b.area(areas, r)
		if !ok {
			continue
		}
		k := householdKey{a, r.number}
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, nil)
			b.Households = append(b.Households, Household{Area: a, Number: r.number, Type: r.kind, Address: r.address})
		}
		groups[i] = append(groups[i], r)
	}
	kept := b.Households[:0]
	for i, h := range b.Households {
		if h, ok := b.household(h, groups[i]); ok {
			b.Areas[h.Area].Households++
			b.Areas[h.Area].Persons += len(h.Members)
			kept = append(kept, h)
		}
	}
	b.Households = kept
}

// area finds or adds the area of a line.
func (b *Book) area(areas map[areaKey]int, r row) (int, bool) {
	k := areaKey{number: r.area}
	if r.area == 0 {
		k.hamlet = population.Key2(r.hamlet)
	}
	i, ok := areas[k]
	if !ok {
		i = len(b.Areas)
		areas[k] = i
		b.Areas = append(b.Areas, Area{Number: r.area, Hamlet: r.hamlet})
	}
	a := &b.Areas[i]
	if a.Hamlet == "" {
		a.Hamlet = r.hamlet
	}
	if r.hamlet != "" && population.Key2(a.Hamlet) != population.Key2(r.hamlet) {
		b.Refused = append(b.Refused, Refusal{Line: r.line, Column: ColHamlet, Reason: OtherHamlet})
		return 0, false
	}
	return i, true
}

// household puts the lines of one household in order, the head first.
func (b *Book) household(h Household, rows []row) (Household, bool) {
	slices.SortStableFunc(rows, func(x, y row) int {
		if x.order == 0 || y.order == 0 {
			return 0
		}
		return x.order - y.order
	})
	head := -1
	var rest []row
	for _, r := range rows {
		switch {
		case r.member.Relation != population.RelHead:
			rest = append(rest, r)
		case head >= 0:
			b.Refused = append(b.Refused, Refusal{Line: r.line, Column: ColRelation, Reason: SecondHead})
		default:
			head = len(rest)
			rest = append(rest, r)
		}
	}
	if head < 0 {
		for _, r := range rest {
			b.Refused = append(b.Refused, Refusal{Line: r.line, Column: ColRelation, Reason: NoHead})
		}
		return h, false
	}
	rest = append([]row{rest[head]}, slices.Delete(slices.Clone(rest), head, head+1)...)
	for _, r := range rest[min(len(rest), maxMembers):] {
		b.Refused = append(b.Refused, Refusal{Line: r.line, Reason: TooManyPersons})
	}
	for _, r := range rest[:min(len(rest), maxMembers)] {
		h.Members = append(h.Members, r.member)
		h.Lines = append(h.Lines, r.line)
	}
	return h, true
}

// strange reports an area too small to be a new one.
func (b *Book) strange(a Area) bool {
	largest := 0
	for _, x := range b.Areas {
		largest = max(largest, x.Households)
	}
	return a.Households*sizeable <= largest
}
