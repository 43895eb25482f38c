package rules

import (
	"slices"

	"tramxa/appliance/population"
)

// foldOrder sorts live entries as the fold takes them: by the earliest day of
// When, a wholly unknown day being that of the entry before it by sequence;
// entries of one day by sequence.
func foldOrder(live []population.Located) []population.Located {
	bySeq := slices.Clone(live)
	slices.SortStableFunc(bySeq, func(a, b population.Located) int { return cmpSeq(a.Seq, b.Seq) })
	days := make(map[uint64]int, len(bySeq))
	day := earliest
	for _, l := range bySeq {
		if w := l.Entry.When(); w != (population.Date{}) {
			day = first(w)
		}
		days[l.Seq] = day
	}
	slices.SortStableFunc(bySeq, func(a, b population.Located) int {
		if d := days[a.Seq] - days[b.Seq]; d != 0 {
			return d
		}
		return cmpSeq(a.Seq, b.Seq)
	})
	return bySeq
}

func cmpSeq(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
