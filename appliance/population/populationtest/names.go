package populationtest

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"tramxa/appliance/population"
)

// namebook holds the parsed lists of names.
type namebook struct {
	surname  map[population.Code]*weighted
	menOld   weighted
	menNew   weighted
	men      weighted
	boys     weighted
	women    weighted
	girls    weighted
	midWomen weighted
	midGirls weighted
	given    map[population.Code][2]*weighted // men, women of groups with names of their own
}

func newNamebook(f Flavour) *namebook {
	p := func(s string) *weighted { w := parseWeighted(s); return &w }
	kinhNames := surnamesSouth
	if f == ThaiBinh {
		kinhNames = surnamesNorth
	}
	tayNames := p(surnamesTay)
	dieu := [2]*weighted{p(givenDieu), p(givenDieuWomen)}
	return &namebook{
		surname: map[population.Code]*weighted{
			kinh: p(kinhNames), tay: tayNames, nung: tayNames, thai: p(surnamesThai), muong: p(surnamesMuong), dao: p(surnamesDao),
			mong: p(surnamesMong), hoa: p(surnamesHoa), khmer: p(surnamesKhmer), cham: p(surnamesCham), jrai: p(clansJrai), ede: p(clansEde),
		},
		menOld: parseWeighted(middleMenOld), menNew: parseWeighted(middleMenNew),
		men: parseWeighted(givenMen), boys: parseWeighted(givenBoysNew),
		women: parseWeighted(givenWomen), girls: parseWeighted(givenGirlsNew),
		midWomen: parseWeighted(middleWomen), midGirls: parseWeighted(middleGirlsNew),
		given: map[population.Code][2]*weighted{
			jrai: {p(givenJrai), p(givenJraiWomen)}, ede: {p(givenEde), p(givenEdeWomen)}, bana: {p(givenBana), p(givenBanaWomen)},
			xtieng: dieu, choRo: dieu, ma: dieu,
		},
	}
}

// clan draws what a person hands down: a surname or clan. Groups without one
// get a word that decides their pattern.
func (n *namebook) clan(d dice, g population.Code) string {
	if w := n.surname[g]; w != nil {
		return d.pick(w)
	}
	if g == bana && d.chance(0.6) {
		return "Đinh"
	}
	return ""
}

// name draws a full name: the clan in its place, middle names by sex and year
// of birth (§9.2), H' and Y where they belong (§9.3). A quarter
// of the Jrai men have a plain Vietnamese given name.
func (n *namebook) name(d dice, g population.Code, sex population.Sex, clan string, year int) string {
	own, has := n.given[g]
	man := sex == population.Male
	if !has {
		return clan + " " + n.plain(d, man, year)
	}
	given := d.pick(own[sexIndex(sex)])
	switch g {
	case jrai:
		if man && d.chance(0.25) {
			given = d.pick(&n.men)
		}
		return clan + " " + given
	case ede:
		return given + " " + clan
	case bana:
		if d.chance(0.15) {
			given = d.pick([2]*weighted{&n.men, &n.women}[sexIndex(sex)])
		}
		switch {
		case clan != "":
			return clan + " " + given
		case man:
			return "A " + given
		}
		return "Y " + given
	}
	if man {
		return "Điểu " + given
	}
	if g == ma {
		return "Ka " + given
	}
	return "Thị " + given
}

// plain draws middle and given names of the Kinh pattern.
func (n *namebook) plain(d dice, man bool, year int) string {
	modern := d.chance(between01(float64(year-1985) / 25))
	switch {
	case man && modern:
		return n.two(d, &n.menNew, &n.boys)
	case man:
		if d.chance(0.08) { // two words only
			return d.pick(&n.men)
		}
		return n.two(d, &n.menOld, &n.men)
	case modern:
		return n.two(d, &n.midGirls, &n.girls)
	}
	if d.chance(0.62) && year >= 1955 {
		return "Thị " + n.two(d, &n.midWomen, &n.women)
	}
	return "Thị " + d.pick(&n.women)
}

// two draws a middle and a given name that are not the same word.
func (n *namebook) two(d dice, middle, given *weighted) string {
	m := d.pick(middle)
	for {
		if g := d.pick(given); g != m {
			return m + " " + g
		}
	}
}

func between01(x float64) float64 { return min(max(x, 0), 1) }

func sexIndex(s population.Sex) int { return int(s) - int(population.Male) }

// otherStyle writes the tone on the other vowel in words that end in oa, oe or
// uy (Hòa, Hoà); ok is false when the name has no such word. The two are one
// name by population.Key1.
func otherStyle(name string) (string, bool) {
	words := strings.Fields(norm.NFD.String(name))
	changed := false
	for i, w := range words {
		r := []rune(w)
		n := len(r)
		if n < 3 || strings.HasPrefix(strings.ToLower(w), "q") {
			continue
		}
		bare := strings.ToLower(string(r[n-3]) + string(r[n-1]))
		if tone(r[n-2]) && (bare == "oa" || bare == "oe" || bare == "uy") {
			r[n-2], r[n-1] = r[n-1], r[n-2]
			words[i], changed = string(r), true
		}
	}
	return norm.NFC.String(strings.Join(words, " ")), changed
}

func tone(r rune) bool { return strings.ContainsRune("\u0300\u0301\u0303\u0309\u0323", r) }

// toned reports whether a name has a tone to get wrong.
func toned(name string) bool { return strings.ContainsFunc(norm.NFD.String(name), tone) }

// wrongTone drops or exchanges the tone of one word: another name by Key1, the
// same by Key2. A name without tones stays as it is.
func wrongTone(d dice, name string) string {
	r := []rune(norm.NFD.String(name))
	var at []int
	for i := range r {
		if tone(r[i]) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return name
	}
	i := at[d.IntN(len(at))]
	switch {
	case d.chance(0.6):
		r = append(r[:i], r[i+1:]...)
	case r[i] == '\u0309':
		r[i] = '\u0303'
	default:
		r[i] = '\u0309'
	}
	return norm.NFC.String(string(r))
}
