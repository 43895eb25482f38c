package service

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// listening is a reporter and what it says.
func listening(trial bool) (*Reporter, *said) {
	out := &said{}
	in, w := io.Pipe()
	out.close = w.Close
	return newReporter(in, out, trial), out
}

type said struct {
	strings.Builder // written from the health loop only; read in between by synctest.Wait
	close           func() error
}

func (s *said) count(w word) int { return strings.Count(s.String(), linePrefix+string(w)) }

func healthIn(t *testing.T, trial bool, probes []Probe, during time.Duration) *said {
	t.Helper()
	var out *said
	synctest.Test(t, func(t *testing.T) {
		var r *Reporter
		r, out = listening(trial)
		ctx, cancel := context.WithTimeout(t.Context(), during)
		defer cancel()
		r.Health(ctx, probes, HealthOptions{})
		out.close()
		<-r.Stopped()
		time.Sleep(time.Minute) // what hangs comes back, or the bubble would complain
	})
	return out
}

func answering(name string) Probe {
	return Probe{Name: name, Ask: func(context.Context) error { return nil }}
}

func TestAliveEach10SecondsWhileAllAnswer(t *testing.T) {
	out := healthIn(t, false, []Probe{answering("journal"), answering("view"), answering("page")}, 65*time.Second)
	if out.count(wordAlive) != 7 || out.count(wordFailing) != 0 || out.count(wordConfirmed) != 0 {
		t.Errorf("said:\n%s", out)
	}
}

func TestTrialIsConfirmedAfterThreeGoodMinutes(t *testing.T) {
	if out := healthIn(t, true, []Probe{answering("page")}, 169*time.Second); out.count(wordConfirmed) != 0 {
		t.Errorf("confirmed before three minutes:\n%s", out)
	}
	if out := healthIn(t, true, []Probe{answering("page")}, time.Hour); out.count(wordConfirmed) != 1 {
		t.Errorf("confirmed %d times in an hour", out.count(wordConfirmed))
	}
}

func TestOneBadRoundBeginsTheTrialAnew(t *testing.T) {
	var n atomic.Int32
	once := Probe{Name: "view", Ask: func(context.Context) error {
		if n.Add(1) == 17 {
			return errors.New("two records behind")
		}
		return nil
	}}
	out := healthIn(t, true, []Probe{once}, 5*time.Minute)
	if out.count(wordConfirmed) != 0 || out.count(wordFailing) != 1 || !strings.Contains(out.String(), "view: two records behind") {
		t.Errorf("said:\n%s", out)
	}
	n.Store(0)
	if out := healthIn(t, true, []Probe{once}, 6*time.Minute); out.count(wordConfirmed) != 1 {
		t.Errorf("not confirmed three minutes later:\n%s", out)
	}
}

func TestOneSilentProbeKeepsTheWatchdogHungry(t *testing.T) {
	asked := 0
	hung := Probe{Name: "journal", Limit: 5 * time.Second, Ask: func(context.Context) error {
		asked++
		time.Sleep(32 * time.Second) // heeds nothing
		return nil
	}}
	out := healthIn(t, false, []Probe{answering("page"), hung}, 36*time.Second)
	if out.count(wordAlive) != 0 || out.count(wordFailing) != 4 || !strings.Contains(out.String(), "journal: hangs for") {
		t.Errorf("said:\n%s", out)
	}
	if asked != 2 { // the second only after the first has come back
		t.Errorf("asked %d times", asked)
	}
}

func TestProbeThatHeedsItsLimitSaysWhatItWaitsFor(t *testing.T) {
	slow := Probe{Name: "journal", Limit: time.Second, Ask: func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("waiting for the disk")
	}}
	out := healthIn(t, false, []Probe{slow}, 5*time.Second)
	if !strings.Contains(out.String(), "journal: no answer within 1s: waiting for the disk") {
		t.Errorf("said:\n%s", out)
	}
}

func TestStoppingIsNoFailure(t *testing.T) {
	waits := Probe{Name: "page", Ask: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
	if out := healthIn(t, false, []Probe{waits}, 3*time.Second); out.Len() != 0 {
		t.Errorf("said:\n%s", out)
	}
}

func TestReporterOfAProgramInTheForegroundSaysNothing(t *testing.T) {
	var r *Reporter
	r.Starting("x")
	r.Ready()
	if r.Trial() || r.Stopped() != nil {
		t.Error("nil is not supervised")
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r.Health(ctx, []Probe{answering("page")}, HealthOptions{})
	})
}

func TestStoppedWhenTheLauncherIsGone(t *testing.T) {
	r, out := listening(false)
	select {
	case <-r.Stopped():
		t.Fatal("stopped with the launcher there")
	case <-time.After(20 * time.Millisecond):
	}
	out.close()
	select {
	case <-r.Stopped():
	case <-time.After(time.Minute):
		t.Fatal("the end of the input is not noticed")
	}
}
