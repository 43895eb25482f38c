package population

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// visitor is one way of going through the fields of an entry: writing or reading
// its body, writing or reading its JSON. Every method takes the field's value
// and returns it, or what was read. The layout of an entry is stated once, in
// its visit method; the order of the calls is the order of the positions.
//
// Errors stick in the visitor, which goes on with zero values.
type visitor interface {
	num(name string, n, max uint64) uint64
	flag(name string, b bool) bool
	word(name string, n uint8, words []string) uint8 // one of words; words[0] is ""
	text(name, s string, max int) string             // one line of at most max bytes
	lines(name, s string, max int) string            // text that may have line breaks
	name(name, s string) string                      // a name, stored as a list of words
	hash(name string, b []byte) []byte               // 32 bytes or none
	id(name string, id ID) ID                        //
	idNear(name string, id, base ID) ID              // an id likely minted near base
	idNext(name string, id, prev ID) ID              // an id likely minted right after prev
	date(name string, d Date) Date                   //
	period(name string, p Period, of Date) Period    // likely the month of that date
	household(name string, n HouseholdNumber) HouseholdNumber
	number(name, s string, sex Sex, born Date) string // likely agreeing with sex and birth
	insurance(name, s, number string) string          // maybe the personal number again
	fields(name string, fs []Field) []Field           //
	entry(name string, e Entry) Entry                 // the body in an amendment
	object(name string)                               // the fields up to end are one record
	list(name string, n, max int) int                 // the items up to end are one list
	item(i int)                                       // the next field is the list's item i
	end()
}

// Bounds of the texts of an entry, in bytes.
const (
	maxNote      = 500
	maxReason    = 300
	maxRule      = 32
	maxAddress   = 300
	maxPlace     = 200
	maxHamlet    = 120
	maxLogin     = 64
	maxWhat      = 32
	maxSource    = 255
	maxNumber    = 32
	maxName      = 4 * MaxNameRunes
	maxWords     = MaxNameRunes/2 + 1
	maxConfirmed = 32
	maxAreas     = 200
	maxSeq       = 1<<56 - 1
	hashSize     = 32
)

// Errors of EncodeBody, DecodeBody and UnmarshalEntry. The texts name fields and
// never repeat values.
var (
	ErrInvalid   = errors.New("entry cannot be written")
	ErrMalformed = errors.New("malformed entry")
)

// FieldError says what is wrong with one field of an entry. It never repeats the
// value, so it may be logged.
type FieldError struct {
	Field  string // path as in JSON: "child.born", "members[2].name"; "" the entry itself
	Reason string
	kind   error
}

// Error implements error.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.kind.Error() + ": " + e.Reason
	}
	return e.kind.Error() + ": " + e.Field + ": " + e.Reason
}

// Unwrap returns ErrInvalid or ErrMalformed.
func (e *FieldError) Unwrap() error { return e.kind }

// trail keeps where in the entry a visitor is, and its first error.
type trail struct {
	at    []step
	first *FieldError
}

type step struct {
	name  string
	list  bool
	index int // of the item in a list; -1 before the first, and in a record
}

func (t *trail) enter(name string, list bool) {
	t.at = append(t.at, step{name, list, -1})
}

func (t *trail) leave()     { t.at = t.at[:len(t.at)-1] }
func (t *trail) item(i int) { t.at[len(t.at)-1].index = i }

func (t *trail) failed() bool { return t.first != nil }

func (t *trail) fail(kind error, name, reason string) {
	if t.first == nil {
		t.first = &FieldError{Field: t.path(name), Reason: reason, kind: kind}
	}
}

func (t *trail) path(name string) string {
	var b strings.Builder
	for _, s := range append(t.at[:len(t.at):len(t.at)], step{name, false, -1}) {
		if s.name != "" && b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.name)
		if s.index >= 0 {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	return b.String()
}

// badText says what forbids s as a text of at most max bytes, "" nothing.
// Unicode tables have no say in it: they differ between releases, and a body
// that one program wrote must never be refused by another.
func badText(s string, max int, breaks bool) string {
	if len(s) > max {
		return "longer than " + strconv.Itoa(max) + " bytes"
	}
	ascii := true
	for i := range len(s) {
		c := s[i]
		if (c < ' ' && !(breaks && (c == '\n' || c == '\t'))) || c == 0x7F {
			return "has control characters"
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(s) {
		return "not UTF-8"
	}
	return ""
}

// badName says what forbids s as a stored name; see CleanName for what a name is.
func badName(s string) string {
	switch {
	case s == "":
		return ""
	case s[0] == ' ' || s[len(s)-1] == ' ' || strings.Contains(s, "  "):
		return "has spaces to be squeezed"
	case strings.Count(s, " ") >= maxWords:
		return "too many words"
	}
	return badText(s, maxName, false)
}

// sized returns a copy of s where it has n items, else n zero items; nil for
// none. A copy, because an entry is a value: its slices belong to the caller.
func sized[T any](s []T, n int) []T {
	switch n {
	case 0:
		return nil
	case len(s):
		return slices.Clone(s)
	}
	return make([]T, n)
}
