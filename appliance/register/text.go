package register

import (
	"strconv"
	"strings"

	"tramxa/appliance/population"
)

// text is a search text understood.
type text struct {
	raw     string   // the words of the name as typed
	words   []string // folded by Key2
	variant []string // folded by Key3
	born    population.Date
	number  string
	area    uint32
	sheet   population.HouseholdNumber
}

// parseText never fails: what is no number, date or household number is part of
// a name. A lone number of four digits that can be a year is both a year and a
// household number.
func parseText(s string) text {
	if len(s) > maxQuery {
		s = strings.ToValidUTF8(s[:maxQuery], "")
	}
	var t text
	fields := strings.Fields(s)
	if isLongNumber(strings.Join(fields, "")) {
		t.number = strings.Join(fields, "")
		return t
	}
	var name []string
	for _, f := range fields {
		if !t.take(f, len(fields) == 1) {
			name = append(name, f)
		}
	}
	t.raw = strings.Join(name, " ")
	t.words = bounded(strings.Fields(population.Key2(t.raw)))
	t.variant = bounded(strings.Fields(population.Key3(t.raw)))
	return t
}

func bounded(words []string) []string { return words[:min(len(words), maxWords)] }

// isLongNumber reports whether s can be a personal or insurance number.
func isLongNumber(s string) bool {
	if n, ok := population.NormNumber(s); ok && n != "" {
		return true
	}
	_, ok := population.NormInsurance(s)
	return ok
}

// take reads one field as a number or date; false when it is a word.
func (t *text) take(f string, alone bool) bool {
	if f[0] < '0' || f[0] > '9' {
		return false
	}
	if isLongNumber(f) {
		t.number = f
		return true
	}
	if area, sheet, ok := parseSheet(f); ok {
		year := area == 0 && sheet.Sheet == 0 && sheet.Number >= firstYear && sheet.Number <= population.MaxYear
		if year {
			t.born = population.Date{Year: uint16(sheet.Number)}
		}
		if !year || alone {
			t.area, t.sheet = area, sheet
		}
		return true
	}
	if d, err := population.ParseViDate(f); err == nil && !d.IsZero() {
		t.born = d
		return true
	}
	return false
}

// firstYear is the least number of four digits taken for a year.
const firstYear = 1850

// parseSheet reads 12, 12.1, 3-12 and 3-12.1. After an area a number that can be
// a year is none of a household: 03-1980 is a month.
func parseSheet(f string) (area uint32, n population.HouseholdNumber, ok bool) {
	left, right, found := strings.Cut(f, "-")
	if found {
		a, err := strconv.ParseUint(left, 10, 32)
		if err != nil || a == 0 {
			return 0, n, false
		}
		area, f = uint32(a), right
	}
	left, right, found = strings.Cut(f, ".")
	number, err := strconv.ParseUint(left, 10, 32)
	if err != nil || number == 0 || len(left) > 6 {
		return 0, n, false
	}
	if area != 0 && number >= firstYear {
		return 0, n, false
	}
	n.Number = uint32(number)
	if found {
		sheet, err := strconv.ParseUint(right, 10, 8)
		if err != nil {
			return 0, n, false
		}
		n.Sheet = uint8(sheet)
	}
	return area, n, true
}

// fits checks a candidate against all of the text and sets its rank.
func (t text) fits(h *Hit) bool {
	if h.Rank == RankNumber || h.Rank == RankHousehold {
		return len(t.words) == 0 || hasPrefixes(nameWords(h.Person.Name), t.words)
	}
	if !bornWithin(h.Person.Born, t.born) {
		return false
	}
	if len(t.words) == 0 {
		return true
	}
	key1 := population.Key1(h.Person.Name)
	query := population.Key1(t.raw)
	switch {
	case key1 == query:
		h.Rank = RankExact
	case hasPrefixes(strings.Fields(key1), strings.Fields(query)):
		h.Rank = RankTones
	case hasPrefixes(strings.Fields(population.Key2(h.Person.Name)), t.words):
		h.Rank = RankFolded
	case hasPrefixes(strings.Fields(population.Key3(h.Person.Name)), t.variant), hasPrefixes(nameWords(h.Person.Name), t.words):
		h.Rank = RankVariant
	default:
		return false
	}
	return true
}

// bornWithin reports whether a birth date agrees with what is asked, as far as
// it is asked.
func bornWithin(born, asked population.Date) bool {
	return asked.Year == 0 || (born.Year == asked.Year &&
		(asked.Month == 0 || born.Month == asked.Month) && (asked.Day == 0 || born.Day == asked.Day))
}
