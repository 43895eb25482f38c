package backups

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"tramxa/appliance/clock"
)

const (
	lookEvery  = 5 * time.Minute
	everyDay   = 20 * time.Hour // a copy older than that is due
	retryAfter = 3 * time.Hour  // of a run that made no good copy
	nightFrom  = 3              // o'clock; the station proves itself at two
	nightTo    = 5
)

// Run makes a copy each night, or by day when the PC is off at night, and brings
// the newest copy to a stick that is plugged in later. It returns ctx's error.
func (n *Nightly) Run(ctx context.Context) error {
	if !sleep(ctx, n.o.Settle) {
		return ctx.Err()
	}
	var s schedule
	for {
		now, trusted := n.o.Now()
		tick := time.Now()
		if s.due(tick, now, trusted, n.Status()) {
			s.tried = tick
			st, _ := n.Once(ctx) // it logs, and the status says, what went wrong where
			s.good = st.provenLast()
			s.seen = dirsOf(n.o.Targets())
		} else if err := n.follow(ctx, &s); err != nil && ctx.Err() == nil {
			n.o.Log.Error("backups: a medium that was plugged in got no copy", "cause", err)
		}
		if !sleep(ctx, lookEvery) {
			return ctx.Err()
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// schedule remembers what this process did, by the monotonic clock.
type schedule struct {
	tried time.Time // zero: not yet
	good  bool
	seen  map[string]bool // places at the last look
}

// due says whether a copy is to be made now. What this process knows itself counts
// more than any date.
func (s *schedule) due(tick, now time.Time, trusted bool, st Status) bool {
	night := now.In(clock.Country).Hour() >= nightFrom && now.In(clock.Country).Hour() < nightTo
	if !s.tried.IsZero() {
		since := tick.Sub(s.tried)
		if !s.good {
			return since >= retryAfter
		}
		return since >= everyDay || night && since >= everyDay/2
	}
	best, ok := st.Best()
	age, sane := best.Age(now)
	if !ok || !sane || !trusted {
		return true
	}
	return age >= everyDay || night && age >= everyDay/2
}

func dirsOf(list []Target) map[string]bool {
	m := map[string]bool{}
	for _, t := range list {
		m[t.Dir] = true
	}
	return m
}

// follow brings the newest proven copy to places that were not there before.
func (n *Nightly) follow(ctx context.Context, s *schedule) error {
	targets := n.o.Targets()
	before := s.seen
	if s.seen = dirsOf(targets); before == nil {
		before = map[string]bool{}
	}
	var fresh []Target
	for _, t := range targets {
		if !before[t.Dir] && t.Kind != Local {
			fresh = append(fresh, t)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return n.Carry(ctx, fresh)
}

// Carry brings the newest proven copy to places, without making a new one: for a
// stick that was just plugged in. Places that have it already are left alone.
func (n *Nightly) Carry(ctx context.Context, targets []Target) error {
	n.turn.Lock()
	defer n.turn.Unlock()
	n.setRunning(true)
	defer n.setRunning(false)
	c, err := n.newest()
	if err != nil || c == nil {
		return err
	}
	now, _ := n.o.Now()
	r := run{n: n, now: now, first: c}
	for _, t := range targets {
		if n.has(t, *c) || ctx.Err() != nil {
			continue
		}
		r.visit(ctx, t)
	}
	if len(r.looked) == 0 {
		return ctx.Err()
	}
	for _, p := range n.Status().Places { // the others are where they were
		if p.There && !dirsOf(targets)[p.Dir] {
			r.looked = append(r.looked, p)
		}
	}
	return errors.Join(append(r.errs, ctx.Err(), n.save(now, r.looked))...)
}

// newest is the newest copy of the best place that is there.
func (n *Nightly) newest() (*Copy, error) {
	best, ok := n.Status().Best()
	if !ok {
		return nil, nil
	}
	g := n.o.Station.Genesis()
	list, _, err := Copies(n.o.FS, filepath.Join(best.Dir, FolderName(g.Origin.Station, g.Key)))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[len(list)-1], nil
}

// has says whether a place has the copy, by what it states.
func (n *Nightly) has(t Target, c Copy) bool {
	g := n.o.Station.Genesis()
	list, _, err := Copies(n.o.FS, filepath.Join(t.Dir, FolderName(g.Origin.Station, g.Key)))
	if err != nil || len(list) == 0 {
		return false
	}
	return list[len(list)-1].Manifest.Made == c.Manifest.Made
}
