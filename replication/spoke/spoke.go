package spoke

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
	"tramxa/replication/link"
)

// Outbox is what spoke needs of a journal: it is the journal after the
// acknowledged sequence. The methods may be called from any goroutine.
type Outbox interface {
	// Head returns the last durable record and the chain there.
	Head() (journal.Seq, journal.Hash)
	// HashAt returns the chain at any sequence from 0 (the base) to the head.
	HashAt(journal.Seq) (journal.Hash, error)
	// Read calls fn for each record from a sequence up to the head. The record
	// may alias a buffer that is used again after fn returns.
	Read(ctx context.Context, from journal.Seq, fn func(journal.Record) error) error
	// Wait returns when the head is above after.
	Wait(ctx context.Context, after journal.Seq) error
	// Acked returns the cursor: what the hub has committed, as known here.
	Acked() journal.Seq
	// SetAcked moves the cursor, durably. It may move back: a hub restored from
	// an old backup wants records again. hubTime is the hub's clock.
	SetAcked(ctx context.Context, seq journal.Seq, hash journal.Hash, hubTime time.Time) error
}

// Errors that stop the sending. Nothing is sent while one stands; the spoke asks
// the hub again every Options.StoppedRetry.
var (
	ErrRewound      = errors.New("this station is behind what the hub has already committed; was it restored from a backup?")
	ErrForked       = errors.New("the hub has committed other records at the same places; is there a copy of this station?")
	ErrFenced       = errors.New("the hub has closed this copy of the station off; another one is in its place")
	ErrUnregistered = errors.New("the hub does not know this station; has its registration been added there?")
	ErrRejected     = errors.New("the hub rejects this station's records")
)

// Options of a Spoke.
type Options struct {
	Outbox    Outbox                   // required: the register's lane
	Access    Outbox                   // the access log's lane; nil: not sent
	Origin    journal.Origin           // required; the lane is set by the outbox
	Secret    journal.Secret           // of the epoch
	Signer    ed25519.PrivateKey       // required: the station's key
	Dialer    *link.Dialer             // required
	Addresses []string                 // required: "host:port" of the hub's nodes
	Install   [16]byte                 // of the data directory
	Boot      [8]byte                  // random, of this process
	App       string                   // program version
	Metered   bool                     // close after IdleClose, connect only when there is something to say
	Limits    batch.Limits             // zero: the format's bounds
	Log       *slog.Logger             // nil: discarded
	Clock     func() (time.Time, bool) // the station's clock and whether it can be trusted; nil: time.Now, true
	OnChange  func()                   // called after the status changed; must not block

	IdleClose    time.Duration // metered: 0 means 60 s
	MinBackoff   time.Duration // 0: 1 s
	MaxBackoff   time.Duration // 0: 5 min
	StoppedRetry time.Duration // 0: 1 h
}

// Stage says what a spoke is doing.
type Stage string

// The stages.
const (
	StageIdle       Stage = "idle"       // nothing to send
	StageConnecting Stage = "connecting" // dialling, or in hello
	StageSending    Stage = "sending"    // a batch is under way
	StageWaiting    Stage = "waiting"    // for the next attempt after a failure
	StageStopped    Stage = "stopped"    // LastError says why; people must act
)

// Status is what the pages and the command line show.
type Status struct {
	Stage     Stage
	Acked     journal.Seq // of the register's lane, committed at the hub
	Head      journal.Seq
	LastAck   time.Time // when the hub last acknowledged or confirmed, by this machine's clock; zero: never in this process
	LastError error     // of the last attempt; nil after a success
	Connected bool
	Hub       string // address of the node connected, or tried last
}

// Spoke sends what an Outbox holds.
type Spoke struct {
	o     Options
	lanes []*lane
	wake  chan struct{}
	next  int    // index of the address to try
	lead  string // address the hub named as the leader's

	mu     sync.Mutex
	status Status
}

// lane is one outbox with what is under way of it.
type lane struct {
	Outbox
	origin  journal.Origin
	done    journal.Seq // what the hub has, as it said on this link
	pending *pending
}

// pending is a batch cut and perhaps partly sent. It is kept over links, so that
// the hub can go on at the byte where the last one was cut.
type pending struct {
	first journal.Seq
	out   link.Outgoing
}

// New makes a Spoke. Run starts it.
func New(o Options) (*Spoke, error) {
	if o.Outbox == nil || o.Dialer == nil || len(o.Addresses) == 0 || len(o.Signer) != ed25519.PrivateKeySize ||
		o.Origin.Station == 0 || o.Origin.Epoch == 0 {
		return nil, errors.New("spoke: outbox, origin, signer, dialer and an address are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = func() (time.Time, bool) { return time.Now(), true }
	}
	o.IdleClose = orDefault(o.IdleClose, time.Minute)
	o.MinBackoff = orDefault(o.MinBackoff, time.Second)
	o.MaxBackoff = max(o.MinBackoff, orDefault(o.MaxBackoff, 5*time.Minute))
	o.StoppedRetry = orDefault(o.StoppedRetry, time.Hour)
	s := &Spoke{o: o, wake: make(chan struct{}, 1)}
	for i, out := range []Outbox{o.Outbox, o.Access} {
		if out != nil {
			origin := o.Origin
			origin.Lane = journal.Lane(i)
			s.lanes = append(s.lanes, &lane{Outbox: out, origin: origin})
		}
	}
	s.status.Stage = StageIdle
	return s, nil
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// Status returns the present state. Safe from any goroutine.
func (s *Spoke) Status() Status {
	s.mu.Lock()
	st := s.status
	s.mu.Unlock()
	st.Head, _ = s.o.Outbox.Head()
	st.Acked = s.o.Outbox.Acked()
	return st
}

// Now ends a wait: the spoke tries at once. Safe from any goroutine.
func (s *Spoke) Now() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Spoke) set(change func(*Status)) {
	s.mu.Lock()
	before := s.status
	change(&s.status)
	changed := before != s.status
	s.mu.Unlock()
	if changed && s.o.OnChange != nil {
		s.o.OnChange()
	}
}
