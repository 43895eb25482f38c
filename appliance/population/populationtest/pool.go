package populationtest

import (
	"math"

	"tramxa/appliance/population"
)

// pool returns n persons of one group, their ages and sexes those of the
// pyramid to within one person a cell.
func (c *Commune) pool(d dice, g population.Code, n int) []*person {
	pyr := pyramidOf(c.opt.Flavour)
	total := 0
	for _, p := range pyr {
		total += p[0] + p[1]
	}
	out := make([]*person, 0, n)
	people := make([]person, n)
	u := d.Float64()
	cell, sum := 0, pyr[0][0]
	for i := range n {
		at := int((float64(i) + u) / float64(n) * float64(total))
		for at >= sum && cell < 2*len(pyr)-1 {
			cell++
			sum += pyr[cell/2][cell%2]
		}
		p := &people[i]
		p.Sex = population.Male + population.Sex(cell%2)
		p.Ethnicity = g
		p.born = c.start - c.ageDays(d, cell/2)
		p.since = c.start
		out = append(out, p)
	}
	d.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// ageDays draws an age in days in a five-year group; the last is open and thins
// out by half every five years or so.
func (c *Commune) ageDays(d dice, group int) int {
	years := float64(group*5) + 5*d.Float64()
	if group == 16 {
		years = min(80+d.ExpFloat64()*6.5, 103)
	}
	return int(years * 365.2425)
}

// yearly returns the yearly probability of dying at an age.
func yearly(sex population.Sex, age int) float64 {
	t := mortality()
	i := len(t) - 1
	for i > 0 && t[i].from > age {
		i--
	}
	if sex == population.Male {
		return float64(t[i].men) / 1e6
	}
	return float64(t[i].women) / 1e6
}

// widowed is the chance that a husband three years older has died, remarriage
// taken off.
func widowed(wifeAge int) float64 {
	alive := 1.0
	for a := 25; a < wifeAge+3; a++ {
		alive *= 1 - yearly(population.Male, a)
	}
	return 0.85 * (1 - alive)
}

// everMarried is the share of women of an age who have married (§9.8): means
// of 25.2 for the country, earlier in the highland groups, sd 4.5, 96 % in all.
func everMarried(g population.Code, f Flavour, age int) float64 {
	mean := 23.8
	switch {
	case highland(g):
		mean = 21
	case f == DongNai:
		mean = 25.2
	}
	if age < 18 {
		return 0
	}
	return 0.96 * 0.5 * math.Erfc(-(float64(age)-mean)/(4.5*math.Sqrt2))
}

// motherAge draws the age of a mother at a birth.
func motherAge(d dice, g population.Code) int {
	n := d.IntN(10_000)
	for i, part := range fertility() {
		if n -= part; n < 0 {
			age := 15 + 5*i + d.IntN(5)
			if highland(g) {
				age -= 2
			}
			return max(age, 18)
		}
	}
	return 26
}
