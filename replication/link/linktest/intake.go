package linktest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
	"tramxa/replication/identity"
	"tramxa/replication/link"
)

// Intake is a link.Intake in memory. The zero value is ready.
type Intake struct {
	// Fault, when set, is asked after each batch has been decided and may turn
	// the answer into "outcome unknown". Set it before the first link.
	Fault func(taken int) error

	mu       sync.Mutex
	stations map[journal.Station]*station
	taken    int
}

type station struct {
	granted   map[journal.Epoch]identity.Registration
	current   journal.Epoch
	install   [16]byte
	installed bool
	lanes     map[journal.Lane]*lane
}

type lane struct {
	hashes  []journal.Hash // [n] is the chain after n records
	effects []journal.Record
	batches []archived // as they came, in order
}

type archived struct {
	first, last journal.Seq
	raw         []byte
}

// ErrLost is a Fault: the batch was decided, the answer is lost.
var ErrLost = errors.New("outcome unknown")

// Register grants an epoch. A higher one fences those before it and starts new
// lanes.
func (in *Intake) Register(r identity.Registration) error {
	if err := r.Check(); err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.stations == nil {
		in.stations = map[journal.Station]*station{}
	}
	st := in.stations[r.Station]
	if st == nil {
		st = &station{granted: map[journal.Epoch]identity.Registration{}}
		in.stations[r.Station] = st
	}
	if r.Epoch <= st.current {
		return fmt.Errorf("epoch %d was granted before", r.Epoch)
	}
	st.granted[r.Epoch], st.current, st.installed = r, r.Epoch, false
	st.lanes = map[journal.Lane]*lane{}
	for _, n := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		base, err := r.Base(n)
		if err != nil {
			return err
		}
		st.lanes[n] = &lane{hashes: []journal.Hash{base}}
	}
	return nil
}

// Known is an identity.Known: any epoch's key may connect, to be told where it
// stands.
func (in *Intake) Known(s journal.Station, key ed25519.PublicKey) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if st := in.stations[s]; st != nil {
		for _, r := range st.granted {
			if r.PublicKey.Equal(key) {
				return true
			}
		}
	}
	return false
}

// Effects returns the records taken from a lane, in the order they took effect.
func (in *Intake) Effects(s journal.Station, n journal.Lane) []journal.Record {
	in.mu.Lock()
	defer in.mu.Unlock()
	if st := in.stations[s]; st != nil {
		return append([]journal.Record(nil), st.lanes[n].effects...)
	}
	return nil
}

// Forget takes the state of a lane back to a sequence, as if the hub had been
// restored from an old backup.
func (in *Intake) Forget(s journal.Station, n journal.Lane, to journal.Seq) {
	in.mu.Lock()
	defer in.mu.Unlock()
	l := in.stations[s].lanes[n]
	l.hashes, l.effects = l.hashes[:to+1], l.effects[:to]
	l.batches = slices.DeleteFunc(l.batches, func(a archived) bool { return a.last > to })
}

// Archived gives a batch of the present epoch back.
func (in *Intake) Archived(_ context.Context, s journal.Station, p link.Place) ([]byte, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	st := in.stations[s]
	if st == nil || p.Epoch != st.current || st.lanes[p.Lane] == nil {
		return nil, nil
	}
	for _, a := range st.lanes[p.Lane].batches {
		if a.first <= p.Seq && p.Seq <= a.last {
			return a.raw, nil
		}
	}
	return nil, nil
}

// Hello answers by state.
func (in *Intake) Hello(_ context.Context, h link.Hello) (link.Welcome, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	w := link.Welcome{Status: link.StatusUnregistered, HubTime: time.Now().Unix()}
	st := in.stations[h.Station]
	if st == nil {
		return w, nil
	}
	r, granted := st.granted[h.Epoch]
	w.Epoch = st.current
	if !granted || !r.PublicKey.Equal(h.PeerKey) {
		return w, nil
	}
	w.Status = link.StatusWelcome
	switch {
	case h.Epoch < st.current, st.installed && st.install != h.Install:
		w.Status = link.StatusFenced
		return w, nil
	case !st.installed:
		st.install, st.installed = h.Install, true
	}
	for _, head := range h.Heads {
		l := st.lanes[head.Lane]
		if l == nil {
			continue
		}
		m := l.mark()
		m.Lane = head.Lane
		w.Marks = append(w.Marks, m)
		switch {
		case head.Seq <= m.Seq && link.Prefix(l.hashes[head.Seq]) != head.Hash:
			w.Status = link.StatusForked
		case head.Seq < m.Seq:
			w.Status = link.StatusRewound
		}
	}
	return w, nil
}

func (l *lane) mark() link.Mark {
	n := len(l.hashes) - 1
	return link.Mark{Seq: journal.Seq(n), Hash: l.hashes[n]}
}

// Take decides about a batch.
func (in *Intake) Take(_ context.Context, b []byte) (link.Verdict, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	v := in.decide(b)
	in.taken++
	if in.Fault != nil {
		if err := in.Fault(in.taken); err != nil {
			return link.Verdict{}, err
		}
	}
	return v, nil
}

func (in *Intake) decide(b []byte) link.Verdict {
	got, err := batch.Decode(b)
	if err != nil {
		return link.Verdict{Kind: link.VerdictNotUnderstood}
	}
	st := in.stations[got.Origin.Station]
	if st == nil {
		return link.Verdict{Kind: link.VerdictUnregistered}
	}
	r, granted := st.granted[got.Origin.Epoch]
	l := st.lanes[got.Origin.Lane]
	kind := link.VerdictKind(0)
	switch {
	case !granted || l == nil:
		kind = link.VerdictUnregistered
	case got.Origin.Epoch < st.current:
		kind = link.VerdictFenced
	case got.Origin.Mint != r.Mint:
		kind = link.VerdictWrongMint
	case got.VerifySignature(r.PublicKey) != nil:
		kind = link.VerdictBadSignature
	case got.VerifyChain(r.Secret) != nil:
		kind = link.VerdictBadChain
	}
	if kind != 0 {
		return link.Verdict{Kind: kind}
	}
	v := l.take(got, r.Secret)
	if v.Kind == link.VerdictAccepted {
		l.batches = append(l.batches, archived{got.First, got.Last, append([]byte(nil), b...)})
	}
	return v
}

// take is the table of acceptance for a batch that is sound in itself.
func (l *lane) take(b *batch.Batch, secret journal.Secret) link.Verdict {
	m := l.mark()
	v := link.Verdict{Seq: m.Seq, Hash: m.Hash}
	switch {
	case b.Last <= m.Seq:
		v.Kind = link.VerdictDuplicate
		if l.hashes[b.Last] != b.PostHash {
			v.Kind = link.VerdictFork
		}
	case b.First > m.Seq+1:
		v.Kind, v.Want = link.VerdictGap, m.Seq+1
	case l.hashes[b.First-1] != b.PreHash:
		v.Kind = link.VerdictFork
	case b.First <= m.Seq:
		v.Kind, v.Want = link.VerdictGap, m.Seq+1
		if l.forks(b, secret) {
			v.Kind, v.Want = link.VerdictFork, 0
		}
	default:
		c := journal.Chain{Secret: secret, Lane: b.Origin.Lane, Seq: m.Seq, Hash: m.Hash}
		for _, rec := range b.Records {
			l.hashes = append(l.hashes, c.Add(rec.Head, rec.Body))
			l.effects = append(l.effects, rec)
		}
		m = l.mark()
		v = link.Verdict{Kind: link.VerdictAccepted, Seq: m.Seq, Hash: m.Hash}
	}
	return v
}

// forks tells whether a batch that overlaps the watermark differs below it.
func (l *lane) forks(b *batch.Batch, secret journal.Secret) bool {
	c := journal.Chain{Secret: secret, Lane: b.Origin.Lane, Seq: b.First - 1, Hash: b.PreHash}
	for _, rec := range b.Records {
		if hash := c.Add(rec.Head, rec.Body); int(c.Seq) < len(l.hashes) && l.hashes[c.Seq] != hash {
			return true
		}
	}
	return false
}
