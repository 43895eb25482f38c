package population

import (
	"strings"

	"tramxa/appliance/tuple"
)

// bodyWriter writes the body of an entry under the mint of its journal.
type bodyWriter struct {
	trail
	w    tuple.Writer
	mint Mint
}

func (b *bodyWriter) bad(name, reason string) { b.fail(ErrInvalid, name, reason) }

func (b *bodyWriter) num(name string, n, max uint64) uint64 {
	if n > max {
		b.bad(name, "number too large")
		n = 0
	}
	b.w.Uint(n)
	return n
}

func (b *bodyWriter) flag(_ string, v bool) bool {
	b.w.Bool(v)
	return v
}

func (b *bodyWriter) word(name string, n uint8, words []string) uint8 {
	if int(n) >= len(words) {
		b.bad(name, "no such choice")
	}
	b.w.Uint(uint64(n))
	return n
}

func (b *bodyWriter) str(name, s string, max int, breaks bool) string {
	if reason := badText(s, max, breaks); reason != "" {
		b.bad(name, reason)
	}
	b.w.String(s)
	return s
}

func (b *bodyWriter) text(name, s string, max int) string  { return b.str(name, s, max, false) }
func (b *bodyWriter) lines(name, s string, max int) string { return b.str(name, s, max, true) }

func (b *bodyWriter) name(name, s string) string {
	if reason := badName(s); reason != "" {
		b.bad(name, reason)
		s = ""
	}
	if s == "" {
		b.w.List(0)
		return s
	}
	b.w.List(strings.Count(s, " ") + 1)
	for rest := s; rest != ""; {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		b.w.String(word)
	}
	return s
}

func (b *bodyWriter) hash(name string, h []byte) []byte {
	if len(h) != 0 && len(h) != hashSize {
		b.bad(name, "not 32 bytes")
	}
	b.w.Bytes(h)
	return h
}

func (b *bodyWriter) id(name string, id ID) ID {
	switch {
	case id == 0:
		b.w.Uint(0)
	case !id.Valid():
		b.bad(name, "not an id")
		b.w.Uint(0)
	case id.Mint() == b.mint:
		b.w.Uint(uint64(id.Serial()))
	default:
		b.wholeID(id)
	}
	return id
}

func (b *bodyWriter) wholeID(id ID) {
	b.w.List(2)
	b.w.Uint(uint64(id.Mint()))
	b.w.Uint(uint64(id.Serial()))
}

func (b *bodyWriter) idNear(name string, id, base ID) ID {
	switch {
	case id == 0 || !id.Valid() || id.Mint() != b.mint || base.Mint() != b.mint:
		b.id(name, id)
	case id == base:
		b.wholeID(id)
	default:
		b.w.Int(int64(id.Serial()) - int64(base.Serial()))
	}
	return id
}

func (b *bodyWriter) idNext(name string, id, prev ID) ID {
	switch {
	case prev == 0 || prev.Mint() != b.mint:
		b.id(name, id)
	case id == prev+1 && id.Valid(): // after the last serial of a mint stands none
		b.w.Uint(0)
	case id == 0:
		b.w.Int(-1)
	default:
		b.id(name, id)
	}
	return id
}

func (b *bodyWriter) date(name string, d Date) Date {
	if !d.Valid() {
		b.bad(name, "no such date")
		d = Date{}
	}
	b.w.Int(packDate(d))
	return d
}

func (b *bodyWriter) period(name string, p Period, of Date) Period {
	if !p.Valid() {
		b.bad(name, "no such month")
	}
	b.w.Int(int64(p) - int64(PeriodOf(of)))
	return p
}

func (b *bodyWriter) household(name string, n HouseholdNumber) HouseholdNumber {
	switch {
	case n.Sheet == 0:
		b.w.Uint(uint64(n.Number))
	case n.Number == 0:
		b.bad(name, "sheet without a number")
		b.w.Uint(0)
	default:
		b.w.List(2)
		b.w.Uint(uint64(n.Number))
		b.w.Uint(uint64(n.Sheet))
	}
	return n
}

func (b *bodyWriter) number(name, s string, sex Sex, born Date) string {
	if isTwelve(s) {
		head, tail := packNumber(s, sex, born)
		b.w.Uint(head)
		b.w.Uint(tail)
		return s
	}
	b.text(name, s, maxNumber)
	b.w.Uint(0)
	return s
}

func (b *bodyWriter) insurance(name, s, number string) string {
	if s != "" && s == number && isTwelve(s) {
		b.w.Uint(insuranceSame)
		return s
	}
	head, tail, prefix, ok := packInsurance(s)
	switch {
	case !ok:
		b.text(name, s, maxNumber)
	case prefix == "":
		b.w.List(2)
		b.w.Uint(head)
		b.w.Uint(tail)
	default:
		b.w.List(3)
		b.w.Uint(head)
		b.w.Uint(tail)
		b.w.String(prefix)
	}
	return s
}

func (b *bodyWriter) fields(name string, fs []Field) []Field {
	var mask uint64
	for i, f := range fs {
		switch {
		case f == 0 || int(f) >= len(fieldWords):
			b.bad(name, "no such field")
		case i > 0 && fs[i-1] >= f:
			b.bad(name, "not in ascending order")
		default:
			mask |= 1 << (f - 1)
		}
	}
	b.w.Uint(mask)
	return fs
}

func (b *bodyWriter) entry(name string, e Entry) Entry {
	kind, version, body, err := EncodeBody(b.mint, e)
	if err != nil {
		b.bad(name, "cannot be written: "+reasonOf(err))
	}
	b.w.Uint(uint64(kind))
	b.w.Uint(uint64(version))
	b.w.Bytes(body)
	return e
}

func (b *bodyWriter) object(name string) {
	b.enter(name, false)
	b.w.Begin()
}

func (b *bodyWriter) list(name string, n, max int) int {
	b.enter(name, true)
	if n > max {
		b.bad("", "too many")
		n = 0
	}
	b.w.List(n)
	return n
}

func (b *bodyWriter) end() {
	if !b.at[len(b.at)-1].list {
		b.w.End()
	}
	b.leave()
}
