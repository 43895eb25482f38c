package populationtest

import "fmt"

// number draws a số định danh: province of birth registration, sex and century,
// year, six random digits. 15 % have none: most children
// under six and many highland elders.
func (c *Commune) number(d dice, p *person) string {
	age := p.age(c.start)
	without := 0.05
	switch {
	case age < 1:
		without = 0.8
	case age < 6:
		without = 0.55
	case age < 14:
		without = 0.3
	case age >= 60 && highland(p.Ethnicity):
		without = 0.35
	}
	if d.chance(without) {
		return ""
	}
	return c.newNumber(d, p)
}

func (c *Commune) newNumber(d dice, p *person) string {
	year := int(p.Born.Year)
	if year < 1900 {
		return ""
	}
	province := c.birthProvince(d, p)
	g := (year-1900)/100*2 + sexIndex(p.Sex)
	for {
		n := uint64(((province*10+g)*100+year%100)*1_000_000 + d.IntN(1_000_000))
		if c.take(n) {
			return fmt.Sprintf("%012d", n)
		}
	}
}

// take gives a number out once.
func (c *Commune) take(n uint64) bool {
	if _, ok := c.numbers[n]; ok {
		return false
	}
	c.numbers[n] = struct{}{}
	return true
}

// birthProvince draws the old province where the birth was registered: the
// commune's own for highlanders and for nearly all born lately, else also those
// people have come from (general knowledge).
func (c *Commune) birthProvince(d dice, p *person) int {
	own, from := 64, []int{52, 52, 52, 52, 34, 36, 40, 42, 38, 49, 51, 30, 4, 20}
	stay := 0.55
	switch c.opt.Flavour {
	case ThaiBinh:
		own, from, stay = 34, []int{33, 36, 30, 31, 1, 22}, 0.95
	case DongNai:
		own, from, stay = 75, []int{70, 40, 40, 38, 42, 34, 36, 79, 80, 87, 87, 96, 94, 89, 91, 86, 52, 51, 49, 60}, 0.4
	}
	if highland(p.Ethnicity) {
		stay = 0.98
	} else if p.Born.Year >= 2005 {
		stay = max(stay, 0.9)
	}
	if d.chance(stay) {
		return own
	}
	return from[d.IntN(len(from))]
}

// insurance draws a health insurance number in one of the three forms that
// live side by side; 8 % have none.
func (c *Commune) insurance(d dice, p *person) string {
	switch n := d.IntN(100); {
	case n < 8:
		return ""
	case n < 30 && p.Number != "":
		return p.Number
	case n < 60:
		return c.insuranceCore(d)
	}
	return c.cardPrefix(d, p) + c.insuranceCore(d)
}

func (c *Commune) insuranceCore(d dice) string {
	for {
		n := uint64(d.Int64N(9_000_000_000) + 1_000_000_000)
		if c.take(n<<8 | 1) { // apart from the identity numbers
			return fmt.Sprintf("%010d", n)
		}
	}
}

// cardPrefix is the object group, rate and province of an old 15-character card.
func (c *Commune) cardPrefix(d dice, p *person) string {
	province := [...]string{"64", "34", "75"}[c.opt.Flavour%3]
	age := p.age(c.start)
	kind := "GD4"
	switch {
	case age < 6:
		kind = "TE1"
	case highland(p.Ethnicity) && c.opt.Flavour == GiaLai:
		kind = "DT2"
	case age < 18:
		kind = "HS4"
	case age >= 60 && d.chance(0.3):
		kind = "HT3"
	case d.chance(0.06):
		kind = "HN2"
	case c.opt.Flavour == DongNai && age < 55 && d.chance(0.6):
		kind = "DN4"
	}
	return kind + province
}
