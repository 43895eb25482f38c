package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Program is what the launcher starts.
type Program struct {
	Path  string   // absolute
	Env   []string // beside the launcher's own, the later wins
	Trial bool     // not yet confirmed: a failure may lead back
	Label string   // version, for logs and the service manager
}

// Source says what to start. All calls come from one goroutine.
type Source interface {
	// Next is called before each start. When it counts a try, that is durable
	// before it returns.
	Next(ctx context.Context) (Program, error)
	// Confirmed: the program on trial has proved itself.
	Confirmed(Program) error
	// Failed tells the reason in one line. Of an unconfirmed program only it may
	// lead back.
	Failed(Program, string) error
}

// SuperviseOptions are the launcher's. Source and Args are required.
type SuperviseOptions struct {
	Source Source
	Args   []string     // of the program
	Log    *slog.Logger // nil: discarded
	Stderr io.Writer    // of the program; nil: the launcher's own
	Notify Notify       // the service manager; nil: none
	Limits Limits       // zero: those of protocol 1
}

// Supervise keeps the program of the source running until ctx ends, and never
// gives up: a station has nobody beside it who would start it again. It returns
// nil when ctx has ended and the program is gone; an error only for options that
// cannot work.
//
// The service manager hears READY when the program is ready, or when it has
// failed for the first time: from then on there is an answer, if a bad one, and
// no start job hangs. The watchdog is fed when the program says that it is
// alive, and by the launcher while the program starts within its deadline and
// before the next start; so it bites when the launcher hangs, and the launcher
// itself ends a program that hangs.
//
// A program that is not on trial and was too slow to start gets twice the time
// at its next start, and so on: on a dying disk a station that comes late is
// better than one that is ended each minute.
func Supervise(ctx context.Context, o SuperviseOptions) error {
	if o.Source == nil || len(o.Args) == 0 {
		return errors.New("supervise: a source and the program's arguments are needed")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	o.Limits = o.Limits.withDefaults()
	begin := func(p Program) (*child, error) { return startChild(p, o.Args, o.Stderr) }
	(&supervisor{SuperviseOptions: o, begin: begin}).run(ctx)
	return nil
}

// run starts and watches until ctx ends.
func (s *supervisor) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.once(ctx)
	}
	s.Log.Info("launcher stopped")
}

// maxLate bounds the patience: 60 s doubled four times are 16 minutes.
const maxLate = 4

// startLimit is how long the program may say nothing before it is ready.
func (s *supervisor) startLimit(p Program) time.Duration {
	if p.Trial {
		return s.Limits.Start
	}
	return s.Limits.Start << s.late
}

type supervisor struct {
	SuperviseOptions
	begin func(Program) (*child, error)
	ready bool          // the service manager has been told
	pause time.Duration // the last one; 0: none since the program was steady
	late  int           // starts in a row that took too long
}

// end is how one life of a program came out.
type end struct {
	asked  bool   // ctx ended
	again  bool   // it wants to be started again
	failed string // why, in one line
	ready  bool   // it was ready
	steady bool   // it was ready long enough
	late   bool   // it was not ready in time
}

// once chooses, runs and judges one program.
func (s *supervisor) once(ctx context.Context) {
	p, err := s.Source.Next(ctx)
	if err != nil {
		s.Log.Error("no program to start", "err", err)
		s.verdict("no program to start: " + err.Error())
		s.wait(ctx)
		return
	}
	s.Log.Info("starting", "program", p.Path, "version", p.Label, "trial", p.Trial)
	e := s.live(ctx, p)
	if e.steady {
		s.pause = 0
	}
	if e.late {
		s.late = min(s.late+1, maxLate)
	} else if e.ready {
		s.late = 0
	}
	switch {
	case e.asked:
		s.Log.Info("program stopped", "version", p.Label)
	case e.again:
		s.Log.Info("program is started again, as it asked", "version", p.Label)
		if e.ready {
			s.rest(ctx, s.Limits.Backoff/4)
		} else { // a program that only ever says so must not spin
			s.wait(ctx)
		}
	default:
		s.Log.Error("program failed", "version", p.Label, "trial", p.Trial, "reason", e.failed)
		s.verdict(fmt.Sprintf("%s: %s", p.Label, e.failed))
		err := s.Source.Failed(p, e.failed)
		if err != nil {
			s.Log.Error("failure not noted", "err", err)
		}
		if !p.Trial || err != nil {
			s.wait(ctx)
		} else { // soon, but not before a virus scanner has let go of a new file
			s.rest(ctx, s.Limits.Backoff)
		}
	}
}

// How the status text begins; Manager.Status reads it back.
const (
	statusDown     = "not running: "
	statusStarting = "starting "
)

// verdict tells the service manager of a failure, and that the start is over.
func (s *supervisor) verdict(text string) {
	s.Notify.say(sdStatus(statusDown + text))
	s.sayReady()
}

func (s *supervisor) sayReady() {
	if !s.ready {
		s.ready = true
		s.Notify.say(sdReady)
	}
}

// wait pauses before the next start, each time twice as long.
func (s *supervisor) wait(ctx context.Context) {
	s.pause = s.Limits.next(s.pause)
	s.Log.Info("waiting before the next start", "pause", s.pause)
	s.rest(ctx, s.pause)
}

// rest feeds the watchdog for so long.
func (s *supervisor) rest(ctx context.Context, pause time.Duration) {
	tick := time.NewTicker(s.Limits.tick())
	defer tick.Stop()
	for left := pause; left > 0; left -= s.Limits.tick() {
		s.Notify.say(sdWatchdog)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
