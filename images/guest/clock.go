package guest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ClockFile is the name, below the directory of the station, of what it leaves
// there for the unit that sets the clock.
const ClockFile = "clock.set"

// Between these a clock may be set: no program was there before, and a later
// date is a slip of the finger.
var (
	clockFrom = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clockTo   = time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)
)

// ClockRequest is what the station leaves for a unit of the system, which may
// set the clock: seconds since 1970 UTC, one line.
func ClockRequest(at time.Time) []byte { return fmt.Appendf(nil, "%d\n", at.Unix()) }

// parseClockRequest reads it, strictly.
func parseClockRequest(b []byte) (time.Time, error) {
	text, ok := strings.CutSuffix(string(b), "\n")
	n, err := strconv.ParseInt(text, 10, 64)
	at := time.Unix(n, 0).UTC()
	if !ok || err != nil || string(ClockRequest(at)) != string(b) || at.Before(clockFrom) || !at.Before(clockTo) {
		return time.Time{}, errors.New("the request is no time a clock may be set to") // its text may be anybody's
	}
	return at, nil
}
