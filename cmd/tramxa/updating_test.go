package main

import (
	"errors"
	"testing"
	"time"

	"tramxa/localui"
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

// TestTakenWhileTheStationLooksByItself: the button is there for who pressed in
// the very moment; what the province offers is fetched when that is done. A file
// is not taken beside something else.
func TestTakenWhileTheStationLooksByItself(t *testing.T) {
	n, _, _ := waitingStation(t)
	u := newUpdating(n, nil)
	u.stage, u.offer = "checking", &offered{}
	if err := u.apply(t.Context()); err != nil || len(u.wanted) != 1 {
		t.Errorf("from the province: %v, %d wanted", err, len(u.wanted))
	}
	u.stage, u.wanted = "fetching", make(chan struct{}, 1)
	if err := u.apply(t.Context()); err != nil || len(u.wanted) != 0 {
		t.Errorf("pressed while it is fetched: %v, and %d more times", err, len(u.wanted))
	}
	u.offer.file = "/stick/2.tramup"
	var refused localui.Refusal
	if err := u.apply(t.Context()); !errors.As(err, &refused) {
		t.Errorf("from a file: %v", err)
	}
	u.stage, u.offer = "", nil
	if err := u.apply(t.Context()); !errors.As(err, &refused) {
		t.Errorf("nothing is offered: %v", err)
	}
}
