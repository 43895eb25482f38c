package batch

// coder is a binary arithmetic coder, the same for both directions: with enc it
// writes each bit given to it, without it returns the bits that were written.
// The interval [lo, hi] narrows with every bit by its probability; leading bytes
// that both ends share are settled and leave.
type coder struct {
	enc    bool
	lo, hi uint32
	code   uint32 // decoding: the bytes read ahead
	b      []byte // encoding: what is settled; decoding: the input
	pos    int    // decoding: bytes read, those past the end counting as zero
}

func newEncoder() *coder { return &coder{enc: true, hi: 1<<32 - 1} }

func newDecoder(b []byte) *coder {
	c := &coder{hi: 1<<32 - 1, b: b}
	for range 4 {
		c.code = c.code<<8 | uint32(c.next())
	}
	return c
}

func (c *coder) next() (v byte) {
	if c.pos < len(c.b) {
		v = c.b[c.pos]
	}
	c.pos++
	return v
}

// bit codes one bit; p is the probability that it is 1, of 65536, never 0 or
// 65536.
func (c *coder) bit(bit int, p uint32) int {
	mid := c.lo + uint32(uint64(c.hi-c.lo)*uint64(p)>>16)
	if !c.enc {
		bit = 0
		if c.code <= mid {
			bit = 1
		}
	}
	if bit == 1 {
		c.hi = mid
	} else {
		c.lo = mid + 1
	}
	for (c.lo^c.hi)>>24 == 0 {
		if c.enc {
			c.b = append(c.b, byte(c.hi>>24))
		} else {
			c.code = c.code<<8 | uint32(c.next())
		}
		c.lo, c.hi = c.lo<<8, c.hi<<8|255
	}
	return bit
}

// tail returns the fewest bytes that lead into the interval when zeros follow;
// both directions know it at the end.
func (c *coder) tail() []byte {
	if c.lo == 0 {
		return nil
	}
	for n := 1; n < 4; n++ {
		low := uint32(1)<<(32-8*n) - 1
		if v := (c.lo + low) &^ low; v >= c.lo && v <= c.hi {
			return be(v)[:n]
		}
	}
	return be(c.lo)
}

func be(v uint32) []byte { return []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)} }

// finish ends the encoding and returns all bytes.
func (c *coder) finish() []byte { return append(c.b, c.tail()...) }

// whole reports, after decoding, whether the input ends exactly where the
// encoder would have ended it.
func (c *coder) whole() bool {
	settled := c.pos - 4
	tail := c.tail()
	return settled+len(tail) == len(c.b) && string(tail) == string(c.b[settled:])
}
