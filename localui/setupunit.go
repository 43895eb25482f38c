package localui

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

const (
	maxPlace     = 100 // runes in the name of a place
	maxUnitFound = 30  // units shown at once, when they are not those of one province
)

// unitView is the page of the unit: a search, what it found, and the unit to
// agree to.
type unitView struct {
	HasList   bool
	Provinces []optionView
	Query     string
	Asked     bool
	Found     []unitLine
	More      bool // more were found than shown
	Chosen    *unitLine
	Manual    bool // code and name are typed
	Code      string
	Name      string
	Place     string
	Focus     string // the field that is typed next
	CanBack   bool
}

type unitLine struct{ Code, Name, Province string }

// unitFullName is the name with the word of its kind.
func unitFullName(u codelist.Unit) string {
	switch u.Kind {
	case "xa":
		return "Xã " + u.Name
	case "phuong":
		return "Phường " + u.Name
	case "dac-khu":
		return "Đặc khu " + u.Name
	}
	return u.Name
}

func lineOfUnit(u codelist.Unit) unitLine { return unitLine{u.Code, unitFullName(u), u.Province} }

// placeOf is what the pages call a place unless somebody types another name.
func placeOf(unitName string) string {
	if unitName == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(unitName)
	for _, kind := range unitKinds {
		if strings.HasPrefix(unitName, kind) {
			r = unicode.ToLower(r)
		}
	}
	return placeBegin + string(r) + unitName[size:]
}

const placeBegin = "Trạm y tế "

var unitKinds = []string{"Xã ", "Phường ", "Đặc khu "}

// unitOf is placeOf the other way: the name of the unit in that of a place; "" when
// it is named another way.
func unitOf(place string) string {
	rest := strings.TrimPrefix(cleanLine(place), placeBegin) // or only the unit is named
	r, size := utf8.DecodeRuneInString(rest)
	name := string(unicode.ToUpper(r)) + rest[size:]
	for _, kind := range unitKinds {
		if strings.HasPrefix(name, kind) {
			return name
		}
	}
	return ""
}

func viewUnit(s *setup, v *setupVisit) (any, error) {
	q := v.r.URL.Query()
	b := unitView{HasList: s.o.Units != nil && s.o.Units.Len() > 0, Query: strings.TrimSpace(q.Get("q")), CanBack: s.o.Restore != nil}
	province := q.Get("tinh")
	for _, p := range codelist.Provinces() {
		b.Provinces = append(b.Provinces, optionView{p.Code, p.Name, p.Code == province})
	}
	b.Asked = b.Query != "" || province != ""
	code := v.typed("unit", q.Get("ma"))
	if b.HasList && b.Asked && code == "" {
		b.Found, b.More = findUnits(s.o.Units, b.Query, province)
		if len(b.Found) == 1 {
			code, b.Found = b.Found[0].Code, nil
		}
	}
	if code == "" && !b.Asked {
		code = first(s.state.Unit, s.state.Known.Unit)
	}
	b.Manual = !b.HasList || q.Has("tay") || v.r.PostForm.Has("unit_name")
	b.Code, b.Name = code, v.typed("unit_name", "")
	if b.HasList && !b.Manual {
		if u, ok := s.o.Units.ByCode(code, population.Date{}); ok {
			line := lineOfUnit(u)
			b.Chosen, b.Name = &line, line.Name
		} else if code != "" && !b.Asked {
			b.Manual = true // of the seed, newer than the list
		}
	}
	b.Manual = b.Manual || b.Chosen == nil && len(v.faults) > 0 // what is wrong stands beside its field
	if b.Manual && b.Name == "" && code == s.state.Unit {
		b.Name = s.state.UnitName
	}
	if b.Manual && b.Name == "" && code == s.state.Known.Unit {
		b.Name = unitOf(s.state.Known.Place)
	}
	was := s.state.Place
	if code != s.state.Unit {
		was = ""
	}
	b.Place = v.typed("place", first(first(was, s.state.Known.Place), placeOf(b.Name)))
	b.Focus = "place"
	if b.Manual {
		switch "" {
		case b.Code:
			b.Focus = "unit"
		case b.Name:
			b.Focus = "unit_name"
		}
	}
	return b, nil
}

func postUnit(s *setup, v *setupVisit) error {
	code, place := v.sent("unit"), cleanLine(v.sent("place"))
	line := unitLine{Code: code, Name: cleanLine(v.sent("unit_name"))}
	if s.o.Units != nil {
		if u, ok := s.o.Units.ByCode(code, population.Date{}); ok {
			line = lineOfUnit(u)
		}
	}
	switch {
	case !isUnitCode(code):
		v.fault("unit", "setup.unit.code_wrong")
	case line.Name == "":
		v.fault("unit_name", "setup.unit.name_missing")
	case !isPlace(line.Name):
		v.fault("unit_name", "setup.unit.name_wrong", "max", maxPlace)
	}
	if place == "" {
		place = placeOf(line.Name)
	}
	if !isPlace(place) && line.Name != "" {
		v.fault("place", "setup.unit.name_wrong", "max", maxPlace)
	}
	if len(v.faults) == 0 {
		s.state.Unit, s.state.UnitName, s.state.Province, s.state.Place = line.Code, line.Name, line.Province, place
	}
	return nil
}

// findUnits returns the units of today whose code begins with the query, or in
// whose name (with the province's, and the kind's word) every word of it begins a
// word, whatever marks were typed. A province narrows it; without a query it
// gives them all.
func findUnits(list *codelist.Units, query, province string) (found []unitLine, more bool) {
	asked := strings.Fields(population.Key2(query))
	whole := strings.Join(asked, " ")
	type hit struct {
		unitLine
		rank int
	}
	var hits []hit
	for _, u := range list.All() {
		if u.To != (population.Date{}) || province != "" && u.ProvinceCode != province {
			continue
		}
		line := lineOfUnit(u)
		name := population.Key2(u.Name)
		switch {
		case whole == u.Code || whole == name && province != "":
			hits = append(hits, hit{line, 0})
		case whole == name:
			hits = append(hits, hit{line, 1})
		case isDigits(whole) && strings.HasPrefix(u.Code, whole), allBegin(asked, strings.Fields(name)):
			hits = append(hits, hit{line, 2})
		case allBegin(asked, strings.Fields(population.Key2(line.Name+" "+u.Province))):
			hits = append(hits, hit{line, 3})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Province, b.Province), cmp.Compare(population.Key2(a.Name), population.Key2(b.Name)))
	})
	if len(hits) > 1 && hits[0].rank == 0 && hits[1].rank > 0 {
		hits = hits[:1]
	}
	if len(hits) > maxUnitFound && (province == "" || whole != "") {
		hits, more = hits[:maxUnitFound], true
	}
	for _, h := range hits {
		found = append(found, h.unitLine)
	}
	return found, more
}

// allBegin reports whether each word begins one of the others.
func allBegin(words, of []string) bool {
	for _, w := range words {
		if !slices.ContainsFunc(of, func(o string) bool { return strings.HasPrefix(o, w) }) {
			return false
		}
	}
	return true
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isUnitCode(s string) bool { return len(s) == 5 && isDigits(s) && s != "00000" }

// cleanLine is one line of text as it is kept: composed, spaces squeezed.
func cleanLine(s string) string {
	if !utf8.ValidString(s) {
		return "\x00" // no place and no name is that
	}
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}

// isPlace reports whether s can be the name of a place.
func isPlace(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= maxPlace && strings.ContainsFunc(s, unicode.IsLetter) &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '<' || r == '>' || r == utf8.RuneError })
}
