package batch

import (
	"fmt"
	"math/rand/v2"

	"tramxa/appliance/tuple"
)

// body makes an invented body of one of four shapes; the last is no tuple.
func body(rng *rand.Rand, kind, i int) []byte {
	var w tuple.Writer
	switch kind {
	case 1:
		w.Uint(uint64(100 + i))
		w.String(fmt.Sprintf("Làng %d", rng.IntN(5)))
		w.Int(int64(i) - 20)
		n := 1 + rng.IntN(5)
		w.List(n)
		for j := range n {
			w.List(4)
			w.Uint(uint64(1000 + i*5 + j))
			w.Uint(uint64(1 + j))
			w.String([]string{"Nguyễn Văn", "Rơ Châm", "Siu", "Kpă H'"}[rng.IntN(4)] + string(rune('A'+rng.IntN(26))))
			w.Int(int64(rng.IntN(30000)) - 10000)
		}
	case 2:
		w.Uint(uint64(rng.IntN(4000)))
		w.Uint(0)
		w.Bytes([]byte{byte(rng.Uint32()), 0, 255})
	case 3:
		w.Int(-int64(rng.IntN(1 << 40)))
		w.Bool(rng.IntN(2) == 0)
	default:
		b := make([]byte, rng.IntN(20))
		for j := range b {
			b[j] = byte(rng.Uint32())
		}
		return b
	}
	return w.Tuple()
}
