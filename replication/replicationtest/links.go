package replicationtest

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/spoke"
)

// door is the link port of a node while it lives.
type door struct {
	stop context.CancelFunc
	done chan struct{}
}

// openDoor serves links for h at addr.
func openDoor(t testing.TB, h *hub.Hub, node *identity.Node, addr string) *door {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	end, err := link.NewHub(link.HubOptions{TLS: identity.ServerTLS(node, h.Known), Intake: h, Archive: h, Releases: h})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &door{cancel, make(chan struct{})}
	go func() {
		defer close(d.done)
		if err := end.Serve(ctx, ln); err != nil {
			t.Errorf("links at %s: %v", addr, err)
		}
	}()
	return d
}

func (d *door) close() {
	if d != nil {
		d.stop()
		<-d.done
	}
}

// Outbox is the station's register lane as a spoke sees it, with the cursor.
type Outbox struct {
	*Station
	o *Oracle

	mu    sync.Mutex
	acked journal.Seq
}

var _ spoke.Outbox = (*Outbox)(nil)

// Head returns the end of the journal.
func (b *Outbox) Head() (journal.Seq, journal.Hash) { return b.Station.Head(journal.LaneRegister) }

// HashAt returns the chain at a sequence up to the head.
func (b *Outbox) HashAt(at journal.Seq) (journal.Hash, error) {
	if head, _ := b.Head(); at > head {
		return journal.Hash{}, journal.ErrNotFound
	}
	return b.Station.HashAt(journal.LaneRegister, at), nil
}

// Read calls fn for the records from a sequence.
func (b *Outbox) Read(ctx context.Context, from journal.Seq, fn func(journal.Record) error) error {
	b.Station.mu.Lock()
	recs := b.lanes[journal.LaneRegister].records
	b.Station.mu.Unlock()
	for _, r := range recs[min(int(from)-1, len(recs)):] {
		if err := fn(r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Wait looks every few milliseconds whether something was written.
func (b *Outbox) Wait(ctx context.Context, after journal.Seq) error {
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		if head, _ := b.Head(); head > after {
			tick.Stop()
			return nil
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Acked returns the cursor.
func (b *Outbox) Acked() journal.Seq {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acked
}

// SetAcked moves the cursor and tells the oracle what was acknowledged.
func (b *Outbox) SetAcked(_ context.Context, seq journal.Seq, _ journal.Hash, _ time.Time) error {
	b.mu.Lock()
	b.acked = seq
	b.mu.Unlock()
	b.o.acknowledged(b.Station, seq)
	return nil
}

// farAhead is how many records a station of LinkLoad may have that were not
// acknowledged before it waits: a slow machine must come to an end with them.
const farAhead = 150

// LinkLoad lets every station write and send through a real spoke over TLS and
// websocket to the nodes' link ports. stop ends the writing, waits until all is
// acknowledged, and ends the spokes.
func (w *World) LinkLoad() (stop func()) {
	w.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	writing, enough := context.WithCancel(ctx)
	var writers, spokes sync.WaitGroup
	var boxes []*Outbox
	for _, s := range w.Stations {
		box := &Outbox{Station: s, o: w.Oracle}
		boxes = append(boxes, box)
		sp, err := w.spoke(box)
		if err != nil {
			w.T.Fatal(err)
		}
		spokes.Go(func() { _ = sp.Run(ctx) }) // ends with ctx, which is its error
		writers.Go(func() {
			for writing.Err() == nil {
				if head, _ := box.Head(); head < box.Acked()+farAhead {
					if err := s.Grow(3); err != nil {
						w.T.Error(err)
					}
				}
				time.Sleep(15 * time.Millisecond)
			}
		})
	}
	return func() {
		enough()
		writers.Wait()
		for end := time.Now().Add(Patience); ; time.Sleep(10 * time.Millisecond) {
			behind := 0
			for _, b := range boxes {
				if head, _ := b.Head(); b.Acked() < head {
					behind++
				}
			}
			if behind == 0 {
				break
			}
			if time.Now().After(end) {
				w.T.Errorf("%d stations are still behind", behind)
				break
			}
		}
		cancel()
		spokes.Wait()
	}
}

func (w *World) spoke(box *Outbox) (*spoke.Spoke, error) {
	s := box.Station
	conf, err := identity.ClientTLS(identity.ClientOptions{Station: s.Origin.Station, Key: s.Key, Pin: w.Nodes[0].o.Node.Pin, Metered: true})
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, p := range w.Nodes[0].o.Peers {
		addresses = append(addresses, p.Link)
	}
	return spoke.New(spoke.Options{Outbox: box, Origin: s.Origin, Secret: s.Secret, Signer: s.Key,
		Dialer: &link.Dialer{TLS: conf, HandshakeTimeout: 15 * time.Second, Patience: 15 * time.Second}, Addresses: addresses,
		Install: [16]byte{1}, Boot: [8]byte{byte(s.Origin.Station)}, App: "test",
		MinBackoff: 20 * time.Millisecond, MaxBackoff: 200 * time.Millisecond, StoppedRetry: time.Second})
}
