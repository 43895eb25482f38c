package main

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// workPatience is how long after its beginning a work holds a restart up, and how
// long a restart waits for works that begin one after the other. A commune's whole
// book is in within ten minutes on the oldest PC: what has run for two hours hangs,
// as an import does whose terminal was left half way, and the version that waits
// may be what mends it. What it has saved stays saved, and the same file imported
// again goes on there.
const workPatience = 2 * time.Hour

// longWorks are a station's works that a restart for another version waits for:
// imports, undoing, copies, proofs. The stop of the service or of the PC waits for
// none. The zero value is ready; methods may be called from any goroutine.
type longWorks struct {
	mu      sync.Mutex
	running map[*longWork]struct{}
	restart func(left []string) // wanted, and waits; nil: none
	asked   time.Time           // when it was wanted first
	going   bool                // the restart has begun
	wake    *time.Timer         // for when the last work has run too long
}

type longWork struct {
	name  string // "": not told to anybody
	began time.Time
}

// begin notes a work until end is called. Once a restart has begun nothing may
// begin that it would only break off.
func (l *longWorks) begin(name string) (end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.going {
		return nil, withHint(errors.New("the station is starting again with another version"), "đợi một phút rồi làm lại / wait a minute, then do it again")
	}
	if l.running == nil {
		l.running = make(map[*longWork]struct{})
	}
	w := &longWork{name: name, began: time.Now()}
	l.running[w] = struct{}{}
	return func() {
		l.mu.Lock()
		delete(l.running, w)
		l.mu.Unlock()
		l.look()
	}, nil
}

// whenIdle has restart called once, when no work runs or each has run for
// workPatience, or the restart has waited so long; left names those that run. It
// says what it waits for; empty: for nothing. Who asks again meanwhile takes the
// place of who asked before.
func (l *longWorks) whenIdle(restart func(left []string)) (waits []string) {
	l.mu.Lock()
	if !l.going {
		if l.restart == nil {
			l.asked = time.Now()
		}
		l.restart = restart
	}
	l.mu.Unlock()
	l.look()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.restart == nil {
		return nil
	}
	return l.names(func(w *longWork) bool { return l.patience(w) > 0 })
}

// patience is how long the restart still waits for w. The lock is held.
func (l *longWorks) patience(w *longWork) time.Duration {
	return workPatience - max(time.Since(w.began), time.Since(l.asked))
}

// waiting says whether a restart waits.
func (l *longWorks) waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.restart != nil
}

// look calls the restart that waits when its time has come.
func (l *longWorks) look() {
	l.mu.Lock()
	restart, left := l.due()
	l.mu.Unlock()
	if restart != nil {
		restart(left)
	}
}

// due is the restart to be called now, or nil. The lock is held.
func (l *longWorks) due() (restart func(left []string), left []string) {
	if l.restart == nil {
		return nil, nil
	}
	if l.wake != nil {
		l.wake.Stop()
	}
	wait := time.Duration(0)
	for w := range l.running {
		wait = max(wait, l.patience(w))
	}
	if wait > 0 {
		l.wake = time.AfterFunc(wait, l.look)
		return nil, nil
	}
	restart, l.restart, l.going = l.restart, nil, true
	return restart, l.names(func(*longWork) bool { return true })
}

// names are what runs and is meant, sorted. The lock is held.
func (l *longWorks) names(meant func(*longWork) bool) (list []string) {
	for w := range l.running {
		if w.name != "" && meant(w) {
			list = append(list, w.name)
		}
	}
	slices.Sort(list)
	return list
}

// restartWhenIdle starts the station again for another version, as soon as no long
// work runs. It says what that waits for.
func (n *stationNode) restartWhenIdle(why string) (waits []string) {
	waits = n.works.whenIdle(func(left []string) {
		if len(left) > 0 {
			n.log.Warn("the restart breaks off what has run for too long; what it saved stays", "restart", why, "works", left, "longer_than", workPatience)
		}
		n.restart(why)
	})
	if len(waits) > 0 {
		n.log.Info("the restart waits", "restart", why, "works", waits)
	}
	return waits
}

// long is a handler of something that a restart waits for.
func (n *stationNode) long(name string, fn func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		end, err := n.works.begin(name)
		if err != nil {
			return err
		}
		defer end()
		return fn(w, r)
	}
}

// copying notes that a nightly copy or its proof runs, and that it has ended. The
// runs come one after the other.
func (n *stationNode) copying() func(running bool) {
	var end func()
	return func(running bool) {
		if running {
			end, _ = n.works.begin("backup") // refused: the restart ends it anyway
		} else if end != nil {
			end()
		}
	}
}
