package importer

import (
	"errors"
	"strconv"
	"strings"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// maxCell bounds a cell, in bytes.
const maxCell = 1000

// row is one line of the file, read.
type row struct {
	line    int
	area    uint32 // 0: known by its hamlet only
	hamlet  string
	number  population.HouseholdNumber
	address string
	kind    population.HouseholdKind
	order   int
	member  population.Member
}

// cells reads the cells of one line and collects what is wrong.
type cells struct {
	lay   layout
	rec   []string
	line  int
	today population.Date
	date  population.Date
	bad   []Refusal
}

func (c *cells) refuse(col Column, why Reason) {
	c.bad = append(c.bad, Refusal{Line: c.line, Column: col, Reason: why})
}

// get returns the text of a column, trimmed; "" when it has none.
func (c *cells) get(col Column) string {
	i, ok := c.lay[col]
	if !ok || i >= len(c.rec) {
		return ""
	}
	s := strings.TrimSpace(c.rec[i])
	if len(s) > maxCell {
		c.refuse(col, TooLong)
		return ""
	}
	return s
}

func (c *cells) read() row {
	r := row{line: c.line, hamlet: strings.Join(strings.Fields(c.get(ColHamlet)), " "), address: c.get(ColAddress)}
	r.area = c.area()
	r.number = c.household()
	r.kind = c.householdKind()
	r.order, _ = strconv.Atoi(c.get(ColOrder))
	m := &r.member
	m.Name = c.name()
	m.Relation = c.relation()
	m.Sex = c.sex()
	m.Born = c.born()
	m.Ethnicity = c.word(ColEthnicity, codelist.Ethnicity)
	m.Education = c.word(ColEducation, codelist.Education)
	m.Marital = c.word(ColMarital, codelist.Marital)
	m.Residence = c.word(ColResidence, codelist.Residence)
	c.numbers(m)
	return r
}

func (c *cells) area() uint32 {
	s := c.get(ColArea)
	if s == "" {
		if c.get(ColHamlet) == "" {
			c.refuse(ColArea, BadArea)
		}
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 {
		c.refuse(ColArea, BadArea)
	}
	return uint32(n)
}

// household reads "12" or "12.1".
func (c *cells) household() population.HouseholdNumber {
	num, sheet, split := strings.Cut(c.get(ColNumber), ".")
	n, err := strconv.ParseUint(num, 10, 31)
	s, err2 := uint64(0), error(nil)
	if split {
		s, err2 = strconv.ParseUint(sheet, 10, 8)
	}
	if err != nil || err2 != nil || n == 0 {
		c.refuse(ColNumber, BadHousehold)
	}
	return population.HouseholdNumber{Number: uint32(n), Sheet: uint8(s)}
}

func (c *cells) householdKind() population.HouseholdKind {
	switch population.Key2(c.get(ColType)) {
	case "", "ho gia dinh", "gia dinh", "gd":
		return population.KindFamily
	case "ho tap the", "tap the", "tt":
		return population.KindCollective
	}
	c.refuse(ColType, UnknownWord)
	return 0
}

func (c *cells) name() string {
	s := c.get(ColName)
	if s == "" {
		c.refuse(ColName, NoName)
		return ""
	}
	name, err := population.CleanName(s)
	if err != nil {
		c.refuse(ColName, BadName)
	}
	return name
}

func (c *cells) relation() population.Code {
	if c.get(ColRelation) == "" {
		c.refuse(ColRelation, NoRelation)
		return 0
	}
	return c.word(ColRelation, codelist.Relation)
}

func (c *cells) sex() population.Sex {
	switch population.Key2(c.get(ColSex)) {
	case "":
		return population.SexUnknown
	case "nam", "m", "trai", "male":
		return population.Male
	case "nu", "f", "gai", "female":
		return population.Female
	}
	c.refuse(ColSex, UnknownWord)
	return 0
}

func (c *cells) born() population.Date {
	s := c.get(ColBorn)
	if s == "" {
		return population.Date{}
	}
	d, err := population.ParseViDate(s)
	if err != nil {
		var iso error
		if d, iso = population.ParseDate(s); iso != nil {
			c.refuse(ColBorn, BadDate)
			return population.Date{}
		}
	}
	switch {
	case !c.today.IsZero() && c.today.Before(d) == population.Yes:
		c.refuse(ColBorn, Future)
	case !c.date.IsZero() && c.date.Before(d) == population.Yes:
		c.refuse(ColBorn, AfterBook)
	}
	return d
}

// word finds a code by its written word; an empty cell is unknown.
func (c *cells) word(col Column, list codelist.List) population.Code {
	s := c.get(col)
	if s == "" {
		return 0
	}
	items := codelist.Match(list, s)
	switch len(items) {
	case 0:
		c.refuse(col, UnknownWord)
		return 0
	case 1:
		return items[0].Code
	}
	c.refuse(col, AmbiguousWord)
	return 0
}

func (c *cells) numbers(m *population.Member) {
	var ok bool
	if s := c.get(ColID); s != "" {
		if m.Number, ok = population.NormNumber(s); !ok {
			c.refuse(ColID, BadIDNumber)
		}
	}
	if s := c.get(ColInsurance); s != "" {
		if m.Insurance, ok = population.NormInsurance(s); !ok {
			c.refuse(ColInsurance, BadInsurance)
		}
	}
}

// ErrFile is wrapped by errors about the file as a whole.
var ErrFile = errors.New("file cannot be read")
