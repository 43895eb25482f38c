package clock

import (
	"math"
	"sync"
	"time"

	"tramxa/appliance/population"
)

// Horizon is how far above the floor a time may lie and still be trusted.
const Horizon = 10 * 365 * 24 * time.Hour

// written is when this code was: no correct clock runs before it.
var written = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Country is the time of the country (UTC+7, no summer time). The PC's own zone
// is not asked: it is wrong as often as the clock.
var Country = time.FixedZone("+07", 7*60*60)

// Options of a Clock. The zero value is the PC's clock with the floor at the
// date of this program.
type Options struct {
	Now   func() time.Time // nil: time.Now
	Floor time.Time        // a moment known to have passed; the zero Time: none known
}

// Clock is safe for concurrent use.
type Clock struct {
	now func() time.Time

	mu     sync.Mutex
	floor  time.Time
	offset time.Duration // hub's time minus the wall's, by the last Hub call
	known  bool          // offset was stated
}

// New returns a Clock.
func New(o Options) *Clock {
	c := &Clock{now: o.Now, floor: written}
	if c.now == nil {
		c.now = time.Now
	}
	c.Observe(o.Floor)
	return c
}

// Observe raises the floor to t: a moment that a trusted source says has passed.
// A lower t changes nothing.
func (c *Clock) Observe(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.floor) {
		c.floor = t
	}
}

// Hub takes the time the hub states, at the moment it is heard. From then on
// Offset corrects the wall.
func (c *Clock) Hub(t time.Time) {
	wall := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.known = t.Sub(wall), true
	if t.After(c.floor) {
		c.floor = t
	}
}

// Reading is what a record keeps of the clock.
type Reading struct {
	At      int64 // seconds since 1970 UTC as the wall says, right or wrong
	Offset  int32 // seconds to add to At by the hub's last word; 0 when none, or too large to state
	Trusted bool  // At + Offset lies between the floor and ten years above it
}

// Read returns a Reading of now.
func (c *Clock) Read() Reading {
	wall := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Reading{At: wall.Unix(), Trusted: c.trusts(wall)}
	if s := int64(c.offset / time.Second); c.known && s >= math.MinInt32 && s <= math.MaxInt32 {
		r.Offset = int32(s)
	}
	return r
}

// Now returns the wall's time, uncorrected, and whether it can be trusted after
// correction.
func (c *Clock) Now() (wall time.Time, trusted bool) {
	wall = c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return wall, c.trusts(wall)
}

func (c *Clock) trusts(wall time.Time) bool {
	t := wall.Add(c.offset)
	return !t.Before(c.floor) && t.Sub(c.floor) <= Horizon
}

// Floor returns the latest moment known to have passed.
func (c *Clock) Floor() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.floor
}

// Today returns the day in the country by the best knowledge. While the clock
// cannot be trusted it is the day of the floor, and trusted is false: then dates
// must be typed, and a rule against "the future" can only ask.
func (c *Clock) Today() (day population.Date, trusted bool) {
	wall := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.floor
	if trusted = c.trusts(wall); trusted {
		t = wall.Add(c.offset)
	}
	y, m, d := t.In(Country).Date()
	return population.Date{Year: uint16(y), Month: uint8(m), Day: uint8(d)}, trusted
}
