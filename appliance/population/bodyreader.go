package population

import (
	"tramxa/appliance/tuple"
)

// bodyReader reads the body of an entry. It refuses whatever bodyWriter would
// not have written.
type bodyReader struct {
	trail
	r    *tuple.Reader
	mint Mint
}

func (b *bodyReader) bad(name, reason string) { b.fail(ErrMalformed, name, reason) }

// check turns a fault of the grammar into one of the field just read.
func (b *bodyReader) check(name string) {
	if !b.failed() && b.r.Err() != nil {
		b.bad(name, b.r.Err().Error())
	}
}

func (b *bodyReader) num(name string, _, max uint64) uint64 {
	n := b.r.Uint(max)
	b.check(name)
	return n
}

func (b *bodyReader) flag(name string, _ bool) bool { return b.num(name, 0, 1) == 1 }

func (b *bodyReader) word(name string, _ uint8, words []string) uint8 {
	return uint8(b.num(name, 0, uint64(len(words)-1)))
}

func (b *bodyReader) str(name string, max int, breaks bool) string {
	s := b.r.String(max)
	b.check(name)
	if reason := badText(s, max, breaks); reason != "" {
		b.bad(name, reason)
	}
	return s
}

func (b *bodyReader) text(name, _ string, max int) string  { return b.str(name, max, false) }
func (b *bodyReader) lines(name, _ string, max int) string { return b.str(name, max, true) }

func (b *bodyReader) name(name, _ string) string {
	n := b.r.List(maxWords)
	var buf [maxName]byte
	s := buf[:0]
	for i := range n {
		word := b.r.Bytes(maxName)
		if i > 0 {
			s = append(s, ' ')
		}
		if len(s)+len(word) > maxName {
			b.bad(name, "too long")
			break
		}
		s = append(s, word...)
		for _, c := range word {
			if c == ' ' {
				b.bad(name, "space within a word")
			}
		}
		if len(word) == 0 {
			b.bad(name, "empty word")
		}
	}
	if b.failed() {
		return ""
	}
	b.r.End()
	b.check(name)
	whole := string(s)
	if reason := badName(whole); reason != "" {
		b.bad(name, reason)
	}
	return whole
}

func (b *bodyReader) hash(name string, _ []byte) []byte {
	h := b.r.Bytes(hashSize)
	b.check(name)
	if len(h) == 0 {
		return nil
	}
	if len(h) != hashSize {
		b.bad(name, "not 32 bytes")
	}
	return append([]byte(nil), h...)
}

func (b *bodyReader) id(name string, _ ID) ID {
	return b.plainID(name, 0)
}

// plainID reads a serial under the own mint, or [mint, serial] of another mint
// or of the one id of the own mint that has no shorter form here, if any.
func (b *bodyReader) plainID(name string, own ID) ID {
	if t, _ := b.r.Peek(); t != tuple.List {
		n := b.r.Uint(1<<32 - 1)
		b.check(name)
		if n == 0 {
			return 0
		}
		return NewID(b.mint, uint32(n))
	}
	b.r.List(2)
	id := NewID(Mint(b.r.Uint(1<<32-1)), uint32(b.r.Uint(1<<32-1)))
	b.r.End()
	b.check(name)
	if !id.Valid() || id.Mint() == b.mint && id != own {
		b.bad(name, "not the shortest id")
	}
	return id
}

func (b *bodyReader) idNear(name string, _, base ID) ID {
	t, _ := b.r.Peek()
	if base.Mint() != b.mint || t == tuple.List {
		own := base
		if base.Mint() != b.mint {
			own = 0
		}
		return b.plainID(name, own)
	}
	n := b.r.Int()
	b.check(name)
	if n == 0 || b.failed() {
		return 0
	}
	n += int64(base.Serial())
	if n < 1 || n > 1<<32-1 {
		b.bad(name, "not an id")
		return 0
	}
	return NewID(b.mint, uint32(n))
}

func (b *bodyReader) idNext(name string, _, prev ID) ID {
	if prev == 0 || prev.Mint() != b.mint {
		return b.plainID(name, 0)
	}
	switch t, n := b.r.Peek(); {
	case t == tuple.Neg && n == 0:
		b.r.Int()
		return 0
	case t == tuple.Uint && n == 0:
		b.r.Uint(0)
		b.check(name)
		if prev.Serial() == 1<<32-1 {
			b.bad(name, "not an id")
			return 0
		}
		return prev + 1
	}
	id := b.plainID(name, 0)
	if id == prev+1 && id.Mint() == b.mint {
		b.bad(name, "not the shortest id")
	}
	return id
}

func (b *bodyReader) date(name string, _ Date) Date {
	n := b.r.Int()
	b.check(name)
	d, ok := unpackDate(n)
	if !ok {
		b.bad(name, "no such date")
	}
	return d
}

func (b *bodyReader) period(name string, _ Period, of Date) Period {
	n := b.r.Int()
	b.check(name)
	if b.failed() {
		return 0
	}
	const far = 1 << 16
	if n < -far || n > far {
		b.bad(name, "no such month")
		return 0
	}
	n += int64(PeriodOf(of))
	p := Period(n)
	if n < 0 || n > far-1 || !p.Valid() {
		b.bad(name, "no such month")
		return 0
	}
	return p
}

func (b *bodyReader) household(name string, _ HouseholdNumber) HouseholdNumber {
	if t, _ := b.r.Peek(); t != tuple.List {
		return HouseholdNumber{Number: uint32(b.num(name, 0, 1<<32-1))}
	}
	b.r.List(2)
	n := HouseholdNumber{Number: uint32(b.r.Uint(1<<32 - 1)), Sheet: uint8(b.r.Uint(255))}
	b.r.End()
	b.check(name)
	if n.Number == 0 || n.Sheet == 0 {
		b.bad(name, "not the shortest number")
	}
	return n
}

func (b *bodyReader) number(name, _ string, sex Sex, born Date) string {
	t, head := b.r.Peek()
	if t == tuple.Bytes || head == 0 {
		s := b.str(name, maxNumber, false)
		b.num(name, 0, 0)
		if isTwelve(s) {
			b.bad(name, "not the shortest number")
		}
		return s
	}
	head = b.num(name, 0, maxNumberHead)
	tail := b.num(name, 0, 999999)
	if b.failed() {
		return ""
	}
	s, ok := unpackNumber(head, tail, sex, born)
	if !ok {
		b.bad(name, "not the shortest number")
	}
	return s
}

func (b *bodyReader) insurance(name, _, number string) string {
	var s string
	switch t, n := b.r.Peek(); {
	case t == tuple.List:
		s = b.longInsurance(name, n)
	case t == tuple.Uint && n == insuranceSame:
		b.num(name, 0, insuranceSame)
		if !isTwelve(number) {
			b.bad(name, "no number to be the same as")
		}
		return number
	default:
		s = b.str(name, maxNumber, false)
		if InsuranceCore(s) != "" {
			b.bad(name, "not the shortest number")
		}
	}
	if s != "" && s == number && isTwelve(s) {
		b.bad(name, "not the shortest number")
	}
	return s
}

func (b *bodyReader) longInsurance(name string, n uint64) string {
	b.r.List(3)
	head, tail, prefix := b.r.Uint(insuranceLong+999999), b.r.Uint(999999), ""
	if n == 3 {
		prefix = b.r.String(5)
	}
	b.r.End()
	b.check(name)
	if b.failed() {
		return ""
	}
	s := unpackInsurance(head, tail, prefix)
	if n < 2 || n == 3 && (head >= insuranceLong || !isLongInsurance(s)) {
		b.bad(name, "not an insurance number")
	}
	return s
}

func (b *bodyReader) fields(name string, _ []Field) []Field {
	mask := b.num(name, 0, 1<<(len(fieldWords)-1)-1)
	var fs []Field
	for f := Field(1); int(f) < len(fieldWords); f++ {
		if mask>>(f-1)&1 == 1 {
			fs = append(fs, f)
		}
	}
	return fs
}

func (b *bodyReader) entry(name string, _ Entry) Entry {
	kind := Kind(b.num(name, 0, 1<<16-1))
	version := uint8(b.num(name, 0, 255))
	body := b.r.Bytes(MaxBody)
	b.check(name)
	if kind == KindAmendment || kind == KindAnnulment { // before reading it: they could nest thousands deep
		b.bad(name, notAmending)
	}
	if b.failed() {
		return nil
	}
	e, err := DecodeBody(b.mint, kind, version, body)
	if err != nil {
		b.bad(name, reasonOf(err))
		return nil
	}
	return e
}

func (b *bodyReader) object(name string) {
	b.enter(name, false)
	b.r.Begin(tuple.MaxList)
}

func (b *bodyReader) list(name string, _, max int) int {
	b.enter(name, true)
	n := b.r.List(max)
	b.check("")
	if b.failed() {
		return 0
	}
	return n
}

func (b *bodyReader) end() {
	b.r.End()
	b.check("")
	b.leave()
}
