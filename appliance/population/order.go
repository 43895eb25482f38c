package population

import (
	"math"
	"slices"
)

// inOrder returns the entries in the order in which they are folded: by the day
// they happened, then by sequence. live may be in any order and is not changed.
//
// A date that is not exact can be several days; it takes the one nearest to the
// day of the entry before it by sequence. So what is known of the date is obeyed
// (an entry of "2026-03" stands within March), and what is not known follows the
// order in which it was written down.
func inOrder(live []Located) []Located {
	if len(live) < 2 {
		return live
	}
	if !slices.IsSortedFunc(live, bySeq) {
		live = slices.Clone(live)
		slices.SortStableFunc(live, bySeq)
	}
	var few [16]int
	days := append(few[:0], make([]int, len(live))...)
	day, sorted := math.MinInt, true
	for i := range live {
		when := live[i].Entry.When()
		last := day
		day = nearest(when, day)
		days[i] = day
		sorted = sorted && day >= last
	}
	if sorted {
		return live
	}
	order := make([]int, len(live))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return days[a] - days[b] })
	out := make([]Located, len(live))
	for i, k := range order {
		out[i] = live[k]
	}
	return out
}

func bySeq(a, b Located) int {
	switch {
	case a.Seq < b.Seq:
		return -1
	case a.Seq > b.Seq:
		return 1
	}
	return 0
}

// nearest returns the day within d that is nearest to day, in days since 1970.
func nearest(d Date, day int) int {
	if d.Day != 0 {
		return d.Days()
	}
	return min(max(day, d.First().Days()), d.Last().Days())
}

// periodOf returns the period in which an entry counts; for one that was never
// given a period, the month it happened.
func periodOf(e Entry) Period {
	if p := e.Counted(); p != 0 {
		return p
	}
	return PeriodOf(e.When())
}
