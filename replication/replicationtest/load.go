package replicationtest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/link"
)

// Load lets every station write and send until stop is called; it returns after
// all of them have ended.
func (w *World) Load() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i, s := range w.Stations {
		d := &driver{w: w, s: s, rng: rand.New(rand.NewPCG(uint64(i), 5))}
		wg.Go(func() { d.run(ctx) })
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// driver is a station's sending end without a wire: it says hello, sends batches
// from where the hub stands, and after every doubt says hello again. One batch in
// five is sent twice, or one that leaves a gap first.
type driver struct {
	w    *World
	s    *Station
	rng  *rand.Rand
	node int
}

func (d *driver) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !d.session(ctx) {
			d.node = d.rng.IntN(len(d.w.Nodes))
			time.Sleep(time.Duration(5+d.rng.IntN(20)) * time.Millisecond)
		}
	}
}

// session sends some batches over one node; false when it must be left.
func (d *driver) session(ctx context.Context) bool {
	h := d.w.Nodes[d.node].Hub()
	if h == nil {
		return false
	}
	if err := d.s.Grow(1 + d.rng.IntN(12)); err != nil {
		d.w.T.Error(err)
		return false
	}
	seq, hash := d.s.Head(0)
	hello := link.Hello{ProtocolMin: 1, ProtocolMax: 1, Station: d.s.Origin.Station, Epoch: 1, Install: [16]byte{1},
		Heads: []link.Head{{Seq: seq, Hash: link.Prefix(hash)}}, PeerKey: d.s.Registration().PublicKey}
	wel, err := h.Hello(ctx, hello)
	if err != nil || wel.Status != link.StatusWelcome {
		if err == nil && wel.Status != link.StatusNotLeader && wel.Status != link.StatusBusy {
			d.w.T.Errorf("station %d: hello answered with %v", d.s.Origin.Station, wel.Status)
		}
		return false
	}
	mark := wel.Mark(journal.LaneRegister)
	if mark.Seq > seq || mark.Hash != d.s.HashAt(0, mark.Seq) {
		d.w.T.Errorf("station %d: the hub claims %d, the station ends at %d", d.s.Origin.Station, mark.Seq, seq)
		return false
	}
	d.w.Oracle.promised(d.w.T, d.s, mark.Seq)
	for next := mark.Seq + 1; next <= seq; {
		to, ok := d.send(ctx, h, next)
		if !ok {
			return false
		}
		next = to + 1
	}
	return true
}

func (d *driver) send(ctx context.Context, h link.Intake, next journal.Seq) (journal.Seq, bool) {
	if head, _ := d.s.Head(0); d.rng.IntN(10) == 0 && next+2 <= head {
		if b, _, err := d.s.Batch(0, next+2, 3); err == nil {
			if v, err := h.Take(ctx, b); err == nil && v.Kind == link.VerdictAccepted {
				d.w.T.Errorf("station %d: a batch that leaves a gap was accepted", d.s.Origin.Station)
			}
		}
	}
	b, last, err := d.s.Batch(0, next, 1+d.rng.IntN(20))
	if err != nil {
		d.w.T.Error(err)
		return 0, false
	}
	v, err := h.Take(ctx, b)
	if err == nil && d.rng.IntN(10) == 0 {
		v, err = h.Take(ctx, b)
	}
	if err != nil || v.Kind != link.VerdictAccepted && v.Kind != link.VerdictDuplicate {
		if err == nil && (v.Kind == link.VerdictFork || v.Kind == link.VerdictFenced || v.Kind == link.VerdictUnregistered) {
			d.w.T.Errorf("station %d: batch from %d answered with %v", d.s.Origin.Station, next, v.Kind)
		}
		return 0, false
	}
	if v.Seq != last || v.Hash != d.s.HashAt(0, last) {
		d.w.T.Errorf("station %d: acknowledged %d in place of %d", d.s.Origin.Station, v.Seq, last)
	}
	d.w.Oracle.acknowledged(d.s, last)
	return last, true
}
