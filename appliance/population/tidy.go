package population

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Tidy returns e as it ought to be stored: names cleaned (CleanName), numbers
// normalised, texts in NFC and trimmed, the fields of a change of information in
// order and the others empty. What cannot be brought into form stays as it is,
// for the rules to find. It is idempotent and never changes e itself.
//
// Whatever makes entries from forms or files sends them through Tidy once, before
// the rules see them.
func Tidy(e Entry) Entry {
	switch t := e.(type) {
	case InformationChanged:
		t.Changed = slices.Clone(t.Changed)
		slices.Sort(t.Changed)
		t.Changed = slices.Compact(t.Changed)
		e, _ = t.only()
	case Amendment:
		if t.By == nil {
			return e
		}
		t.By = Tidy(t.By)
		e = t
	}
	return visit(tidier{}, e)
}

// tidier is the visitor of Tidy.
type tidier struct{}

func (tidier) name(_, s string) string {
	if clean, err := CleanName(s); err == nil {
		return clean
	}
	return squeeze(s)
}

func (tidier) text(_, s string, _ int) string { return norm.NFC.String(squeeze(s)) }

func (tidier) lines(_, s string, _ int) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.TrimSpace(norm.NFC.String(s))
}

func (tidier) number(_, s string, _ Sex, _ Date) string {
	n, _ := NormNumber(s)
	return n
}

func (tidier) insurance(_, s, _ string) string {
	n, _ := NormInsurance(s)
	return n
}

func (tidier) num(_ string, n, _ uint64) uint64                      { return n }
func (tidier) flag(_ string, b bool) bool                            { return b }
func (tidier) word(_ string, n uint8, _ []string) uint8              { return n }
func (tidier) hash(_ string, b []byte) []byte                        { return b }
func (tidier) id(_ string, id ID) ID                                 { return id }
func (tidier) idNear(_ string, id, _ ID) ID                          { return id }
func (tidier) idNext(_ string, id, _ ID) ID                          { return id }
func (tidier) date(_ string, d Date) Date                            { return d }
func (tidier) period(_ string, p Period, _ Date) Period              { return p }
func (tidier) household(_ string, n HouseholdNumber) HouseholdNumber { return n }
func (tidier) fields(_ string, fs []Field) []Field                   { return fs }
func (tidier) entry(_ string, e Entry) Entry                         { return e }
func (tidier) object(string)                                         {}
func (tidier) list(_ string, n, _ int) int                           { return n }
func (tidier) item(int)                                              {}
func (tidier) end()                                                  {}
