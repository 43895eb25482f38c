package service

import (
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
)

// Reporter is the program's end of the protocol. A nil Reporter says nothing and
// is never stopped, so that a program in the foreground needs no second way. Its
// methods may be called from any goroutine.
type Reporter struct {
	trial   atomic.Bool
	stopped chan struct{}

	mu  sync.Mutex
	out io.Writer
}

// Supervised is the launcher's ear, or nil when no launcher has started this
// process. The first call takes the standard input and output for the protocol:
// from then on nothing else may write to the standard output.
var Supervised = sync.OnceValue(func() *Reporter {
	if os.Getenv(EnvSupervised) != "1" {
		return nil
	}
	trial := os.Getenv(EnvTrial) == "1"
	os.Unsetenv(EnvSupervised) // a process that this one starts has no launcher
	os.Unsetenv(EnvTrial)
	signal.Ignore(brokenPipe...) // a dead launcher is noticed at the standard input
	return newReporter(os.Stdin, os.Stdout, trial)
})

func newReporter(in io.Reader, out io.Writer, trial bool) *Reporter {
	r := &Reporter{stopped: make(chan struct{}), out: out}
	r.trial.Store(trial)
	go func() {
		defer close(r.stopped)
		_, _ = io.Copy(io.Discard, in)
	}()
	return r
}

// Trial says whether this start is one on trial and not confirmed yet: Health
// then confirms it.
func (r *Reporter) Trial() bool { return r != nil && r.trial.Load() }

// Stopped is closed when the launcher wants the program to stop, or has died.
// Nil, which blocks for ever, for a nil Reporter.
func (r *Reporter) Stopped() <-chan struct{} {
	if r == nil {
		return nil
	}
	return r.stopped
}

// Starting says how far a long start has come, at least each 20 s while it
// makes progress.
func (r *Reporter) Starting(text string) { r.say(wordStarting, text) }

// Ready says that the program serves.
func (r *Reporter) Ready() { r.say(wordReady, "") }

// Alive says that every probe has just answered. Health says it.
func (r *Reporter) Alive() { r.say(wordAlive, "") }

// Failing says which probe does not answer. Health says it.
func (r *Reporter) Failing(text string) { r.say(wordFailing, text) }

// Confirmed says that the program on trial has proved itself. Health says it.
func (r *Reporter) Confirmed() {
	if r != nil {
		r.trial.Store(false)
	}
	r.say(wordConfirmed, "")
}

// Restart says why the program is about to exit with ExitAgain.
func (r *Reporter) Restart(text string) { r.say(wordRestart, text) }

// Stopping says that the program stops, as asked.
func (r *Reporter) Stopping() { r.say(wordStopping, "") }

func (r *Reporter) say(w word, text string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = io.WriteString(r.out, message{word: w, text: text}.String()+"\n")
}
