package populationtest

import (
	"slices"

	"tramxa/appliance/population"
)

// nucleus is a couple or a single parent with unmarried children (đơn vị vợ
// chồng), or one person alone. Merged nuclei make a household.
type nucleus struct {
	wife, husband *person
	kids          []*person
	want          int // children before others are filled
	below         []*nucleus
	merged        bool
}

// members returns all persons of the nucleus and of those merged into it.
func (n *nucleus) members() []*person {
	var out []*person
	for _, p := range []*person{n.husband, n.wife} {
		if p != nil {
			out = append(out, p)
		}
	}
	out = append(out, n.kids...)
	for _, b := range n.below {
		out = append(out, b.members()...)
	}
	return out
}

func (n *nucleus) size() int { return len(n.members()) }

// motherYears is the age that decides whose mother, or father, she or he can be.
func (n *nucleus) motherYears(day int) int {
	if n.wife != nil {
		return n.wife.age(day)
	}
	return n.husband.age(day) - 3
}

// byAge are persons by completed years.
type byAge [111][]*person

// take removes and returns a person of an age as near as possible to want,
// none when nobody is within far years.
func (b *byAge) take(want, far, least int) *person {
	for off := 0; off <= far; off++ {
		for _, a := range []int{want + off, want - off} {
			if a < least || a >= len(b) || len(b[a]) == 0 {
				continue
			}
			p := b[a][len(b[a])-1]
			b[a] = b[a][:len(b[a])-1]
			return p
		}
	}
	return nil
}

// families pairs off the adults of one group, gives children their mothers and
// returns the nuclei, those of one person among them. Nobody is left out.
func (c *Commune) families(d dice, g population.Code, people []*person) []*nucleus {
	var men byAge
	var nuclei []*nucleus
	var single []*person
	for _, p := range people {
		p.Marital = population.NeverMarried
		if p.Sex == population.Male {
			men[p.age(c.start)] = append(men[p.age(c.start)], p)
		}
	}
	for _, w := range people {
		if w.Sex != population.Female {
			continue
		}
		age := w.age(c.start)
		if !d.chance(everMarried(g, c.opt.Flavour, age)) {
			single = append(single, w)
			continue
		}
		nuclei = append(nuclei, c.wed(d, g, w, age, &men))
	}
	for age := range men {
		for _, m := range men[age] {
			switch {
			case age >= 50 && d.chance(0.75):
				m.Marital = population.Widowed
			case age >= 28 && d.chance(0.05):
				m.Marital = population.Divorced
			}
			if m.Marital != population.NeverMarried {
				nuclei = append(nuclei, &nucleus{husband: m, want: d.IntN(2)})
			} else {
				single = append(single, m)
			}
		}
	}
	return append(nuclei, c.children(d, g, nuclei, single)...)
}

// wed makes the nucleus of a woman who has married. The husband is 3 ± 3.5
// years older (§9.8), at least 20, never more than 12 older.
func (c *Commune) wed(d dice, g population.Code, w *person, age int, men *byAge) *nucleus {
	n := &nucleus{wife: w, want: wanted(d, g)}
	w.Marital = population.Married
	switch {
	case d.chance(widowed(age)):
		w.Marital = population.Widowed
		return n
	case d.chance(0.027):
		w.Marital = population.Divorced
		return n
	case d.chance(0.004):
		w.Marital = population.Separated
		return n
	}
	gap := min(max(d.normal(3, 3.5), -3), 12)
	m := men.take(max(age+gap, 20), 5, max(age-4, 20))
	if m == nil {
		if age > 60 {
			w.Marital = population.Widowed
		}
		return n // else he lives elsewhere
	}
	m.Marital = population.Married
	m.spouse, w.spouse = w, m
	n.husband = m
	return n
}

// wanted draws how many children a couple is given before others are.
func wanted(d dice, g population.Code) int {
	table := [7]int{4, 20, 48, 20, 6, 2, 0}
	if highland(g) {
		table = [7]int{3, 12, 30, 27, 16, 8, 4}
	}
	n := d.IntN(100)
	for i, part := range table {
		if n -= part; n < 0 {
			return i
		}
	}
	return 2
}

// children gives those never married to mothers old enough: all minors, and
// adults with a chance that falls with age. It returns those left alone.
func (c *Commune) children(d dice, g population.Code, nuclei []*nucleus, single []*person) []*nucleus {
	var mothers [140][]*nucleus
	for _, n := range nuclei {
		a := n.motherYears(c.start)
		mothers[max(a, 0)] = append(mothers[max(a, 0)], n)
	}
	var alone []*nucleus
	slices.SortStableFunc(single, func(a, b *person) int { return b.born - a.born }) // the youngest first: they need a mother most
	for _, p := range single {
		age := p.age(c.start)
		home := 1.0
		if age >= 18 {
			home = max(0.88-float64(age-18)*0.022, 0.2)
		}
		if (age < 18 || d.chance(home)) && c.giveMother(d, g, p, age, &mothers) {
			continue
		}
		n := &nucleus{}
		if p.Sex == population.Female {
			n.wife = p
		} else {
			n.husband = p
		}
		alone = append(alone, n)
	}
	return alone
}

func (c *Commune) giveMother(d dice, g population.Code, p *person, age int, mothers *[140][]*nucleus) bool {
	for try := range 14 {
		list := mothers[min(age+motherAge(d, g), 139)]
		if len(list) == 0 {
			continue
		}
		n := list[d.IntN(len(list))]
		if len(n.kids) < n.want || try > 9 && len(n.kids) < 7 {
			if c.adopt(d, n, p) {
				return true
			}
		}
	}
	if age >= 18 {
		return false
	}
	for m := range 27 { // a minor must have a home: any mother of 18 to 44
		for _, n := range mothers[min(age+18+(m+8)%27, 139)] {
			if len(n.kids) < 9 && c.adopt(d, n, p) {
				return true
			}
		}
	}
	return false
}

// adopt makes p a child of the nucleus, unless a brother or sister was born
// within ten months; one in a hundred of these is a twin.
func (c *Commune) adopt(d dice, n *nucleus, p *person) bool {
	for _, k := range n.kids {
		if gap := abs(k.born - p.born); gap < 310 {
			if gap > 200 || !d.chance(0.02) || n.wife == nil {
				return false
			}
			p.born = k.born
			break
		}
	}
	if n.wife != nil && n.wife.age(p.born) < 17 {
		return false
	}
	c.link(n, p)
	n.kids = append(n.kids, p)
	return true
}

// link sets father and mother where their ages allow it.
func (c *Commune) link(n *nucleus, p *person) {
	p.mother, p.father = n.wife, nil
	if n.husband != nil && n.husband.age(p.born) >= 16 {
		p.father = n.husband
	}
	if n.wife != nil {
		n.wife.kids++
		n.wife.lastBirth = max(n.wife.lastBirth, p.born)
	}
}

func abs(n int) int { return max(n, -n) }
