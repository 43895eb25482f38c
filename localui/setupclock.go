package localui

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
)

// clockView is the page of the clock. Shown goes along with the form, so that a
// page that stood for a while does not look like a wrong clock.
type clockView struct {
	Weekday    string
	Date, Time string
	Shown      string
	Trusted    bool
	Off        string // not "": this is how far the PC was off; agree once more
	Battery    bool
}

// weekdays are the keys of their names.
var weekdays = [7]string{"setup.sunday", "setup.monday", "setup.tuesday", "setup.wednesday", "setup.thursday", "setup.friday", "setup.saturday"}

// batteryOff is how far off a clock is when the battery on the board is blamed:
// a PC whose clock is set by hand is minutes off, one that forgot is years off.
const batteryOff = 24 * time.Hour

func clockDone(s *setup, _ context.Context) bool {
	now, _ := s.o.Clock()
	_, ok := s.state.Clock.agreed(now)
	return ok
}

func viewClock(s *setup, v *setupVisit) (any, error) {
	pc, trusted := s.o.Clock()
	now := s.now()
	date, hour := population.DateOf(now).Vi(), now.Format("15:04")
	b := clockView{Weekday: v.text(weekdays[now.Weekday()]), Trusted: trusted, Battery: s.state.Clock.Battery,
		Shown: strconv.FormatInt(pc.Unix(), 10) + " " + date + " " + hour}
	b.Date, b.Time = v.typed("date", date), v.typed("time", hour)
	return b, nil
}

var timeOfDay = regexp.MustCompile(`^([01]?\d|2[0-3])[:hg.,\s]?([0-5]\d)?$`)

// postClock takes date and time as typed. As the page showed them they confirm
// the PC's clock; otherwise they say how far it is off.
func postClock(s *setup, v *setupVisit) error {
	pc, _ := s.o.Clock()
	date, hour := v.sent("date"), v.sent("time")
	at, c := s.now(), s.state.Clock
	if _, ok := c.agreed(pc); !ok {
		c = setupClock{Battery: c.Battery || c.At != 0} // it has gone back since
	}
	if _, as, _ := strings.Cut(v.sent("shown"), " "); as != date+" "+hour {
		var ok bool
		if at, ok = readMoment(v, date, hour); !ok {
			return nil
		}
		off := at.Sub(pc)
		if off.Abs() < 2*time.Minute {
			off, at = 0, pc.In(clock.Country)
		}
		c = setupClock{Off: int64(off / time.Second), Battery: c.Battery || off.Abs() >= batteryOff}
	}
	if at.Before(earliest) || at.After(latest) {
		v.fault("date", "setup.clock.far", "from", earliest.Year(), "to", latest.Year())
		return nil
	}
	c.At = at.Unix()
	if c.Off != 0 && !c.Set && s.o.SetClock != nil {
		if err := s.o.SetClock(v.r.Context(), at); err != nil {
			s.o.Log.Warn("localui: the PC's clock cannot be set", "error", err)
		} else {
			c.Set = true
		}
	}
	warn := c.Battery && !s.state.Clock.Battery
	s.state.Clock = c
	if warn { // said once, with the same page
		if err := s.keep(); err != nil {
			return err
		}
		v.r.PostForm = nil
		return s.shownAgain(v, "dong-ho")
	}
	return nil
}

// readMoment reads date and time of day; what is wrong is noted.
func readMoment(v *setupVisit, date, hour string) (time.Time, bool) {
	day, err := population.ParseViDate(date)
	if err != nil || day.Day == 0 {
		v.fault("date", "setup.clock.date_wrong")
	}
	m := timeOfDay.FindStringSubmatch(hour)
	if m == nil {
		v.fault("time", "setup.clock.time_wrong")
	}
	if len(v.faults) > 0 {
		return time.Time{}, false
	}
	h, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2]) // "": on the hour
	return time.Date(int(day.Year), time.Month(day.Month), int(day.Day), h, minute, 0, 0, clock.Country), true
}

// Between these a date can be today's: the program was not there before, and a
// later one is a slip of the finger.
var (
	earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, clock.Country)
	latest   = time.Date(2060, 1, 1, 0, 0, 0, 0, clock.Country)
)

// shownAgain answers a form with its own page, nothing being wrong.
func (s *setup) shownAgain(v *setupVisit, slug string) error {
	for i, st := range setupSteps() {
		if st.slug == slug {
			if err := s.showStep(v, st, i); err != nil {
				return err
			}
		}
	}
	return errShown
}
