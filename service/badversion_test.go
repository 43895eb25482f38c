package service

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/service/update"
)

// promised is how long a bad version may keep a station from its page.
const promised = 3 * time.Minute

// TestABadVersionIsLeftInThreeMinutes lets the launcher and the slots of updates,
// with the limits of the product, meet bad versions. The programs are played and
// the clock is one that only goes on when all wait for it, so the figures are the
// product's own, to the second, on every machine: whoever changes a limit sees
// here what becomes of the promise. Not counted is the time in which a version
// showed that it was alive, and what the disk takes for the choice of a program.
func TestABadVersionIsLeftInThreeMinutes(t *testing.T) {
	p := newTrialPC(t)
	for _, c := range []struct {
		name string
		life life
		want time.Duration
	}{
		{"crashes", life{end: crash}, 4 * time.Second},
		{"crashes when it has read half", life{crashAt: 30 * time.Second, end: crash}, 64 * time.Second},
		{"never says a word", life{end: hang}, 124 * time.Second},
		{"is ready and hangs", life{ready: soon, end: hang}, 94 * time.Second},
		{"is ready and its page is broken", life{ready: soon, end: fail}, 94 * time.Second},
		{"is ready at last and hangs", life{ready: 59*time.Second + soon, end: hang}, 106 * time.Second},
		{"works for ten minutes and hangs", life{ready: soon, works: 10 * time.Minute, end: hang}, 47*time.Second - soon},
		{"works for ten minutes and its page breaks", life{ready: soon, works: 10 * time.Minute, end: fail}, 47*time.Second - soon},
		{"works for ten minutes and crashes", life{ready: soon, works: 10 * time.Minute, crashAt: 10*time.Minute + 5*time.Second, end: crash}, 7*time.Second - soon},
	} {
		if got := p.try(t, c.life, c.life); got != c.want {
			t.Errorf("%s: the one before is started %v later, not %v", c.name, got, c.want)
		} else if got > promised {
			t.Errorf("%s: %v, promised are %v", c.name, got, promised)
		}
	}
}

// TestNoTwoBadStartsTakeMoreThanThreeMinutes: a version need not be bad in the
// same way twice.
func TestNoTwoBadStartsTakeMoreThanThreeMinutes(t *testing.T) {
	p := newTrialPC(t)
	var worst time.Duration
	var how [2]life
	for _, first := range badLives() {
		for _, second := range badLives() {
			if took := p.try(t, first, second); took > worst {
				worst, how = took, [2]life{first, second}
			}
		}
	}
	t.Logf("the worst of %d² ways: %v, by %+v", len(badLives()), worst, how)
	if worst > promised {
		t.Errorf("%v, promised are %v", worst, promised)
	}
}

// soon is off the beat of the launcher's ticks: what is said never meets one.
const soon = 300 * time.Millisecond

// life is how a bad version behaves.
type life struct {
	ready   time.Duration // when it says that it is; 0: never
	works   time.Duration // so long after that it is alive
	crashAt time.Duration // with crash: when
	end     string
}

const (
	crash = "crashes"
	hang  = "hangs"
	fail  = "fails" // its probes do
)

// badLives are ways to be bad on a grid.
func badLives() []life {
	var all []life
	for _, ready := range []time.Duration{0, soon, 29*time.Second + soon, 59*time.Second + soon} {
		all = append(all, life{ready: ready, end: hang})
		for _, after := range []time.Duration{soon, 15 * time.Second, 30 * time.Second, 40 * time.Second, 44 * time.Second} {
			all = append(all, life{ready: ready, crashAt: ready + after, end: crash})
		}
	}
	return all
}

// play lives it. say is false when the launcher has ended the program.
func (l life) play(say func(word) bool, sleep func(time.Duration) bool) {
	began := time.Now()
	until := func(at time.Duration) bool { return sleep(at - time.Since(began)) }
	if l.ready > 0 {
		if !until(l.ready) || !say(wordReady) {
			return
		}
	}
	for at := 10 * time.Second; at <= l.works; at += 10 * time.Second {
		if !until(l.ready+at) || !say(wordAlive) {
			return
		}
	}
	switch l.end {
	case crash:
		until(l.crashAt)
	case hang:
		sleep(time.Hour)
	case fail:
		for say(wordFailing) && sleep(10*time.Second) {
			continue
		}
	}
}

// played is a process that lives a life.
type played struct {
	once  sync.Once
	ended chan struct{} // by the launcher
}

func (p *played) kill()        { p.once.Do(func() { close(p.ended) }) }
func (p *played) Close() error { p.kill(); return nil } // its standard input
func (p *played) code() int    { return 2 }
func (p *played) how() string  { return "ended with exit status 2" }

// beginPlayed starts one. worked is called each time that it was alive.
func beginPlayed(l life, worked func(time.Time)) *child {
	p := &played{ended: make(chan struct{})}
	lines, gone := make(chan message), make(chan struct{})
	say := func(w word) bool {
		select {
		case lines <- message{word: w}:
			if w == wordAlive {
				worked(time.Now())
			}
			return true
		case <-p.ended:
			return false
		}
	}
	sleep := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-p.ended:
			return false
		}
	}
	go func() {
		l.play(say, sleep)
		close(lines)
		close(gone)
	}()
	return &child{process: p, stdin: p, lines: lines, gone: gone}
}

// trialPC makes PCs in memory with a version that works and a bad one on trial.
type trialPC struct {
	trust  update.Trust
	good   []byte
	bundle *update.Bundle
}

func newTrialPC(t *testing.T) *trialPC {
	t.Helper()
	p := &trialPC{good: []byte("the version that works")}
	dir := t.TempDir()
	var keys []*update.PrivateKey
	var public []update.PublicKey
	for range 2 {
		k, err := update.NewPrivateKey()
		noError(t, err)
		keys, public = append(keys, k), append(public, k.Public())
	}
	set, err := update.NewKeySet(1, 2, public...)
	noError(t, err)
	chain, err := update.NewChain(set)
	noError(t, err)
	p.trust = update.NewTrust(set)
	bad, bundle := filepath.Join(dir, "bad"), filepath.Join(dir, "v2"+update.BundleExt)
	noError(t, os.WriteFile(bad, []byte("the version that is bad"), 0o600))
	released := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	_, err = update.BuildBundle(t.Context(), update.Draft{Channel: update.DefaultChannel, Sequence: 2, Version: "v2",
		Released: released, Expires: released.AddDate(1, 0, 0), Formats: update.ThisFormats,
		Files: []update.DraftFile{{System: update.System(), Kind: update.KindProgram, Path: bad}}}, dir, bundle, chain, keys...)
	noError(t, err)
	b, closer, err := update.OpenBundleFile(bundle, p.trust)
	noError(t, err)
	t.Cleanup(func() { _ = closer.Close() })
	p.bundle = b
	return p
}

// store is a PC with the good version installed and the bad one staged.
func (p *trialPC) store(t *testing.T) *update.Store {
	t.Helper()
	const program = "/usr/lib/tramxa/tramxa"
	disk := crashfs.New(crashfs.Options{})
	noError(t, disk.MkdirAll(filepath.Dir(program), 0o755))
	noError(t, journal.WriteFileAtomic(disk, program, p.good, 0o755))
	s, err := update.Open(update.Options{Dir: "/base/app", Trust: &p.trust, FS: disk,
		Machine: &update.Machine{System: update.System(), RAM: 2 << 30},
		Self: update.Build{Version: "v1", Sequence: 1, System: update.System(), SHA256: sha256.Sum256(p.good), Size: int64(len(p.good)),
			Formats: update.ThisFormats, Path: program}})
	noError(t, err)
	_, err = s.Next(t.Context()) // the launcher's first start makes the state
	noError(t, err)
	noError(t, s.StageBundle(t.Context(), p.bundle, update.Choice{}))
	return s
}

// slots is the store as the launcher asks for it.
type slots struct{ *update.Store }

func (s slots) Next(ctx context.Context) (Program, error) {
	p, err := s.Store.Next(ctx)
	return Program(p), err
}
func (s slots) Confirmed(p Program) error          { return s.Store.Confirmed(update.Program(p)) }
func (s slots) Failed(p Program, why string) error { return s.Store.Failed(update.Program(p), why) }

// errBack ends a test: the version before is started.
var errBack = errors.New("the version before is started")

// try returns how long the version before is not started, from the first start of
// the bad one on, less the time until the last sign of life of each of its starts.
func (p *trialPC) try(t *testing.T, lives ...life) (took time.Duration) {
	t.Helper()
	s := p.store(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		began, tries := time.Now(), 0
		var worked time.Duration
		l := &supervisor{SuperviseOptions: SuperviseOptions{Source: slots{s}, Log: slog.New(slog.DiscardHandler), Limits: Limits{}.withDefaults()}}
		l.begin = func(program Program) (*child, error) {
			if !program.Trial {
				took = time.Since(began) - worked
				stop()
				return nil, errBack
			}
			if tries == len(lives) {
				t.Fatalf("%+v: tried again", lives)
			}
			start, before := time.Now(), worked
			tries++
			return beginPlayed(lives[tries-1], func(at time.Time) { worked = before + at.Sub(start) }), nil
		}
		l.run(ctx)
	})
	if st, err := s.Status(); err != nil || st.Trial != nil || st.Current.Version != "v1" || len(st.Left) != 1 {
		t.Fatalf("%+v: %+v, %v", lives, st, err)
	}
	return took
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
