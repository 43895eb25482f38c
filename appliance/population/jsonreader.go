package population

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// UnmarshalEntry reads the JSON form of one entry, as MarshalEntry writes it, and
// tidies it (see Tidy). It is strict: fields it does not know, fields twice, null,
// wrong types, trailing data, values out of bounds, and anything nested too deep
// are refused with a *FieldError that wraps ErrMalformed. It does not judge the
// content; that is for package rules.
func UnmarshalEntry(b []byte) (Entry, error) {
	n, reason := parseNode(b)
	if reason != "" {
		return nil, &FieldError{Reason: reason, kind: ErrMalformed}
	}
	r := &jsonReader{}
	e := r.whole(&n)
	if r.failed() {
		return nil, r.first
	}
	return Tidy(e), nil
}

// jsonReader reads the JSON form of an entry.
type jsonReader struct {
	trail
	open []*node // nil where the record or list is missing
}

func (j *jsonReader) bad(name, reason string) { j.fail(ErrMalformed, name, reason) }

// whole reads an object with a kind.
func (j *jsonReader) whole(n *node) Entry {
	if n.kind != '{' {
		j.bad("", "not an object")
		return nil
	}
	k := n.take("kind")
	if k == nil || k.kind != '"' {
		j.bad("kind", "missing")
		return nil
	}
	kind, ok := ParseKind(k.text)
	if !ok {
		j.bad("kind", "no such kind")
		return nil
	}
	j.open = append(j.open, n)
	e := visit(j, kinds[kind].blank)
	j.close()
	return e
}

// close ends the innermost record or list and refuses what is left in it.
func (j *jsonReader) close() {
	n := j.open[len(j.open)-1]
	j.open = j.open[:len(j.open)-1]
	if n == nil {
		return
	}
	if name, ok := n.left(); ok {
		if len(name) > 40 || badText(name, 40, false) != "" {
			name = "?"
		}
		j.bad(name, "no such field")
	}
}

// next returns the value of the field, or the current item of a list; nil when
// it is missing.
func (j *jsonReader) next(name string) *node {
	n := j.open[len(j.open)-1]
	if n == nil || j.failed() {
		return nil
	}
	if n.kind != '[' {
		return n.take(name)
	}
	if i := j.at[len(j.at)-1].index; i < len(n.items) {
		return &n.items[i]
	}
	return nil
}

func (j *jsonReader) num(name string, _, max uint64) uint64 {
	n := j.next(name)
	if n == nil {
		return 0
	}
	v, err := strconv.ParseUint(n.text, 10, 64)
	if n.kind != '0' || err != nil {
		j.bad(name, "not a whole number")
		return 0
	}
	if v > max {
		j.bad(name, "larger than "+strconv.FormatUint(max, 10))
		return 0
	}
	return v
}

func (j *jsonReader) flag(name string, _ bool) bool {
	n := j.next(name)
	if n != nil && n.kind != 't' {
		j.bad(name, "neither true nor false")
		return false
	}
	return n != nil && n.yes
}

// str reads any text; "" when it is missing.
func (j *jsonReader) str(name string, max int, breaks bool) string {
	n := j.next(name)
	if n == nil {
		return ""
	}
	if n.kind != '"' {
		j.bad(name, "not a text")
		return ""
	}
	if reason := badText(n.text, max, breaks); reason != "" {
		j.bad(name, reason)
		return ""
	}
	return n.text
}

func (j *jsonReader) word(name string, _ uint8, words []string) uint8 {
	s := j.str(name, maxRule, false)
	for i, w := range words {
		if w == s {
			return uint8(i)
		}
	}
	j.bad(name, "none of "+strings.Join(words[1:], ", "))
	return 0
}

func (j *jsonReader) text(name, _ string, max int) string {
	return j.tidied(name, tidier{}.text("", j.str(name, max, false), 0), max)
}

func (j *jsonReader) lines(name, _ string, max int) string {
	return j.tidied(name, tidier{}.lines("", j.str(name, max, true), 0), max)
}

// tidied takes a text in the form it will have: composing can make it longer.
func (j *jsonReader) tidied(name, s string, max int) string {
	if len(s) > max {
		j.bad(name, badText(s, max, true))
		return ""
	}
	return s
}

func (j *jsonReader) name(name, _ string) string { return squeeze(j.str(name, 2*maxName, false)) }

func (j *jsonReader) hash(name string, _ []byte) []byte {
	s := j.str(name, 2*hashSize, false)
	if s == "" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != hashSize {
		j.bad(name, "not 64 hexadecimal digits")
	}
	return b
}

func (j *jsonReader) id(name string, _ ID) ID {
	s := j.str(name, maxNumber, false)
	if s == "" {
		return 0
	}
	id, err := ParseID(s)
	if err != nil {
		j.bad(name, err.Error())
	}
	return id
}

func (j *jsonReader) idNear(name string, id, _ ID) ID { return j.id(name, id) }
func (j *jsonReader) idNext(name string, id, _ ID) ID { return j.id(name, id) }

func (j *jsonReader) date(name string, _ Date) Date {
	d, err := ParseDate(j.str(name, maxNumber, false))
	if err != nil {
		j.bad(name, err.Error())
	}
	return d
}

func (j *jsonReader) period(name string, _ Period, _ Date) Period {
	p, err := ParsePeriod(j.str(name, maxNumber, false))
	if err != nil {
		j.bad(name, err.Error())
	}
	return p
}

func (j *jsonReader) household(name string, _ HouseholdNumber) HouseholdNumber {
	n, err := ParseHouseholdNumber(j.str(name, maxNumber, false))
	if err != nil {
		j.bad(name, err.Error())
	}
	return n
}

func (j *jsonReader) number(name, _ string, _ Sex, _ Date) string {
	return j.str(name, maxNumber, false)
}

func (j *jsonReader) insurance(name, _, _ string) string { return j.str(name, maxNumber, false) }

func (j *jsonReader) fields(name string, _ []Field) []Field {
	fs := sized[Field](nil, j.list(name, 0, len(fieldWords)-1))
	for i := range fs {
		j.item(i)
		fs[i] = Field(j.word("", 0, fieldWords))
		if fs[i] == 0 {
			j.bad("", "empty")
		}
	}
	j.end()
	return fs
}

func (j *jsonReader) entry(name string, _ Entry) Entry {
	n := j.next(name)
	if n == nil {
		j.bad(name, "missing")
		return nil
	}
	j.enter(name, false)
	e := j.whole(n)
	j.leave()
	return e
}

func (j *jsonReader) object(name string) {
	n := j.next(name)
	j.enter(name, false)
	if n != nil && n.kind != '{' {
		j.bad("", "not an object")
		n = nil
	}
	j.open = append(j.open, n)
}

func (j *jsonReader) list(name string, _, max int) int {
	n := j.next(name)
	j.enter(name, true)
	if n != nil && n.kind != '[' {
		j.bad("", "not a list")
		n = nil
	}
	if n != nil && len(n.items) > max {
		j.bad("", "more than "+strconv.Itoa(max))
		n = nil
	}
	j.open = append(j.open, n)
	if n == nil {
		return 0
	}
	return len(n.items)
}

func (j *jsonReader) end() {
	j.close()
	j.leave()
}
