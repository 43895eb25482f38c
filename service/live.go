package service

import (
	"context"
	"fmt"
	"time"
)

// live runs one program until it is gone.
func (s *supervisor) live(ctx context.Context, p Program) end {
	if ctx.Err() != nil {
		return end{asked: true}
	}
	c, err := s.begin(p)
	if err != nil {
		return end{failed: oneLine("cannot be started: " + err.Error())}
	}
	defer c.drop()
	w := &watch{supervisor: s, program: p, child: c}
	return w.run(ctx)
}

// watch is one program under supervision. Its counters are in ticks.
type watch struct {
	*supervisor
	program   Program
	child     *child
	ready     bool
	confirmed bool
	silent    int    // since the last line that counts
	age       int    // since ready
	failing   string // the last text of failing, until alive
}

func (w *watch) run(ctx context.Context) end {
	w.tellStart("")
	tick := time.NewTicker(w.Limits.tick())
	defer tick.Stop()
	lines := w.child.lines
	for {
		select {
		case <-ctx.Done():
			return w.stop()
		case m, open := <-lines:
			if !open {
				lines = nil
				continue
			}
			w.heard(m)
		case <-w.child.gone:
			for m := range w.child.lines { // what it said at last
				w.heard(m)
			}
			return w.judge(ctx)
		case <-tick.C:
			if why := w.overdue(); why != "" {
				w.child.kill()
				<-w.child.gone
				return end{failed: why, ready: w.ready, steady: w.steady(), late: !w.ready}
			}
		}
	}
}

// heard takes one line of the program.
func (w *watch) heard(m message) {
	switch m.word {
	case wordStarting:
		if !w.ready {
			w.silent = 0
			w.tellStart(m.text)
		}
	case wordReady:
		if !w.ready {
			w.ready, w.silent, w.age = true, 0, 0
			w.Log.Info("ready", "version", w.program.Label)
			w.Notify.say(sdStatus("running "+w.program.Label), sdWatchdog)
			w.sayReady()
		}
	case wordAlive:
		if w.ready {
			w.silent = 0
			if w.failing != "" {
				w.failing = ""
				w.Log.Info("healthy again", "version", w.program.Label)
				w.Notify.say(sdStatus("running " + w.program.Label))
			}
			w.Notify.say(sdWatchdog)
		}
	case wordFailing:
		if w.failing != m.text {
			w.failing = m.text
			w.Log.Warn("a probe fails", "version", w.program.Label, "probe", m.text)
			w.Notify.say(sdStatus("failing: " + m.text))
		}
	case wordConfirmed:
		w.confirm()
	case wordRestart:
		w.Log.Info("restart asked for", "version", w.program.Label, "why", m.text)
	}
}

// tellStart gives a starting program time with the service manager, which has a
// limit for the start until it has heard READY, and the watchdog after that.
func (w *watch) tellStart(text string) {
	status := statusStarting + w.program.Label
	if text != "" {
		status += ": " + text
	}
	w.Notify.say(sdStatus(status), sdWatchdog, sdExtend(w.Limits.Start+30*time.Second))
}

func (w *watch) confirm() {
	if !w.program.Trial || !w.ready || w.confirmed {
		return
	}
	if err := w.Source.Confirmed(w.program); err != nil {
		// It runs and is good; the next start tries it again.
		w.Log.Error("confirmation not noted", "version", w.program.Label, "err", err)
		return
	}
	w.confirmed = true
	w.Log.Info("confirmed", "version", w.program.Label)
}

// overdue counts a tick and says which deadline has passed.
func (w *watch) overdue() string {
	w.silent++
	w.age++
	l, tick := w.Limits, w.Limits.tick()
	after := func(n int, d time.Duration) bool { return time.Duration(n)*tick >= d }
	if !w.ready && w.silent%10 == 0 {
		w.Notify.say(sdWatchdog)
	}
	limit := w.startLimit(w.program)
	switch {
	case !w.ready && after(w.silent, limit):
		return fmt.Sprintf("no sign of progress for %s before it was ready", limit)
	case w.ready && after(w.silent, l.Alive) && w.failing != "":
		return oneLine(fmt.Sprintf("not healthy for %s: %s", l.Alive, w.failing))
	case w.ready && after(w.silent, l.Alive):
		return fmt.Sprintf("no sign of life for %s", l.Alive)
	case w.ready && w.program.Trial && !w.confirmed && after(w.age, l.Trial):
		return fmt.Sprintf("not confirmed within %s", l.Trial)
	}
	return ""
}

func (w *watch) steady() bool {
	return w.ready && time.Duration(w.age)*w.Limits.tick() >= w.Limits.Steady
}

// judge says how a program that ended by itself came out.
func (w *watch) judge(ctx context.Context) end {
	e := end{ready: w.ready, steady: w.steady(), asked: ctx.Err() != nil}
	switch code := w.child.code(); {
	case code == ExitAgain:
		e.again = true
	case code == 0:
		e.failed = "ended without being asked"
	case w.failing != "":
		e.failed = oneLine(fmt.Sprintf("%s, failing: %s", w.child.how(), w.failing))
	default:
		e.failed = w.child.how()
	}
	return e
}

// stop asks the program to end, and ends it when it does not.
func (w *watch) stop() end {
	w.Notify.say(sdStopping, sdStatus("stopping"))
	w.child.askToStop()
	tick := time.NewTicker(w.Limits.tick())
	defer tick.Stop()
	lines := w.child.lines
	for ticks := 0; ; {
		select {
		case <-w.child.gone:
			return end{asked: true}
		case _, open := <-lines: // it must be able to write on
			if !open {
				lines = nil
			}
		case <-tick.C:
			if ticks++; time.Duration(ticks)*w.Limits.tick() >= w.Limits.Stop {
				w.Log.Warn("not stopped in time, killed", "version", w.program.Label, "limit", w.Limits.Stop)
				w.child.kill()
				<-w.child.gone
				return end{asked: true}
			}
		}
	}
}
