package batch

import (
	"math/bits"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
)

// model codes values: numbers and byte strings, each in the column of its place.
// One traversal serves both directions: the value goes in when encoding and comes
// out when decoding.
type model struct {
	*predictor
	cols  []column
	last  uint32 // hash of the value coded last in this record
	last2 uint32 // and of the one before
	word  uint32 // hash of the byte string coded last
	bad   bool   // decoding: the input is no encoding
}

func newModel(c *coder) *model {
	return &model{predictor: newPredictor(c), cols: make([]column, columns)}
}

// clone returns a copy that goes on with the coder c.
func (m *model) clone(c *coder) *model {
	p := *m.predictor
	p.c = c
	for i, t := range p.tables {
		p.tables[i] = append([]slot(nil), t...)
	}
	n := *m
	n.predictor, n.cols = &p, append([]column(nil), m.cols...)
	return &n
}

// columns is how many places are told apart; a batch of this format has some
// hundreds. Fixed, so that no input can make a decoder remember without end.
const columns = 1 << 13

// column is what is remembered of one place: equal positions of equal kinds.
type column struct {
	value     int64  // last number
	said      uint32 // hash of what was coded for it
	said2     uint32 // and of the time before
	cost      int32  // lately, of the numbers themselves, in bits/16
	costDelta int32  // and of their distances
	seen      uint32
}

// Types of a coded value. Numbers are coded by sign and size.
const (
	typePlus = iota
	typeMinus
	typeBytes
	typeList
)

// Sets of weights by kind of bit.
const (
	setHead  = 0  // 8: type and size, by bit
	setTop   = 8  // 12: the bits below the first, by bit
	setLow   = 20 // 1: those taken to be noise
	setByte  = 24 // 8, by bit
	setDelta = 32 // the same again for distances
)

// plainBits is how many leading bits of a number are coded under their contexts;
// the rest is taken to be noise.
const plainBits = 12

func (m *model) column(key uint32) *column { return &m.cols[mix32(key)%columns] }

// contexts returns the contexts of the next value in col.
func (m *model) contexts(key uint32, c *column) [inputs]uint32 {
	return [inputs]uint32{
		join(key, 1),
		join(join(key, 2), c.said),
		join(join(key, 3), m.last),
		join(join(join(key, 4), m.last), m.last2),
		join(join(join(key, 5), c.said), c.said2),
	}
}

// delta says whether the distance to the last number is lately cheaper than the
// number. Both ends know the same of the past.
func (c *column) delta() bool { return c.seen >= 2 && c.costDelta+24 < c.cost }

func (c *column) learn(v int64) {
	c.cost += (int32(bits.Len64(magnitude(v)))*16 - c.cost) >> 2
	c.costDelta += (int32(bits.Len64(magnitude(v-c.value)))*16 - c.costDelta) >> 2
	c.value = v
	c.seen++
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-1 - v)
	}
	return uint64(v)
}

func (m *model) remember(c *column, h uint32) {
	c.said2, c.said = c.said, h
	m.last2, m.last = m.last, h
}

// value codes one value's type and number: the number itself, the length of a
// byte string, or the length of a list.
func (m *model) value(key uint32, t tuple.Type, n uint64) (tuple.Type, uint64) {
	c := m.column(key)
	ctx := m.contexts(key, c)
	var kind int
	v := int64(n)
	switch t {
	case tuple.Neg:
		kind, v = typeMinus, -1-v
	case tuple.Bytes:
		kind = typeBytes
	case tuple.List:
		kind = typeList
	}
	delta, set := c.delta(), uint32(0)
	size := n
	if delta {
		set = setDelta
		for i := range ctx {
			ctx[i] = join(ctx[i], 77)
		}
		if kind <= typeMinus {
			d := v - c.value
			size = magnitude(d)
			kind = typePlus
			if d < 0 {
				kind = typeMinus
			}
		}
	}
	kind, size = m.number(kind, size, set, &ctx)
	said := join(uint32(kind), uint32(size)*31+uint32(size>>32))
	switch kind {
	case typeBytes:
		t = tuple.Bytes
	case typeList:
		t = tuple.List
	default:
		d := int64(size)
		if kind == typeMinus {
			d = -1 - d
		}
		v = d
		if delta {
			v += c.value
		}
		t, size = tuple.Uint, magnitude(v)
		if v < 0 {
			t = tuple.Neg
		}
		if size > tuple.MaxInt {
			m.bad, v, size = true, 0, 0
		}
		c.learn(v)
	}
	m.remember(c, said)
	return t, size
}

// symbol codes n bits of v, each under the bits before it.
func (m *model) symbol(v, n int, set uint32, ctx *[inputs]uint32) int {
	done := uint32(1)
	for left := n; left > 0; {
		group := min(left, 4)
		m.begin(ctx, done*0x3c6ef372)
		node := uint32(1)
		for range group {
			left--
			node = node<<1 | uint32(m.bit(v>>left&1, set+uint32(n-1-left), node))
		}
		done = done<<group | node&(1<<group-1)
	}
	return int(done) - 1<<n
}

// number codes a type and a number below 2^61: its length in bits, then the bits
// below the first.
func (m *model) number(kind int, n uint64, set uint32, ctx *[inputs]uint32) (int, uint64) {
	head := m.symbol(kind<<6|bits.Len64(n), 8, set+setHead, ctx)
	kind, length := head>>6, head&63
	if length > 61 {
		m.bad = true
		return kind, 0
	}
	if length < 2 {
		return kind, uint64(length)
	}
	v := uint64(1)
	node := uint32(1)
	for depth := range length - 1 {
		if depth%4 == 0 {
			h := uint32(v)
			if depth >= plainBits {
				h = 0x5bd1e995 + uint32(depth)
			}
			m.begin(ctx, (uint32(head)<<16+h)*0x27d4eb2f)
			node = 1
		}
		s := set + setTop + uint32(depth)
		if depth >= plainBits {
			s = set + setLow
		}
		bit := m.bit(int(n>>(length-2-depth)&1), s, node)
		node = node<<1 | uint32(bit)
		v = v<<1 | uint64(bit)
	}
	return kind, v
}

// bytes codes the content of a byte string whose length both ends know.
func (m *model) bytes(key uint32, b []byte) {
	prefix := join(0, uint32(len(b)))
	var b1, b2 uint32
	for i := range b {
		ctx := [inputs]uint32{
			join(join(key, 11), b1),
			join(join(12, b1), b2<<8|uint32(min(i, 3))),
			join(13, prefix),
			join(join(key, 14), prefix),
			join(join(join(key, 15), prefix), m.word),
		}
		b[i] = byte(m.symbol(int(b[i]), 8, setByte, &ctx))
		b1, b2 = uint32(b[i])+1, b1
		prefix = join(prefix, b1)
	}
	m.word, m.last = prefix, prefix
}

// raw codes bytes of which nothing is known, their length included; max bounds
// it when decoding.
func (m *model) raw(key uint32, b []byte, max int) []byte {
	ctx := m.contexts(key, m.column(key))
	_, n := m.number(typeBytes, uint64(len(b)), 0, &ctx)
	if !m.c.enc && n > uint64(max) {
		m.bad = true
		return nil
	}
	out := make([]byte, n)
	copy(out, b)
	m.bytes(key, out)
	return out
}

// envelopeKey is the place of the n-th field of an envelope.
func envelopeKey(n uint32) uint32 { return join(0xe, n) }

// envelope codes the fields of a head.
func (m *model) envelope(e journal.Envelope) journal.Envelope {
	kind := m.num(envelopeKey(0), uint64(e.Kind))
	under := func(n uint32) uint32 { return join(envelopeKey(n), uint32(kind)) }
	flags := uint64(e.Class) << 1
	if e.Trusted {
		flags |= 1
	}
	flags = m.num(under(1), flags)
	e.Kind, e.Version = uint16(kind), uint8(m.num(under(2), uint64(e.Version)))
	e.Class, e.Trusted = journal.Class(flags>>1), flags&1 == 1
	e.Actor = uint32(m.num(envelopeKey(3), uint64(e.Actor)))
	e.Device = uint32(m.num(envelopeKey(4), uint64(e.Device)))
	e.DeviceSeq = m.num(join(envelopeKey(5), e.Device), e.DeviceSeq)
	e.At = m.int(envelopeKey(6), e.At)
	e.Offset = int32(m.int(envelopeKey(7), int64(e.Offset)))
	e.Op = journal.Seq(m.num(envelopeKey(8), uint64(e.Op)))
	e.Base = journal.Seq(m.num(envelopeKey(9), uint64(e.Base)))
	return e
}

// num codes a number up to tuple.MaxInt, int one of either sign.
func (m *model) num(key uint32, n uint64) uint64 {
	t, n := m.value(key, tuple.Uint, n)
	m.bad = m.bad || t != tuple.Uint
	return n
}

func (m *model) int(key uint32, v int64) int64 {
	t := tuple.Uint
	if v < 0 {
		t = tuple.Neg
	}
	t, n := m.value(key, t, magnitude(v))
	switch t {
	case tuple.Uint:
		return int64(n)
	case tuple.Neg:
		return -1 - int64(n)
	}
	m.bad = true
	return 0
}
