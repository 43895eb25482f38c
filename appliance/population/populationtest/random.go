package populationtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// dice is a seeded source with the few distributions needed. The algorithms
// are fixed, so a seed gives the same commune everywhere.
type dice struct{ *rand.Rand }

func newDice(seed int64, stream uint64) dice {
	return dice{rand.New(rand.NewPCG(uint64(seed), stream))}
}

// chance is true with probability p.
func (d dice) chance(p float64) bool { return d.Float64() < p }

// between returns a number of lo…hi, both included.
func (d dice) between(lo, hi int) int {
	if hi <= lo {
		return lo
	}
	return lo + d.IntN(hi-lo+1)
}

// normal returns a rounded normal number.
func (d dice) normal(mean, sd float64) int { return int(math.Round(d.NormFloat64()*sd + mean)) }

// poisson counts events with the given mean.
func (d dice) poisson(mean float64) int {
	if mean > 30 { // close enough, and quick
		return max(0, d.normal(mean, math.Sqrt(mean)))
	}
	n, p, limit := 0, d.Float64(), math.Exp(-mean)
	for p > limit {
		p *= d.Float64()
		n++
	}
	return n
}

// weighted is a list of words with running sums of their weights.
type weighted struct {
	words []string
	sums  []int
}

// parseWeighted reads "word:weight …"; an underscore in a word is a space.
func parseWeighted(s string) weighted {
	var w weighted
	sum := 0
	for f := range strings.FieldsSeq(s) {
		i := strings.LastIndexByte(f, ':')
		n, err := strconv.Atoi(f[i+1:])
		if err != nil {
			panic("populationtest: internal error: " + f)
		}
		sum += n
		w.words = append(w.words, strings.ReplaceAll(f[:i], "_", " "))
		w.sums = append(w.sums, sum)
	}
	return w
}

func (d dice) pick(w *weighted) string {
	n := d.IntN(w.sums[len(w.sums)-1])
	i, _ := slices.BinarySearch(w.sums, n+1)
	return w.words[i]
}
