package batch

// The predictor guesses each bit from what stood in several contexts before and
// mixes the guesses, giving more weight to those that have been right. All of it
// is integer arithmetic: two machines must agree on every bit. Everything here is
// part of the packing Modelled and frozen with it.

const (
	inputs     = 5       // contexts asked for one bit
	mixerSets  = 128     // sets of weights, chosen by what kind of bit it is
	weightUnit = 1 << 16 // a weight of 1
	tableSize  = 1 << 18 // slots for each input
	countLimit = 120     // after so many bits a slot's guess moves at its slowest
)

// slot is the experience of one context: a probability as a signed distance from
// a half, of 65536, and how many bits it rests on. The zero slot knows nothing.
type slot struct {
	p int16
	n uint16
}

// predictor holds the slots of one batch, 5 MB. Two contexts may meet in one
// slot, which costs size, never correctness.
type predictor struct {
	c       *coder
	tables  [inputs][]slot
	weights [mixerSets][inputs]int32
	line    [inputs]uint32 // where the slots of the group of bits under way begin
	stretch [4096]int16
	rate    [countLimit + 1]int32
}

func newPredictor(c *coder) *predictor {
	p := &predictor{c: c}
	for i := range p.tables {
		p.tables[i] = make([]slot, tableSize)
	}
	for s := range p.weights {
		for i := range inputs {
			p.weights[s][i] = weightUnit * 5 / 16
		}
	}
	fillStretch(&p.stretch)
	for n := range p.rate {
		p.rate[n] = 65536 * 2 / int32(2*n+3)
	}
	return p
}

// logistic is 4096/(1+e^(−x/256)) at every 128 from x = −2048.
var logistic = [33]int32{1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047,
	2549, 2994, 3348, 3607, 3785, 3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094}

// squash is 4096/(1+e^(−x/256)) for x in −2047…2047, straight between the values
// of logistic.
func squash(x int32) int32 {
	x = min(max(x, -2047), 2047)
	w := x & 127
	i := x>>7 + 16
	return (logistic[i]*(128-w) + logistic[i+1]*w + 64) >> 7
}

// fillStretch makes the inverse of squash.
func fillStretch(t *[4096]int16) {
	next := 0
	for x := int32(-2047); x <= 2047; x++ {
		for v := int(squash(x)); next <= v; next++ {
			t[next] = int16(x)
		}
	}
	for ; next < len(t); next++ {
		t[next] = 2047
	}
}

// begin chooses the slots for a group of at most four bits under the contexts
// ctx: sixteen neighbours in each table, which lie in one line of the cache.
func (p *predictor) begin(ctx *[inputs]uint32, more uint32) {
	for i, c := range ctx {
		p.line[i] = mix32(c+more) & (tableSize - 1) &^ 15
	}
}

// bit codes one bit of the group; node is 1 and then the bits of the group so
// far. set chooses the weights.
func (p *predictor) bit(bit int, set, node uint32) int {
	w := &p.weights[set]
	var st [inputs]int32
	var at [inputs]*slot
	dot := int64(0)
	for i := range inputs {
		s := &p.tables[i][p.line[i]|node]
		at[i] = s
		st[i] = int32(p.stretch[uint16(s.p)>>4^0x800])
		dot += int64(st[i]) * int64(w[i])
	}
	guess := squash(int32(dot >> 16))
	bit = p.c.bit(bit, uint32(guess)<<4|8)
	target, miss := int32(-32768), -guess*10
	if bit == 1 {
		target, miss = 32767, (4096-guess)*10
	}
	for i, s := range at {
		w[i] += (st[i]*miss + 1<<13) >> 14
		s.p += int16(int64(target-int32(s.p)) * int64(p.rate[s.n]) >> 16)
		if s.n < countLimit {
			s.n++
		}
	}
	return bit
}

// mix32 spreads a context over the table.
func mix32(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x7feb352d
	h ^= h >> 15
	h *= 0x846ca68b
	return h ^ h>>16
}

// join makes one context of two numbers.
func join(h, v uint32) uint32 { return (h+v+1)*0x9e3779b1 ^ h>>13 }
