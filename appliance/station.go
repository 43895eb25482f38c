package appliance

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/store"
)

// Options of a station. Dir and KeyFile are required; the zero value of the
// others is meant for production.
type Options struct {
	Dir     string // data directory
	KeyFile string // outside it
	FS      journal.FS
	ViewDir string
	Log     *slog.Logger
	Now     func() time.Time // nil: time.Now
	Built   time.Time        // when this program was built, a floor for the clock; zero: not known

	Reserve         uint64 // see store.Options, also below
	Ballast         int64
	CheckpointEvery int
	View            store.ViewOptions

	Progress func(store.Progress)
}

func (o Options) store() store.Options {
	return store.Options{
		Dir: o.Dir, KeyFile: o.KeyFile, FS: o.FS, ViewDir: o.ViewDir, Log: o.Log, Now: o.Now,
		Reserve: o.Reserve, Ballast: o.Ballast, CheckpointEvery: o.CheckpointEvery, View: o.View, Progress: o.Progress,
	}
}

// Init makes a new station; see store.Init.
func Init(o store.InitOptions) (journal.Genesis, error) { return store.Init(o) }

// Restore makes a station in o.Dir from the backup in from; see store.Restore.
func Restore(ctx context.Context, from string, o Options) (store.Manifest, error) {
	return store.Restore(ctx, from, o.store())
}

// Station is an open station. Its methods may be called from any goroutine.
type Station struct {
	store     *store.Store
	clock     *clock.Clock
	registrar *registrar.Registrar
	log       *slog.Logger
}

// Open opens the station in o.Dir and recovers it where needed; see store.Open.
func Open(ctx context.Context, o Options) (*Station, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(ctx, o.store())
	if err != nil {
		return nil, err
	}
	last, err := s.LastRecorded(ctx)
	if err != nil {
		_ = s.Close() // the first error is the one to tell
		return nil, fmt.Errorf("read the newest records: %w", err)
	}
	c := clock.New(clock.Options{Now: o.Now, Floor: o.Built})
	c.Observe(last)
	c.Observe(s.Acked().At)
	if _, trusted := c.Now(); !trusted {
		o.Log.Warn("appliance: the clock cannot be trusted, dates must be typed", "floor", c.Floor())
	}
	return &Station{
		store: s, clock: c, log: o.Log,
		registrar: registrar.New(registrar.Options{Store: s, Clock: c, Log: o.Log}),
	}, nil
}

// Registrar is the only way to write.
func (s *Station) Registrar() *registrar.Registrar { return s.registrar }

// Clock is the station's clock.
func (s *Station) Clock() *clock.Clock { return s.clock }

// Store is the directory below: for backup, verification and repair.
func (s *Station) Store() *store.Store { return s.store }

// View calls fn with the register as it is; see store.View.
func (s *Station) View(ctx context.Context, fn func(*register.View) error) error {
	return s.store.View(ctx, fn)
}

// Access keeps what lane 1 is for; see store.Access.
func (s *Station) Access(ctx context.Context, d journal.Draft) error { return s.store.Access(ctx, d) }

// Changed returns a channel that is closed at the next commit, acknowledgement
// or failure. Ask for it first, then look.
func (s *Station) Changed() <-chan struct{} { return s.store.Changed() }

// Close stops the station cleanly. Whoever uses it must have stopped before:
// pages, link, Run.
func (s *Station) Close() error { return s.store.Close() }

// Status is the station at one moment.
type Status struct {
	store.Status
	Unit    string          // administrative unit code at the beginning of the epoch
	Waiting uint64          // records the hub has not acknowledged
	Now     time.Time       // as the clock says
	Trusted bool            // whether that can be believed
	Today   population.Date // by the best knowledge
}

// Status returns the state of everything, for pages and commands.
func (s *Station) Status() Status {
	st := Status{Status: s.store.Status(), Unit: s.store.Genesis().Unit}
	if st.Head > st.Acked.Seq {
		st.Waiting = uint64(st.Head - st.Acked.Seq)
	}
	st.Now, st.Trusted = s.clock.Now()
	st.Today, _ = s.clock.Today()
	return st
}
