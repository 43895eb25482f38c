package rules_test

import (
	"fmt"
	"strconv"
	"strings"

	"tramxa/appliance/population"
)

// The language of the tables in testdata; testdata/README.md explains it.

// line is one line taken apart: words, key=value pairs, and what stands behind
// the colon, by semicolons.
type line struct {
	words []string
	keys  map[string]string
	items []string
}

func parseLine(s string) line {
	l := line{keys: make(map[string]string)}
	head, rest, ok := strings.Cut(s, ": ")
	if ok {
		for _, it := range strings.Split(rest, ";") {
			l.items = append(l.items, strings.TrimSpace(it))
		}
	}
	for _, w := range strings.Fields(strings.TrimSuffix(head, ":")) {
		if k, v, ok := strings.Cut(w, "="); ok {
			l.keys[k] = v
		} else {
			l.words = append(l.words, w)
		}
	}
	return l
}

// names gives ids to the words of one case.
type names struct {
	ids    map[string]population.ID
	labels map[string]uint64
	serial uint32
}

func (n *names) id(word string) population.ID {
	if word == "" || word == "-" {
		return 0
	}
	if strings.HasPrefix(word, "nobody") {
		return population.NewID(mint, 900000)
	}
	if id, ok := n.ids[word]; ok {
		return id
	}
	n.serial++
	n.ids[word] = population.NewID(mint, n.serial)
	return n.ids[word]
}

func (n *names) seq(label string) (uint64, error) {
	if seq, err := strconv.ParseUint(label, 10, 64); err == nil {
		return seq, nil
	}
	seq, ok := n.labels[label]
	if !ok {
		return 0, fmt.Errorf("no line is labelled %q", label)
	}
	return seq, nil
}

var relations = map[string]population.Code{
	"head": population.RelHead, "spouse": population.RelSpouse, "child": population.RelChild, "inlaw": population.RelInLaw,
	"parent": population.RelParent, "grandchild": population.RelGrandch, "sibling": population.RelSibling, "other": population.RelOther,
}

var maritals = map[string]population.Code{
	"single": population.NeverMarried, "married": population.Married, "divorced": population.Divorced,
	"widowed": population.Widowed, "separated": population.Separated,
}

var sexes = map[string]population.Sex{"m": population.Male, "f": population.Female, "?": population.SexUnknown}

// date reads a date; 2026-02-31 is let through, for the rules to find.
func date(s string) (population.Date, error) {
	if s == "" || s == "-" {
		return population.Date{}, nil
	}
	d, err := population.ParseDate(s)
	if err == nil {
		return d, nil
	}
	var y, m, day int
	if n, _ := fmt.Sscanf(s, "%d-%d-%d", &y, &m, &day); n == 3 {
		return population.Date{Year: uint16(y), Month: uint8(m), Day: uint8(day)}, nil
	}
	return d, fmt.Errorf("date %q: %w", s, err)
}

// member reads "An head m 1980-05-02 married number=052080000001".
func (n *names) member(s string) (population.Member, error) {
	l := parseLine(s)
	if len(l.words) < 4 {
		return population.Member{}, fmt.Errorf("a member is: name relation sex born …, got %q", s)
	}
	born, err := date(l.words[3])
	m := population.Member{ID: n.id(l.words[0]), Relation: relations[l.words[1]]}
	m.Sex, m.Born = sexes[l.words[2]], born
	m.Name = "Nguyễn Văn " + l.words[0]
	for _, w := range l.words[4:] {
		m.Marital = maritals[w]
	}
	if err == nil {
		err = n.facts(&m.Facts, l.keys)
	}
	return m, err
}

func (n *names) members(items []string) (out []population.Member, err error) {
	for _, it := range items {
		m, err := n.member(it)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (n *names) facts(f *population.Facts, keys map[string]string) (err error) {
	for k, v := range keys {
		switch k {
		case "name":
			f.Name = strings.ReplaceAll(v, "_", " ")
		case "number":
			f.Number = v
		case "insurance":
			f.Insurance = v
		case "mother":
			f.Mother = n.id(v)
		case "father":
			f.Father = n.id(v)
		case "spouse":
			f.Spouse = n.id(v)
		case "education":
			f.Education = code(v)
		case "ethnicity":
			f.Ethnicity = code(v)
		case "marital":
			f.Marital = maritals[v]
		case "residence":
			f.Residence = code(v)
		case "born":
			f.Born, err = date(v)
		case "sex":
			f.Sex = sexes[v]
		default:
			err = fmt.Errorf("no column %q", k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func code(s string) population.Code {
	n, _ := strconv.Atoi(s)
	return population.Code(n)
}

// placed reads "An head; Binh spouse".
func (n *names) placed(items []string) []population.Placed {
	var out []population.Placed
	for _, it := range items {
		w := strings.Fields(it)
		out = append(out, population.Placed{Person: n.id(w[0]), Relation: relations[w[1]]})
	}
	return out
}

func number(s string) population.HouseholdNumber {
	a, b, _ := strings.Cut(s, ".")
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return population.HouseholdNumber{Number: uint32(x), Sheet: uint8(y)}
}

func uintOf(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}
