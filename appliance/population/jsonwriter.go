package population

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// MarshalEntry returns the JSON form of an entry: one object with "kind" and the
// fields that are not zero, names in lower snake case, dates, months and ids as
// their texts, choices as words, codes of code lists as numbers. An Unknown entry
// has "of", "version" and "body" (hexadecimal).
func MarshalEntry(e Entry) ([]byte, error) {
	if e == nil {
		return nil, fmt.Errorf("%w: no entry", ErrInvalid)
	}
	w := &jsonWriter{b: make([]byte, 0, 512)}
	w.whole(e)
	if w.failed() {
		return nil, w.first
	}
	return w.b, nil
}

// jsonWriter writes the JSON form of an entry.
type jsonWriter struct {
	trail
	b     []byte
	comma bool
}

// whole writes e with its kind as one object.
func (j *jsonWriter) whole(e Entry) {
	j.b, j.comma = append(j.b, '{'), false
	if u, ok := e.(Unknown); ok {
		j.str("kind", "unknown")
		j.plain("of", uint64(u.Of))
		j.plain("version", uint64(u.Version))
		j.str("body", hex.EncodeToString(u.Body))
	} else {
		j.str("kind", e.Kind().String())
		visit(j, e)
	}
	j.b, j.comma = append(j.b, '}'), true
}

// key writes a comma where one is due, and the name of a field of a record.
func (j *jsonWriter) key(name string) {
	if j.comma {
		j.b = append(j.b, ',')
	}
	j.comma = true
	if name != "" {
		j.b = append(append(append(j.b, '"'), name...), '"', ':')
	}
}

func (j *jsonWriter) plain(name string, n uint64) {
	j.key(name)
	j.b = strconv.AppendUint(j.b, n, 10)
}

func (j *jsonWriter) str(name, s string) {
	j.key(name)
	j.b = appendJSONString(j.b, s)
}

// inList reports whether the next value is an item, which is written even when
// it is zero.
func (j *jsonWriter) inList() bool {
	return len(j.at) > 0 && j.at[len(j.at)-1].list
}

func (j *jsonWriter) num(name string, n, _ uint64) uint64 {
	if n != 0 {
		j.plain(name, n)
	}
	return n
}

func (j *jsonWriter) flag(name string, v bool) bool {
	if v {
		j.key(name)
		j.b = append(j.b, "true"...)
	}
	return v
}

func (j *jsonWriter) word(name string, n uint8, words []string) uint8 {
	switch {
	case int(n) >= len(words):
		j.fail(ErrInvalid, name, "no such choice")
	case n != 0:
		j.str(name, words[n])
	}
	return n
}

func (j *jsonWriter) text(name, s string, _ int) string {
	if s != "" || j.inList() {
		j.str(name, s)
	}
	return s
}

func (j *jsonWriter) lines(name, s string, max int) string { return j.text(name, s, max) }
func (j *jsonWriter) name(name, s string) string           { return j.text(name, s, 0) }

func (j *jsonWriter) hash(name string, b []byte) []byte {
	j.text(name, hex.EncodeToString(b), 0)
	return b
}

func (j *jsonWriter) id(name string, id ID) ID {
	if id != 0 && !id.Valid() {
		j.fail(ErrInvalid, name, "not an id")
	}
	j.text(name, id.String(), 0)
	return id
}

func (j *jsonWriter) idNear(name string, id, _ ID) ID { return j.id(name, id) }
func (j *jsonWriter) idNext(name string, id, _ ID) ID { return j.id(name, id) }

func (j *jsonWriter) date(name string, d Date) Date {
	if !d.Valid() {
		j.fail(ErrInvalid, name, "no such date")
	}
	j.text(name, d.String(), 0)
	return d
}

func (j *jsonWriter) period(name string, p Period, _ Date) Period {
	if !p.Valid() {
		j.fail(ErrInvalid, name, "no such month")
	}
	j.text(name, p.String(), 0)
	return p
}

func (j *jsonWriter) household(name string, n HouseholdNumber) HouseholdNumber {
	j.text(name, n.String(), 0)
	return n
}

func (j *jsonWriter) number(name, s string, _ Sex, _ Date) string { return j.text(name, s, 0) }
func (j *jsonWriter) insurance(name, s, _ string) string          { return j.text(name, s, 0) }

func (j *jsonWriter) fields(name string, fs []Field) []Field {
	if j.list(name, len(fs), 0) > 0 {
		for i, f := range fs {
			j.item(i)
			j.word("", uint8(f), fieldWords)
		}
	}
	j.end()
	return fs
}

func (j *jsonWriter) entry(name string, e Entry) Entry {
	if e == nil {
		return e
	}
	j.key(name)
	j.enter(name, false)
	j.whole(e)
	j.leave()
	return e
}

func (j *jsonWriter) object(name string) {
	j.key(name)
	j.enter(name, false)
	j.b, j.comma = append(j.b, '{'), false
}

// list writes nothing of an empty list.
func (j *jsonWriter) list(name string, n, _ int) int {
	if n > 0 {
		j.key(name)
		j.b, j.comma = append(j.b, '['), false
	}
	j.enter(name, true)
	if n == 0 {
		j.item(none)
	}
	return n
}

// none marks a list of which nothing is written.
const none = 1 << 30

func (j *jsonWriter) end() {
	switch s := j.at[len(j.at)-1]; {
	case !s.list:
		j.b, j.comma = append(j.b, '}'), true
	case s.index != none:
		j.b, j.comma = append(j.b, ']'), true
	}
	j.leave()
}

// appendJSONString appends s as a JSON string; letters stay as they are, and so do
// the signs of HTML: six bytes for each could make a form too large to be read.
func appendJSONString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7F {
			var q bytes.Buffer
			enc := json.NewEncoder(&q)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(s); err != nil { // valid UTF-8 or replaced; a string never fails
				return append(b, `""`...)
			}
			return append(b, bytes.TrimSuffix(q.Bytes(), []byte{'\n'})...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
