package codelist

import (
	"cmp"
	"slices"
	"strings"

	"tramxa/appliance/population"
)

// Unit is a commune-level unit in one stretch of its life. The same code may
// have several: its kind changes (xã → phường) and its name.
type Unit struct {
	Code         string // five digits, unique in the country
	Kind         string // "xa", "phuong" or "dac-khu"
	Name         string // without the word of its kind
	ProvinceCode string // two digits
	Province     string
	From, To     population.Date // inclusive; zero: no limit known
}

// Units is a list of units as read by ReadUnits. It is not changed after that
// and may be used by several goroutines.
type Units struct {
	rows   []Unit // by code, then from
	byName map[string][]int
}

// Len returns the number of rows.
func (u *Units) Len() int { return len(u.rows) }

// All returns the rows by code, then by the day they begin. The caller must
// not change them.
func (u *Units) All() []Unit { return u.rows }

// ByCode returns the unit with the code on a day; the zero Date asks for the
// one without an end.
func (u *Units) ByCode(code string, on population.Date) (Unit, bool) {
	i, _ := slices.BinarySearchFunc(u.rows, code, func(r Unit, c string) int { return cmp.Compare(r.Code, c) })
	for ; i < len(u.rows) && u.rows[i].Code == code; i++ {
		if validOn(u.rows[i].From, u.rows[i].To, on) {
			return u.rows[i], true
		}
	}
	return Unit{}, false
}

// Find returns the units of that name in a province given by its name or code.
// Either tone style, case and apostrophe will do; only when none is found so,
// a match without tones is tried. Several rows may be one unit at several
// times, or several units: the caller asks. An empty province finds nothing:
// ten communes are called Tân An.
func (u *Units) Find(name, province string) []Unit {
	p := provinceKey(province)
	if p == "" {
		return nil
	}
	name = trimKind(name)
	if found := u.named(p + exactKey(name)); len(found) > 0 {
		return found
	}
	return u.named(p + "~" + looseKey(name))
}

func (u *Units) named(key string) []Unit {
	var out []Unit
	for _, i := range u.byName[key] {
		out = append(out, u.rows[i])
	}
	return out
}

func (u *Units) index() {
	slices.SortFunc(u.rows, func(a, b Unit) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(number(a.From), number(b.From)))
	})
	u.byName = make(map[string][]int, 2*len(u.rows))
	for i, r := range u.rows {
		p := provinceKey(r.Province)
		for _, k := range []string{p + exactKey(r.Name), p + "~" + looseKey(r.Name)} {
			u.byName[k] = append(u.byName[k], i)
		}
	}
}

// provinceKey gives the same key for a province's code and for its name with
// or without the word of its kind, in either tone style.
func provinceKey(s string) string {
	s = strings.TrimSpace(s)
	for _, p := range tables().provinces {
		if p.Code == s {
			s = p.Name
		}
	}
	key := looseKey(s)
	for _, w := range []string{"thanhpho", "thudo", "tinh", "tp"} {
		if rest, ok := strings.CutPrefix(key, w); ok && rest != "" {
			key = rest
			break
		}
	}
	if key == "" {
		return ""
	}
	return key + "/"
}

// trimKind takes the word of the kind off the front of a unit's name.
func trimKind(s string) string {
	s = strings.TrimSpace(s)
	low := strings.ToLower(s)
	for _, w := range []string{"xã ", "phường ", "đặc khu ", "thị trấn "} {
		if strings.HasPrefix(low, w) && len(low) == len(s) {
			return strings.TrimSpace(s[len(w):])
		}
	}
	return s
}
