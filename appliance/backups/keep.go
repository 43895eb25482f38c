package backups

import (
	"time"

	"tramxa/appliance/clock"
)

// Policy says how many copies stay: the newest of each of so many days, weeks and
// months that have any. It counts periods that have copies and not time that
// passed, so a wrong clock or a PC that was off removes nothing.
type Policy struct{ Days, Weeks, Months int }

// DefaultPolicy keeps a week, a month and a year.
var DefaultPolicy = Policy{Days: 7, Weeks: 4, Months: 12}

// surplus returns which of the copies, oldest first, may go. The newest never may.
func (p Policy) surplus(list []Copy) []Copy {
	keep := map[int]bool{}
	periods := []struct {
		most int
		of   func(time.Time) [2]int
	}{
		{p.Days, func(t time.Time) [2]int { return [2]int{t.Year(), t.YearDay()} }},
		{p.Weeks, func(t time.Time) [2]int { y, w := t.ISOWeek(); return [2]int{y, w} }},
		{p.Months, func(t time.Time) [2]int { return [2]int{t.Year(), int(t.Month())} }},
	}
	for _, per := range periods {
		seen := map[[2]int]bool{}
		for i := len(list) - 1; i >= 0 && len(seen) < per.most; i-- {
			if of := per.of(list[i].Made().In(clock.Country)); !seen[of] {
				seen[of], keep[list[i].Number] = true, true
			}
		}
	}
	var gone []Copy
	for i, c := range list {
		if !keep[c.Number] && i < len(list)-1 {
			gone = append(gone, c)
		}
	}
	return gone
}
