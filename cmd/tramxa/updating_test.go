package main

import (
	"testing"
	"time"
)

func TestUpdatesComeAtNight(t *testing.T) {
	for _, c := range []struct {
		at    string // in the country
		after time.Duration
		night bool
	}{
		{"12:00", 0, false}, {"21:59", 0, false}, {"22:00", 0, true}, {"23:30", 0, true}, {"04:59", 0, true}, {"05:00", 0, false},
		{"22:30", time.Hour, false}, {"23:00", time.Hour, true}, {"01:30", 4 * time.Hour, false}, {"02:00", 4 * time.Hour, true},
		{"02:59", 100 * time.Hour, false}, {"03:00", 100 * time.Hour, true}, {"06:00", 7 * time.Hour, false},
	} {
		at, err := time.Parse("15:04 -07", c.at+" +07")
		if err != nil {
			t.Fatal(err)
		}
		if got := isNight(at, c.after); got != c.night {
			t.Errorf("%s, after %s: night %v", c.at, c.after, got)
		}
	}
}
