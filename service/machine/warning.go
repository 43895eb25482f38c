package machine

import (
	"slices"
	"strconv"
	"time"
)

// Level says how much a warning matters.
type Level string

// The levels, the lightest first.
const (
	Note  Level = "note"
	Warn  Level = "warn"
	Alarm Level = "alarm" // act today
)

// Warning is something that needs a hand, as a key of the locale files and the
// values in its sentence.
type Warning struct {
	Key    string            `json:"key"`
	Level  Level             `json:"level"`
	Values map[string]string `json:"values,omitempty"`
}

func warning(level Level, key string, pairs ...string) *Warning {
	r := reason(key, pairs...)
	return &Warning{Key: key, Level: level, Values: r.Values}
}

// Warnings are what the history says is wrong, the worst first. It is a pure
// function.
func (h History) Warnings() []Warning {
	var list []Warning
	for _, w := range []*Warning{h.lies(), h.failing(), h.space(), h.moved(), h.clock(), h.watched(), h.slow(), h.unclean(), h.crashing(), h.hot()} {
		if w != nil {
			list = append(list, *w)
		}
	}
	rank := map[Level]int{Alarm: 0, Warn: 1, Note: 2}
	slices.SortStableFunc(list, func(a, b Warning) int { return rank[a.Level] - rank[b.Level] })
	return list
}

const (
	clockBoots   = 5 // of the last boots
	clockBad     = 2 // so many with a clock that went back
	uncleanBoots = 10
	uncleanMany  = 3
	crashMany    = 3
	hotProcessor = 90
)

// clock: a dead battery shows when the PC starts without mains.
func (h History) clock() *Warning {
	last := h.Boots[max(0, len(h.Boots)-clockBoots):]
	bad := 0
	for _, b := range last {
		if b.BadClock {
			bad++
		}
	}
	if bad < clockBad {
		return nil
	}
	key := "warn.cmos"
	if last[len(last)-1].NoRTC { // there is no battery to change
		key = "warn.nortc"
	}
	return warning(Warn, key, "bad", strconv.Itoa(bad), "of", strconv.Itoa(len(last)))
}

// unclean counts boots that ended without a stop; the running one has not ended.
func (h History) unclean() *Warning {
	if len(h.Boots) == 0 {
		return nil
	}
	ended := h.Boots[:len(h.Boots)-1]
	ended = ended[max(0, len(ended)-uncleanBoots):]
	n := 0
	for _, b := range ended {
		if !b.Clean {
			n++
		}
	}
	if n < uncleanMany {
		return nil
	}
	return warning(Warn, "warn.unclean", "n", strconv.Itoa(n), "of", strconv.Itoa(len(ended)))
}

func (h History) crashing() *Warning {
	if n := len(h.Boots); n > 0 && h.Boots[n-1].Crashes >= crashMany {
		return warning(Warn, "warn.crash", "n", strconv.Itoa(h.Boots[n-1].Crashes))
	}
	return nil
}

func (h History) lies() *Warning {
	if h.Tested != nil && h.Tested.Verdict == Lies {
		return warning(Alarm, "warn.disk.lies")
	}
	return nil
}

func (h History) moved() *Warning {
	if h.Moved {
		return warning(Alarm, "warn.moved")
	}
	return nil
}

// failing is the disk's own word, or replaced sectors that grow.
func (h History) failing() *Warning {
	if h.Smart != nil && h.Smart.Verdict == Failing {
		return warning(Alarm, "warn.disk.failing", "why", firstKey(h.Smart.Reasons))
	}
	if from, to, times := h.growth(func(d Day) int64 { return d.Reallocated }); times >= 2 && to > from {
		return warning(Alarm, "warn.disk.growing", "from", strconv.FormatInt(from, 10), "to", strconv.FormatInt(to, 10))
	}
	return nil
}

func (h History) watched() *Warning {
	if h.Smart != nil && h.Smart.Verdict == Watched {
		return warning(Warn, "warn.disk.watch", "why", firstKey(h.Smart.Reasons))
	}
	if from, to, times := h.growth(func(d Day) int64 { return d.CRC }); times >= 2 && to-from >= 10 {
		return warning(Warn, "warn.disk.cable", "n", strconv.FormatInt(to-from, 10))
	}
	return nil
}

func firstKey(rs []Reason) string {
	if len(rs) == 0 {
		return ""
	}
	return rs[0].Key
}

// trendDays is how far back growth is looked for.
const trendDays = 30

// growth says from what to what a count went over the last days, and in how many
// steps. A count that fell belongs to another disk: there it begins anew.
func (h History) growth(of func(Day) int64) (from, to int64, times int) {
	began := false
	for _, d := range h.Days[max(0, len(h.Days)-trendDays):] {
		switch n := of(d); {
		case n < 0:
		case !began || n < to:
			from, to, times, began = n, n, 0, true
		case n > to:
			to = n
			times++
		}
	}
	return from, to, times
}

const (
	baseDays  = 7 // the first measurements of a disk: how it is when new to us
	freshDays = 3
	muchSlow  = 250 * time.Millisecond
)

// slow compares the last days with the first: a disk that reads and writes again
// and again to succeed gets slow long before it fails.
func (h History) slow() *Warning {
	var took []time.Duration
	for _, d := range h.Days {
		if d.Flush > 0 {
			took = append(took, d.Flush)
		}
	}
	if len(took) < freshDays {
		return nil
	}
	fresh := slices.Min(took[len(took)-freshDays:])
	base := slices.Sorted(slices.Values(took[:min(baseDays, len(took))]))
	usual := base[len(base)/2]
	if fresh >= muchSlow || (len(took) >= baseDays+freshDays && fresh > slowFlush && fresh >= 3*usual) {
		return warning(Warn, "warn.disk.slow", "ms", strconv.FormatInt(fresh.Milliseconds(), 10), "usual", strconv.FormatInt(usual.Milliseconds(), 10))
	}
	return nil
}

const soonFull = 30 // days

// space warns before the station stops to write.
func (h History) space() *Warning {
	if len(h.Days) == 0 || h.Days[len(h.Days)-1].Reserve == 0 {
		return nil
	}
	d := h.Days[len(h.Days)-1]
	free := strconv.FormatUint(d.Free>>20, 10)
	switch {
	case d.Free < d.Reserve:
		return warning(Alarm, "warn.space.full", "free", free)
	case d.Free < 2*d.Reserve:
		return warning(Warn, "warn.space", "free", free)
	}
	if left, ok := h.daysLeft(); ok && left < soonFull {
		return warning(Warn, "warn.space.soon", "free", free, "days", strconv.Itoa(left))
	}
	return nil
}

// daysLeft is until when the disk is full at the pace of the last days; it needs
// a week of them, and clocks that went forward.
func (h History) daysLeft() (days int, ok bool) {
	last := h.Days[max(0, len(h.Days)-trendDays):]
	for i := 1; i < len(last); i++ {
		if !last[i].At.After(last[i-1].At) {
			return 0, false
		}
	}
	if len(last) < baseDays {
		return 0, false
	}
	first, now := last[0], last[len(last)-1]
	spent := now.At.Sub(first.At).Hours() / 24
	if spent < baseDays-1 || now.Free >= first.Free || now.Free <= now.Reserve {
		return 0, false
	}
	pace := float64(first.Free-now.Free) / spent
	return int(min(float64(now.Free-now.Reserve)/pace, 100_000)), true
}

func (h History) hot() *Warning {
	fresh := h.Days[max(0, len(h.Days)-freshDays):]
	for _, d := range fresh {
		if d.Heat < hotProcessor {
			return nil
		}
	}
	if len(fresh) < freshDays {
		return nil
	}
	return warning(Warn, "warn.hot", "degrees", strconv.Itoa(int(fresh[len(fresh)-1].Heat)))
}
