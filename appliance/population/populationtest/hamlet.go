package populationtest

import (
	"fmt"
	"slices"

	"tramxa/appliance/population"
)

// hamlet is a thôn, làng, ấp or tổ dân phố with its main group.
type hamlet struct {
	name    string
	group   population.Code
	persons map[population.Code]int // wanted
}

// hamlets draws how many hamlets there are, which group lives in each (groups
// live by village) and who else lives among them. It returns
// the hamlets and the persons of each group.
func (c *Commune) hamlets(d dice) ([]*hamlet, map[population.Code]int) {
	mix := mixOf(c.opt.Flavour)
	n := max(1, c.opt.Persons/950)
	weights := make([]int, n)
	sum := 0
	for i := range weights {
		weights[i] = d.between(60, 150)
		sum += weights[i]
	}
	mains := c.mains(d, mix, n)
	total := make(map[population.Code]int)
	list := make([]*hamlet, n)
	left := c.opt.Persons
	for i := range list {
		size := c.opt.Persons * weights[i] / sum
		if i == n-1 {
			size = left
		}
		left -= size
		h := &hamlet{group: mains[i], persons: make(map[population.Code]int)}
		h.name = hamletName(c.opt.Flavour, h.group, i)
		others := 0
		if h.group != kinh {
			h.persons[kinh] = size * d.between(3, 9) / 100
			others = h.persons[kinh]
		} else if n > 2 {
			for _, s := range mix[1:] {
				if s.part < 400 {
					k := d.poisson(float64(size) * float64(s.part) / 6000)
					h.persons[s.group] += k
					others += k
				}
			}
		}
		h.persons[h.group] += size - others
		for g, k := range h.persons {
			total[g] += k
		}
		list[i] = h
	}
	return list, total
}

// mains draws the main group of each hamlet in the proportions of the mix.
func (c *Commune) mains(d dice, mix []share, n int) []population.Code {
	sum := 0
	for _, s := range mix {
		if s.part >= 400 || s.group == kinh {
			sum += s.part
		}
	}
	out := make([]population.Code, n)
	u := d.Float64()
	for i := range out {
		at := (float64(i) + u) / float64(n) * float64(sum)
		for _, s := range mix {
			if s.part < 400 && s.group != kinh {
				continue
			}
			out[i] = s.group
			if at -= float64(s.part); at < 0 {
				break
			}
		}
	}
	return out
}

// hamletName invents a name; numbers for the Kinh of the south and highlands,
// old words in the delta, syllables for a làng.
func hamletName(f Flavour, g population.Code, i int) string {
	delta := []string{"Đông", "Đoài", "Thượng", "Hạ", "Trung", "Nội", "Ngoại", "Cầu", "Đình", "Bến", "Chùa", "Mới", "Trại", "Vàng", "Lẻ"}
	lang := []string{"Ia Mơn", "Brông", "Kép Ping", "Ơi Yố", "Pleih", "Bông Krái", "Ngo Rông", "Klăh Tơ", "Dơ Nâu", "Hơ Lang", "Tơ Ver", "Krêl Óp", "Bi Dông"}
	again := func(s string, round int) string {
		if round == 0 {
			return s
		}
		return fmt.Sprintf("%s %d", s, round+1)
	}
	switch {
	case g != kinh:
		return "Làng " + again(lang[i%len(lang)], i/len(lang))
	case f == ThaiBinh:
		return "Thôn " + again(delta[i%len(delta)], i/len(delta))
	case f == DongNai:
		return fmt.Sprintf("Ấp %d", i+1)
	}
	return fmt.Sprintf("Thôn %d", i+1)
}

// settle makes the households of each group. Groups of a few dozens are cut
// from the largest one, so that nobody of them is without a family.
func (c *Commune) settle(d dice, groups map[population.Code]int) map[population.Code][]*house {
	const few = 80
	biggest, small := population.Code(0), 0
	var order []population.Code
	for g, n := range groups {
		order = append(order, g)
		if n > groups[biggest] || n == groups[biggest] && g < biggest {
			biggest = g
		}
	}
	slices.Sort(order)
	for _, g := range order {
		if g != biggest && groups[g] < few {
			small += groups[g]
		}
	}
	out := make(map[population.Code][]*house)
	for _, g := range order {
		n := groups[g]
		switch {
		case g == biggest:
			n += small
		case n < few:
			continue
		}
		out[g] = c.households(d, g, c.pool(d, g, n))
	}
	for _, g := range order {
		if g == biggest || groups[g] >= few {
			continue
		}
		for n := 0; n < groups[g] && len(out[biggest]) > 1; {
			h := out[biggest][len(out[biggest])-1]
			out[biggest] = out[biggest][:len(out[biggest])-1]
			h.group = g
			for _, m := range h.members {
				m.Ethnicity = g
			}
			n += len(h.members)
			out[g] = append(out[g], h)
		}
	}
	return out
}

// layOut puts the households into hamlets and these into areas of about 134
// households (Gia Lai: 2,662 collaborators), numbered along the way.
func (c *Commune) layOut(d dice, list []*hamlet, byGroup map[population.Code][]*house) {
	for i, hm := range list {
		var in []*house
		for _, s := range append(mixOf(c.opt.Flavour), share{}) {
			g := s.group
			want := hm.persons[g]
			if i == len(list)-1 {
				want = c.opt.Persons // the rest
			}
			for got := 0; got < want && len(byGroup[g]) > 0; {
				h := byGroup[g][0]
				byGroup[g] = byGroup[g][1:]
				got += len(h.members)
				in = append(in, h)
			}
		}
		c.divide(d, hm, in)
	}
}

func (c *Commune) divide(d dice, hm *hamlet, in []*house) {
	if len(in) == 0 {
		return
	}
	d.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
	parts := max(1, (len(in)+67)/134)
	lanes := []string{"Xóm", "Ngõ", "Tổ", "Đội"}
	lane := lanes[d.IntN(len(lanes))]
	for k := range parts {
		a := &area{number: uint32(len(c.areas) + 1), hamlet: hm.name, group: hm.group}
		a.user = a.number + 2
		for j, h := range in[len(in)*k/parts : len(in)*(k+1)/parts] {
			a.nextSlot++
			h.area, h.number = a, population.HouseholdNumber{Number: a.nextSlot}
			h.address = fmt.Sprintf("%s %d, %s", lane, 1+j/25, hm.name)
			h.since = c.start
			a.houses = append(a.houses, h)
		}
		c.areas = append(c.areas, a)
		c.houses = append(c.houses, a.houses...)
	}
}
