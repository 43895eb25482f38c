package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Store is an open station directory. Its methods may be called from any
// goroutine. Inside a function given to Update or View only Status, Head, Journal
// and the like may be called, nothing that reads or changes the register.
type Store struct {
	o    Options
	fs   journal.FS
	dir  string
	log  *slog.Logger
	keys Keys

	lock     *lockFile
	space    space
	lanes    [2]*journal.Journal
	recovery journal.Recovery // of lane 0
	origin   journal.Origin   // of lane 0

	viewMu sync.RWMutex // held for reading while a view is used, for writing while it is changed for another
	view   *view
	found  ViewState // how this start came to its view; guarded by statusMu

	requests chan *request
	calls    chan func() // run by the writer between two groups
	sick     chan sickView
	life     context.Context // ends when Close begins
	end      context.CancelFunc
	ended    chan struct{} // the writer has returned
	keeper   sync.WaitGroup
	due      chan struct{} // a checkpoint is due

	access   sync.Mutex // lane 1
	cursorMu sync.Mutex
	cursor   Cursor

	checkpointing sync.Mutex
	statusMu      sync.Mutex
	stats         stats
	failed        error         // not nil: no more writes
	changed       chan struct{} // closed at the next change

	closing sync.Once
	closed  error
}

// Open opens the station in o.Dir: it takes the lock, verifies the journal,
// decides whether the view can be believed, rebuilds it if not, and begins to
// write. It needs no hand after a power cut; it returns an error, and has changed
// no record, when the journal is damaged (journal.Damage names the range), the
// key does not fit, another process has the directory (ErrLocked), or a newer
// program has written into it what this one cannot fold (journal.ErrNewer).
func Open(ctx context.Context, o Options) (*Store, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	s := &Store{
		o: o, fs: o.FS, dir: o.Dir, log: o.Log,
		space:    space{fs: o.FS, dir: o.Dir, reserve: o.Reserve, ballast: o.Ballast},
		requests: make(chan *request, journal.MaxGroup), calls: make(chan func()),
		sick: make(chan sickView, 1), ended: make(chan struct{}), due: make(chan struct{}, 1), changed: make(chan struct{}),
	}
	s.life, s.end = context.WithCancel(context.Background())
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.abandon())
	}
	go s.write()
	s.keeper.Add(1)
	go s.keep()
	o.Progress(Progress{Stage: StageReady})
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	var err error
	if s.keys, err = ReadKeys(s.fs, s.o.KeyFile); err != nil {
		return err
	}
	if _, err := s.fs.ReadDir(filepath.Dir(laneDir(s.dir, s.keys.Epoch, journal.LaneRegister))); err != nil {
		return noStation(s.dir, err)
	}
	if s.fs == journal.OS {
		if s.lock, err = takeLock(filepath.Join(s.dir, lockName), s.o.Now()); err != nil {
			return err
		}
	}
	for lane := range s.lanes {
		if err := finishSwap(s.fs, laneDir(s.dir, s.keys.Epoch, journal.Lane(lane))); err != nil {
			return err
		}
	}
	if _, err := journal.ReadGenesis(s.fs, laneDir(s.dir, s.keys.Epoch, journal.LaneRegister)); err != nil {
		return noStation(s.dir, err)
	}
	if err := s.openLanes(ctx); err != nil {
		return err
	}
	if err := s.openCursor(); err != nil {
		return err
	}
	known, source, err := knownDurable(s.fs, s.dir, s.origin)
	if err != nil {
		return err
	}
	head, _ := s.lanes[journal.LaneRegister].Head()
	if err := checkTail(head, known, source); err != nil {
		return err
	}
	if err := s.refuseNewer(ctx); err != nil {
		return err
	}
	if err := s.openView(ctx); err != nil {
		return err
	}
	if err := s.understood(); err != nil {
		return err
	}
	s.usable(s.view.seq())
	if err := s.space.load(); err != nil {
		s.log.Warn("store: no ballast file", "cause", err)
	}
	return nil
}

func noStation(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s; hint: make one with init, or restore a backup", ErrNoStation, dir)
	}
	return err
}

func (s *Store) laneOptions(lane journal.Lane) journal.Options {
	return journal.Options{
		FS: s.fs, Dir: laneDir(s.dir, s.keys.Epoch, lane), Lane: lane, Key: s.keys.Data,
		Secret: s.keys.Secret, Signer: s.keys.Signer, SegmentSize: s.o.SegmentSize, Log: s.log,
	}
}

func (s *Store) openLanes(ctx context.Context) error {
	for lane := range s.lanes {
		s.o.Progress(Progress{Stage: StageJournal, Done: int64(lane), Total: int64(len(s.lanes))})
		o := s.laneOptions(journal.Lane(lane))
		if lane > 0 {
			o.Genesis = s.lanes[0].Genesis()
		}
		j, r, err := journal.Open(ctx, o)
		if err != nil {
			return fmt.Errorf("lane %d: %w", lane, err)
		}
		s.lanes[lane] = j
		if lane == int(journal.LaneRegister) {
			s.recovery, s.origin = r, j.Origin()
		}
	}
	g := s.lanes[0].Genesis()
	if g.Origin.Station != s.keys.Station || g.Origin.Epoch != s.keys.Epoch {
		return fmt.Errorf("%w: the keys are station %d's, epoch %d", journal.ErrWrongKey, s.keys.Station, s.keys.Epoch)
	}
	if g.Checkpoint != (journal.Hash{}) {
		return fmt.Errorf("%w: the epoch begins with a checkpoint, this program begins with an empty register only", journal.ErrFormat)
	}
	return nil
}

func (s *Store) openCursor() error {
	c, ok, err := readCursor(s.fs, s.dir)
	if err != nil {
		return err
	}
	if !ok {
		s.log.Warn("store: cursor file is damaged, the hub's next welcome states it again")
	}
	s.cursor = c
	return nil
}

// ours says whether a checkpoint is of this epoch.
func (s *Store) ours(info CheckpointInfo) bool { return info.Origin == s.origin }

// Journal returns a lane's journal, for reading. Only the store appends.
func (s *Store) Journal(lane journal.Lane) *journal.Journal { return s.lanes[lane] }

// Head is the last durable record of lane 0 and the chain's hash at it.
func (s *Store) Head() (journal.Seq, journal.Hash) { return s.lanes[journal.LaneRegister].Head() }

// Origin says whose store this is; its lane is 0.
func (s *Store) Origin() journal.Origin { return s.origin }

// Genesis is the signed base of the epoch.
func (s *Store) Genesis() journal.Genesis { return s.lanes[journal.LaneRegister].Genesis() }

// Keys returns the station's secrets, for whoever signs batches.
func (s *Store) Keys() Keys { return s.keys }

// Changed returns a channel that is closed at the next commit, acknowledgement
// or failure. Ask for it first, then look.
func (s *Store) Changed() <-chan struct{} {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	return s.changed
}

func (s *Store) announce() {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// View calls fn with the register at the applied sequence; what is committed
// later fn does not see. It must not be kept after fn returned, and fn should be
// quick: old versions are kept for it.
func (s *Store) View(ctx context.Context, fn func(*register.View) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.viewMu.RLock()
	defer s.viewMu.RUnlock()
	v := s.view
	if v == nil {
		return s.whyNoView()
	}
	txn, _, done := v.read()
	defer done()
	view := register.NewView(txn, s.origin.Station)
	err := fn(view)
	if bad := view.Err(); bad != nil {
		err = fmt.Errorf("%w: %w", errBadView, errors.Join(bad, err))
	} else if errors.Is(err, register.ErrRow) {
		err = fmt.Errorf("%w: %w", errBadView, err)
	}
	if errors.Is(err, errBadView) {
		s.suspect(v, err)
	}
	return err
}

func (s *Store) whyNoView() error {
	if err := s.failure(); err != nil {
		return err
	}
	select {
	case <-s.life.Done():
		return ErrClosed
	default:
		return ErrRebuilding
	}
}

// Access appends one record to the access log (lane 1); it is durable when nil
// is returned.
func (s *Store) Access(ctx context.Context, d journal.Draft) error {
	s.access.Lock()
	defer s.access.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.space.check(); err != nil {
		return err
	}
	_, err := s.lanes[journal.LaneAccess].Append([]journal.Draft{d})
	return full(err)
}

// LastRecorded returns the latest time a trusted record among the newest 1,000
// states, zero when none does: a floor for the clock.
func (s *Store) LastRecorded(ctx context.Context) (time.Time, error) {
	const newest = 1000
	j := s.lanes[journal.LaneRegister]
	head, _ := j.Head()
	var last int64
	err := j.Read(ctx, max(head, newest)-newest+1, func(r journal.Record) error {
		if e, err := r.Envelope(); err == nil && e.Trusted {
			last = max(last, e.At+int64(e.Offset))
		}
		return nil
	})
	return fromUnix(last), err
}
