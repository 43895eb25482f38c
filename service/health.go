package service

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Probe asks one part of the program whether it really answers.
type Probe struct {
	Name  string                      // for the log and the launcher; names no person
	Limit time.Duration               // for one answer; 0: 20 s
	Ask   func(context.Context) error // nil error: it answers
}

// HealthOptions are those of the health loop. The zero value is that of
// protocol 1.
type HealthOptions struct {
	Every  time.Duration // from round to round; 0: 10 s
	Rounds int           // good rounds, one after the other, that confirm a trial; 0: 18, three minutes
	Log    *slog.Logger  // nil: discarded
}

// Health asks all probes again and again until ctx ends, and tells the launcher
// that the program is alive only when every one has answered within its limit.
// Call it when the program is ready. On a trial start it confirms the program
// after enough good rounds without a bad one between them.
//
// A probe that ignores its context is not asked a second time while it hangs;
// it counts as failing. Without a launcher the loop only logs.
func (r *Reporter) Health(ctx context.Context, probes []Probe, o HealthOptions) {
	if o.Every <= 0 {
		o.Every = 10 * time.Second
	}
	if o.Rounds <= 0 {
		o.Rounds = 18
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &health{reporter: r, o: o, open: r.Trial()}
	for _, p := range probes {
		if p.Limit <= 0 {
			p.Limit = 20 * time.Second
		}
		h.probes = append(h.probes, &probe{Probe: p})
	}
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		h.round(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

type health struct {
	reporter *Reporter
	o        HealthOptions
	probes   []*probe
	good     int    // rounds, one after the other
	open     bool   // a trial not yet confirmed
	last     string // what failed in the last round
}

// round asks every probe at once and reports.
func (h *health) round(ctx context.Context) {
	answers := make([]string, len(h.probes))
	done := make(chan struct{})
	for i, p := range h.probes {
		go func() {
			answers[i] = p.ask(ctx)
			done <- struct{}{}
		}()
	}
	for range h.probes {
		<-done
	}
	if ctx.Err() != nil {
		return // stopping: what failed because of that is no failure
	}
	bad := ""
	for _, a := range answers {
		if a != "" {
			bad = a
			break
		}
	}
	h.note(bad)
	if bad != "" {
		h.good = 0
		h.reporter.Failing(bad)
		return
	}
	h.good++
	h.reporter.Alive()
	if h.open && h.good >= h.o.Rounds {
		h.open = false
		h.reporter.Confirmed()
		h.o.Log.Info("proved on trial", "rounds", h.good)
	}
}

// note logs a change, not every round.
func (h *health) note(bad string) {
	switch {
	case bad == h.last:
	case bad == "":
		h.o.Log.Info("all probes answer again")
	default:
		h.o.Log.Error("a probe fails", "probe", bad)
	}
	h.last = bad
}

// probe remembers a question that has not been answered yet.
type probe struct {
	Probe
	pending chan error
	since   time.Time
}

// ask puts the question and waits within the limit; "" is a good answer. A late
// answer to an earlier question only clears the way for a new one.
func (p *probe) ask(ctx context.Context) string {
	limited, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	if p.pending != nil {
		select {
		case <-p.pending:
			p.pending = nil
		case <-limited.Done():
			return p.hangs()
		}
	}
	answer := make(chan error, 1)
	p.pending, p.since = answer, time.Now()
	go func() { answer <- p.Ask(limited) }()
	select {
	case err := <-answer:
		p.pending = nil
		if err != nil {
			return oneLine(p.Name + ": " + err.Error())
		}
		return ""
	case <-limited.Done():
	}
	// A probe that heeds its context says about now what it waits for.
	select {
	case err := <-answer:
		p.pending = nil
		return oneLine(fmt.Sprintf("%s: no answer within %s: %v", p.Name, p.Limit, err))
	case <-time.After(p.Limit/10 + time.Millisecond):
		return p.hangs()
	}
}

func (p *probe) hangs() string {
	return fmt.Sprintf("%s: hangs for %s", p.Name, time.Since(p.since).Round(time.Millisecond))
}
