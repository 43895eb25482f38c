package codelist

import (
	"time"

	"tramxa/appliance/population"
)

// List names a code list.
type List string

// The lists. The values are the names of the data files.
const (
	Relation   List = "relation"    // quan hệ với chủ hộ
	Education  List = "education"   // trình độ học vấn
	Marital    List = "marital"     // tình trạng hôn nhân
	Residence  List = "residence"   // tình trạng cư trú
	Ethnicity  List = "ethnicity"   // dân tộc, QĐ 121-TCTK/PPCĐ
	BirthPlace List = "birth_place" // nơi đẻ
	DeathPlace List = "death_place" // nơi chết
	MoveReason List = "move_reason" // lý do đến, đi
)

// Lists returns the names of all lists, always in the same order.
func Lists() []List {
	return []List{Relation, Education, Marital, Residence, Ethnicity, BirthPlace, DeathPlace, MoveReason}
}

// Item is one code of a list.
type Item struct {
	Code        population.Code
	Vi, En      string   // what to show
	Aliases     []string // other spellings that stand for the code
	From, To    population.Date
	Provisional bool // the official number is not known to us
}

// valid reports whether the item stands on the day (From and To
// inclusive, a zero date is no limit). A zero day asks for the items that have
// no end.
func (it Item) valid(on population.Date) bool {
	return validOn(it.From, it.To, on)
}

// Items returns the items of the list that are valid on the day, by code. The
// zero Date asks for those without an end. An unknown list has none. The
// caller must not change the Aliases.
func Items(list List, on population.Date) []Item {
	var out []Item
	for _, it := range tables().lists[list] {
		if it.valid(on) {
			out = append(out, it)
		}
	}
	return out
}

// Lookup returns the newest meaning of a code. It is false for 0 and for codes
// the list never had.
func Lookup(list List, code population.Code) (Item, bool) {
	for _, it := range tables().lists[list] {
		if it.Code == code {
			return it, true
		}
	}
	return Item{}, false
}

// Label returns the text of a code in a language ("en", otherwise Vietnamese),
// "" when the list has no such code.
func Label(list List, code population.Code, lang string) string {
	it, ok := Lookup(list, code)
	switch {
	case !ok:
		return ""
	case lang == "en":
		return it.En
	}
	return it.Vi
}

func validOn(from, to, on population.Date) bool {
	if on == (population.Date{}) {
		return to == (population.Date{})
	}
	n := number(on)
	return (from == (population.Date{}) || number(from) <= n) && (to == (population.Date{}) || n <= number(to))
}

// number orders dates; an unknown month or day stands before the known ones.
func number(d population.Date) int {
	return int(d.Year)*10000 + int(d.Month)*100 + int(d.Day)
}

// parseDay reads yyyy-mm-dd, or "" as the zero Date.
func parseDay(s string) (population.Date, error) {
	if s == "" {
		return population.Date{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return population.Date{}, err
	}
	return population.Date{Year: uint16(t.Year()), Month: uint8(t.Month()), Day: uint8(t.Day())}, nil
}
