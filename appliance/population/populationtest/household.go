package populationtest

import (
	"slices"

	"tramxa/appliance/population"
)

// households merges nuclei until about the wanted number is left: lone elders
// move in with a child, young couples live with his parents, among Jrai and Ê
// Đê with hers, and some who are alone lodge with others. One in three hundred
// becomes a collective household.
func (c *Commune) households(d dice, g population.Code, people []*person) []*house {
	nuclei := c.families(d, g, people)
	goal := len(people) * 100 / householdMean(c.opt.Flavour, g)
	parents := make(map[int][]*nucleus) // by the age that counts
	for _, n := range nuclei {
		a := n.motherYears(c.start)
		parents[a] = append(parents[a], n)
	}
	left := len(nuclei)
	d.Shuffle(len(nuclei), func(i, j int) { nuclei[i], nuclei[j] = nuclei[j], nuclei[i] })
	threeGen := goal * 25 / 100
	for _, eldersOnly := range []bool{true, false} {
		for _, n := range nuclei {
			x := n.anchor(g)
			if left <= goal || x == nil || n.merged || eldersOnly && !d.chance(0.55) || !eldersOnly && threeGen <= 0 {
				continue
			}
			if c.under(d, g, n, x, parents, eldersOnly) {
				left--
				threeGen--
			}
		}
	}
	collective := c.dormitories(d, nuclei, goal/300, &left)
	c.lodge(d, nuclei, &left, goal)
	out := collective
	for _, n := range nuclei {
		if n.merged {
			continue
		}
		h := &house{kind: population.KindFamily, group: g, members: n.members()}
		h.settle(c.chooseHead(d, n))
		out = append(out, h)
	}
	return out
}

// anchor is the one through whom a nucleus may live with parents.
func (n *nucleus) anchor(g population.Code) *person {
	first, second := n.husband, n.wife
	if matrilocal(g) {
		first, second = n.wife, n.husband
	}
	switch {
	case first != nil && first.mother == nil && first.father == nil:
		return first
	case first == nil && second != nil && second.mother == nil && second.father == nil:
		return second
	}
	return nil
}

// under puts n under a nucleus that can be the parents of its anchor.
func (c *Commune) under(d dice, g population.Code, n *nucleus, x *person, parents map[int][]*nucleus, eldersOnly bool) bool {
	age := x.age(c.start)
	if age < 20 || age > 62 {
		return false
	}
	for range 6 {
		list := parents[age+motherAge(d, g)]
		if len(list) == 0 {
			continue
		}
		up := list[d.IntN(len(list))]
		lone := up.wife == nil || up.husband == nil
		if up == n || up.merged || n.within(up) || eldersOnly && (!lone || len(up.below) > 0 || up.motherYears(c.start) < 58) {
			continue
		}
		if len(up.below) > 1 || up.size()+n.size() > 9 || len(up.below) == 1 && !d.chance(0.15) {
			continue
		}
		if up.wife == nil && up.husband.age(x.born) < 18 || !up.roomFor(x) {
			continue
		}
		c.link(up, x)
		up.below = append(up.below, n)
		n.merged = true
		return true
	}
	return false
}

// within reports whether other is below n.
func (n *nucleus) within(other *nucleus) bool {
	return slices.ContainsFunc(n.below, func(b *nucleus) bool { return b == other || b.within(other) })
}

// roomFor reports whether x can be another child: no brother or sister within
// ten months.
func (n *nucleus) roomFor(x *person) bool {
	near := func(o *person) bool { return abs(o.born-x.born) < 310 }
	if slices.ContainsFunc(n.kids, near) {
		return false
	}
	for _, b := range n.below {
		for _, o := range []*person{b.wife, b.husband} {
			if o != nil && o != x && (o.mother == n.wife && n.wife != nil || o.father == n.husband && n.husband != nil) && near(o) {
				return false
			}
		}
	}
	return true
}

// dormitories makes collective households of young people who are alone.
func (c *Commune) dormitories(d dice, nuclei []*nucleus, n int, left *int) []*house {
	var out []*house
	var h *house
	room := 0
	for _, x := range nuclei {
		if x.merged || x.size() != 1 || (room == 0 && n == 0) {
			continue
		}
		p := x.members()[0]
		if a := p.age(c.start); a < 18 || a > 45 {
			continue
		}
		if room == 0 {
			n--
			room = d.between(5, 14)
			h = &house{kind: population.KindCollective, group: p.Ethnicity}
			out = append(out, h)
		}
		h.members = append(h.members, p)
		x.merged = true
		room--
		*left--
	}
	for _, h := range out {
		h.settle(h.members[0])
	}
	return out
}

// lodge lets some who are alone live with others, while there are too many
// households; orphans always.
func (c *Commune) lodge(d dice, nuclei []*nucleus, left *int, goal int) {
	for _, x := range nuclei {
		if x.merged || x.size() != 1 {
			continue
		}
		p := x.members()[0]
		minor := p.age(c.start) < 18
		if !minor && (*left <= goal || !d.chance(0.15)) {
			continue
		}
		for range 50 {
			host := nuclei[d.IntN(len(nuclei))]
			if host != x && !host.merged && host.size() < 8 && host.adult(c.start) {
				host.kids = append(host.kids, p) // no links: relation Khác
				x.merged = true
				*left--
				break
			}
		}
	}
}

func (n *nucleus) adult(day int) bool {
	return slices.ContainsFunc(n.members(), func(p *person) bool { return p.age(day) >= 20 })
}

// chooseHead picks the chủ hộ: the older man while he is not too old, then the
// younger, sometimes a wife, among Jrai and Ê Đê more often.
func (c *Commune) chooseHead(d dice, n *nucleus) *person {
	down := n
	if len(n.below) > 0 {
		down = n.below[0]
	}
	wifeFirst := 0.12
	if g := n.members()[0].Ethnicity; matrilocal(g) {
		wifeFirst = 0.25
	}
	try := []*person{n.husband, n.wife, down.husband, down.wife}
	if down != n && (n.husband == nil || n.husband.age(c.start) >= 70 || !d.chance(0.7)) {
		try = []*person{down.husband, down.wife, n.husband, n.wife}
	}
	if d.chance(wifeFirst) {
		try[0], try[1] = try[1], try[0]
	}
	for _, p := range append(try, n.kids...) {
		if p != nil && p.age(c.start) >= 18 {
			return p
		}
	}
	return n.members()[0]
}
