package machine

import (
	"fmt"
	"slices"
	"time"
)

// History is what has been seen of a machine. It is a fold over observations,
// and bounded. Order is that of observing; its times are the PC's own, which may
// be wrong.
type History struct {
	Version int         `json:"version"`
	Print   Print       `json:"print"`
	Moved   bool        `json:"moved"` // the print has become another machine's; until Accepted
	Boots   []BootSeen  `json:"boots"` // oldest first, the running one last
	Days    []Day       `json:"days"`  // oldest first
	Smart   *Smart      `json:"smart,omitempty"`
	Tested  *DiskResult `json:"tested,omitempty"` // the last disk test
	Cuts    int         `json:"cuts"`             // power cuts during a test that the disk survived honestly
}

const (
	historyVersion = 1
	keptBoots      = 16
	keptDays       = 120
	maxReasons     = 64
)

// BootSeen is a start of the system with a station on it.
type BootSeen struct {
	ID       string        `json:"id,omitempty"`
	Uptime   time.Duration `json:"uptime"` // at the last start of the program
	Clock    time.Time     `json:"clock"`
	BadClock bool          `json:"bad_clock"` // it was behind what was known before
	NoRTC    bool          `json:"no_rtc,omitempty"`
	Clean    bool          `json:"clean"`             // the program was stopped, last
	Crashes  int           `json:"crashes,omitempty"` // starts of the program after it was not
}

// Day is about one measurement a day.
type Day struct {
	At          time.Time     `json:"at"`
	Flush       time.Duration `json:"flush,omitempty"` // median of a synced write; 0 not measured
	Free        uint64        `json:"free,omitempty"`
	Reserve     uint64        `json:"reserve,omitempty"` // under which the station stops to write
	Reallocated int64         `json:"reallocated"`       // -1 not told; so the next
	Pending     int64         `json:"pending"`
	CRC         int64         `json:"crc"`
	Heat        float64       `json:"heat,omitempty"` // of the processor
}

// Observation is something to remember: Started, Stopped, Measured, Tested,
// Accepted.
type Observation interface{ see(*History) }

// Started is a start of the program.
type Started struct {
	Boot  Boot
	Clock time.Time // as the PC says
	Floor time.Time // the latest time that was certain before, see package clock
	NoRTC bool
	Print Print
}

// Stopped is an orderly end of the program, whoever asked for it.
type Stopped struct{}

// Measured is what the nightly round found.
type Measured struct {
	At            time.Time
	Smart         *Smart // nil: not asked
	Flush         time.Duration
	Free, Reserve uint64
	Heat          float64
}

// Tested is the outcome of DiskTest or DiskTestAfter.
type Tested struct{ Result DiskResult }

// Accepted is a technician's word that the station was moved to this machine.
type Accepted struct{}

// See returns the history with one observation more. It is a pure function.
func (h History) See(o Observation) History {
	h.Version = historyVersion
	h.Boots, h.Days = slices.Clone(h.Boots), slices.Clone(h.Days)
	o.see(&h)
	h.Boots = h.Boots[max(0, len(h.Boots)-keptBoots):]
	h.Days = h.Days[max(0, len(h.Days)-keptDays):]
	return h
}

func (s Started) see(h *History) {
	if Compare(h.Print, s.Print) == Different {
		h.Moved = true
	}
	h.Print = h.Print.with(s.Print)
	if n := len(h.Boots); n > 0 && h.Boots[n-1].same(s.Boot) {
		b := &h.Boots[n-1]
		if !b.Clean {
			b.Crashes++
		}
		b.Clean, b.Uptime = false, s.Boot.Uptime
		return
	}
	h.Boots = append(h.Boots, BootSeen{ID: s.Boot.ID, Uptime: s.Boot.Uptime, Clock: s.Clock.UTC().Round(0),
		BadClock: s.Clock.Before(s.Floor), NoRTC: s.NoRTC})
}

// with takes over the parts that are known now, and keeps the others: the same
// machine is looked at with and without rights. Another machine's print replaces
// all.
func (p Print) with(now Print) Print {
	if Compare(p, now) == Different {
		return now
	}
	for i := range printParts {
		if now.part(i) != [4]byte{} {
			copy(p[4*i:], now[4*i:4*i+4])
		}
	}
	return p
}

// same says whether now is the boot b. Without ids the uptime tells, which only
// grows.
func (b BootSeen) same(now Boot) bool {
	if b.ID != "" || now.ID != "" {
		return b.ID == now.ID
	}
	return now.Uptime >= b.Uptime && now.Uptime > 0
}

func (Stopped) see(h *History) {
	if n := len(h.Boots); n > 0 {
		h.Boots[n-1].Clean = true
	}
}

// sameDay is how close two measurements are that count as one.
const sameDay = 20 * time.Hour

func (m Measured) see(h *History) {
	d := Day{At: m.At.UTC().Round(0), Flush: m.Flush, Free: m.Free, Reserve: m.Reserve, Heat: m.Heat, Reallocated: -1, Pending: -1, CRC: -1}
	if m.Smart != nil {
		s := *m.Smart
		h.Smart = &s
		d.Reallocated, d.Pending, d.CRC = s.Counts.Reallocated, s.Counts.Pending, s.Counts.CRC
	}
	if n := len(h.Days); n > 0 {
		if since := m.At.Sub(h.Days[n-1].At); since >= 0 && since < sameDay {
			d.At = h.Days[n-1].At // or a measurement each hour would push the day on for ever
			h.Days[n-1] = d
			return
		}
	}
	h.Days = append(h.Days, d)
}

func (t Tested) see(h *History) {
	r := t.Result
	if r.Verdict == Honest {
		h.Cuts++
	}
	proven := h.Tested != nil && h.Tested.Verdict != Unproven
	if proven && r.Verdict == Unproven { // a later test without a cut takes nothing back
		r.Verdict, r.Cut = h.Tested.Verdict, h.Tested.Cut
	}
	h.Tested = &r
}

func (Accepted) see(h *History) { h.Moved = false }

// check is for what comes from a file.
func (h History) check() error {
	switch {
	case h.Version != historyVersion:
		return fmt.Errorf("%w: history of version %d, this program reads %d", ErrDamaged, h.Version, historyVersion)
	case len(h.Boots) > keptBoots || len(h.Days) > keptDays:
		return fmt.Errorf("%w: %d boots and %d days", ErrDamaged, len(h.Boots), len(h.Days))
	case h.Smart != nil && len(h.Smart.Reasons) > maxReasons, h.Tested != nil && len(h.Tested.Reasons) > maxReasons:
		return fmt.Errorf("%w: too many reasons", ErrDamaged)
	}
	return nil
}
