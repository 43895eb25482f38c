package main

import (
	"testing"
	"time"
)

// TestStationThatServesIsNotDisturbed: a system on trial is only left where the
// station does not come up.
func TestStationThatServesIsNotDisturbed(t *testing.T) {
	for _, c := range []struct {
		state  string
		uptime time.Duration
		stays  bool
	}{
		{"running", 20 * time.Minute, true}, {"running", 9 * time.Hour, true},
		{"start", 20 * time.Minute, true}, {"start-pre", time.Hour, true}, {"start", 3 * time.Hour, false},
		{"auto-restart", 20 * time.Minute, false}, {"failed", 20 * time.Minute, false}, {"dead", 20 * time.Minute, false}, {"", 20 * time.Minute, false},
	} {
		if got := comesUp(c.state, c.uptime); got != c.stays {
			t.Errorf("%q after %v: %v", c.state, c.uptime, got)
		}
	}
}
