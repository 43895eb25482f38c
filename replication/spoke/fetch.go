package spoke

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
	"tramxa/replication/link"
)

// ErrNotHeld means that the hub does not hold all records asked for: they were
// never sent, or the hub was restored from an older backup.
var ErrNotHeld = errors.New("the hub does not hold these records")

// fetchTries bounds the links in a row that bring nothing.
const fetchTries = 6

// Fetcher takes a station's own records back from the hub's archive. It sends
// nothing and may run beside a Spoke.
type Fetcher struct {
	Dialer    *link.Dialer             // required
	Addresses []string                 // required: "host:port" of the hub's nodes
	Origin    journal.Origin           // required: the epoch the station speaks as
	Boot      [8]byte                  // random, of this process
	Install   [16]byte                 // of the data directory; zero: not stated
	App       string                   // program version
	Metered   bool                     // as for a Spoke
	Clock     func() (time.Time, bool) // nil: time.Now, true
	Log       *slog.Logger             // nil: discarded

	MinBackoff time.Duration // 0: 1 s
	MaxBackoff time.Duration // 0: 30 s
}

// Wanted names records of one epoch and lane of the fetcher's station, and what
// they are verified with.
type Wanted struct {
	Epoch    journal.Epoch
	Lane     journal.Lane
	From, To journal.Seq       // To 0: as far as the hub has them
	Key      ed25519.PublicKey // of that epoch
	Secret   journal.Secret    // of that epoch
}

// Fetch calls fn for the batches that hold the records wanted, in order and
// without a hole between them; the first and the last may hold others besides.
// Each is verified before: the epoch's signature, the chain under its secret, and
// that it goes on where the one before ended. Cut lines are taken up again at the
// byte. ErrNotHeld: the hub has not all of them; fn has seen those before.
// fn's error ends it and is returned as it is.
func (f *Fetcher) Fetch(ctx context.Context, w Wanted, fn func(*batch.Batch) error) error {
	if f.Dialer == nil || len(f.Addresses) == 0 || f.Origin.Station == 0 || w.Epoch == 0 || w.From == 0 {
		return errors.New("spoke: to fetch, dialer, addresses, station, epoch and a first record are required")
	}
	g := fetching{f: f, w: w, fn: fn, next: w.From, log: f.Log}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	for failures := 0; ; {
		before, held := g.next, len(g.got)
		err := g.link(ctx)
		if err == nil || g.final != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if failures++; g.next > before || len(g.got) > held {
			failures = 0
		}
		if failures >= fetchTries {
			return fmt.Errorf("records cannot be fetched: %w", err)
		}
		g.log.Info("fetching goes on over another link", "station", uint32(f.Origin.Station), "from", uint64(g.next), "error", err)
		var busy *busyError
		wait := backoff(max(failures, 1), orDefault(f.MinBackoff, time.Second), orDefault(f.MaxBackoff, 30*time.Second))
		if errors.As(err, &busy) {
			wait = max(wait, busy.after)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fetching is one Fetch under way.
type fetching struct {
	f     *Fetcher
	w     Wanted
	fn    func(*batch.Batch) error
	log   *slog.Logger
	next  journal.Seq   // wanted next
	post  *journal.Hash // chain before it; nil before the first batch
	got   []byte        // beginning of the batch that holds it
	dials int
	final error // another link would not help
}

// link works on one link. nil: all is there.
func (g *fetching) link(ctx context.Context) error {
	conn, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for g.w.To == 0 || g.next <= g.w.To {
		b, err := conn.Fetch(ctx, link.Place{Epoch: g.w.Epoch, Lane: g.w.Lane, Seq: g.next}, g.got)
		if err != nil {
			g.got = b
			return err
		}
		g.got = nil
		if len(b) == 0 && g.w.To == 0 {
			return nil
		}
		if len(b) == 0 {
			return g.end(fmt.Errorf("%w: %d to %d", ErrNotHeld, g.next, g.w.To))
		}
		if err := g.take(b); err != nil {
			return g.end(err)
		}
	}
	return nil
}

func (g *fetching) end(err error) error {
	g.final = err
	return err
}

// take verifies a batch and hands it over.
func (g *fetching) take(raw []byte) error {
	b, err := batch.Decode(raw)
	if err != nil {
		return err
	}
	if o := b.Origin; o.Station != g.f.Origin.Station || o.Epoch != g.w.Epoch || o.Lane != g.w.Lane || b.First > g.next || b.Last < g.next {
		return fmt.Errorf("%w: a batch that was not asked for", link.ErrProtocol)
	}
	if err := b.Verify(g.w.Key, g.w.Secret); err != nil {
		return fmt.Errorf("records %d to %d from the hub: %w", b.First, b.Last, err)
	}
	if g.post != nil && (b.First != g.next || b.PreHash != *g.post) {
		return fmt.Errorf("records %d to %d from the hub: %w", b.First, b.Last, batch.ErrChain)
	}
	if err := g.fn(b); err != nil {
		return err
	}
	post := b.PostHash
	g.next, g.post = b.Last+1, &post
	return nil
}

// connect opens a reading link, following the hub to its leader.
func (g *fetching) connect(ctx context.Context) (*link.Conn, error) {
	clock := g.f.Clock
	if clock == nil {
		clock = func() (time.Time, bool) { return time.Now(), true }
	}
	wall, trusted := clock()
	hello := link.Hello{
		ProtocolMin: link.ProtocolMin, ProtocolMax: link.ProtocolMax, Station: g.f.Origin.Station, Epoch: g.f.Origin.Epoch,
		Install: g.f.Install, Boot: g.f.Boot, Metered: g.f.Metered, Clock: wall.Unix(), ClockTrusted: trusted, App: g.f.App,
		Capabilities: []string{link.CapFetch},
	}
	addr := g.f.Addresses[g.dials%len(g.f.Addresses)]
	g.dials++
	for range maxRedirects {
		conn, err := g.f.Dialer.Dial(ctx, addr, hello)
		if err == nil {
			return g.able(conn)
		}
		var refused *link.Refused
		if !errors.As(err, &refused) {
			if errors.Is(err, link.ErrNotKnown) {
				return nil, g.end(joined(ErrUnregistered, err))
			}
			return nil, err
		}
		err = refusal(refused.Welcome)
		if stopped(err) || errors.Is(err, ErrUnregistered) {
			return nil, g.end(err)
		}
		if err != nil {
			return nil, err
		}
		addr = refused.Welcome.Leader
	}
	return nil, errors.New("the hub's nodes name each other as leader")
}

// able makes sure that the hub knows how to give records back.
func (g *fetching) able(conn *link.Conn) (*link.Conn, error) {
	for _, c := range conn.Welcome().Capabilities {
		if c == link.CapFetch {
			return conn, nil
		}
	}
	conn.Close()
	return nil, g.end(link.ErrNoFetch)
}
