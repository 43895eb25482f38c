package fsm

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// groupBytes bounds the commands put in one transaction: enough to share its
// sync among small batches, little enough that it hardly ever has to be divided.
const groupBytes = 512 << 10

// Apply takes one entry of the raft log. Its response is a Verdict, or an error
// wrapping ErrStopped.
func (f *FSM) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch takes committed entries in order. Responses are as for Apply; of an
// entry contained already, or of one that is no command, the response is nil.
// Once stopped it changes nothing more, whatever raft hands over.
func (f *FSM) ApplyBatch(logs []*raft.Log) []any {
	out := make([]any, len(logs))
	for i := 0; i < len(logs); {
		if err := f.Err(); err != nil {
			out[i] = err
			i++
			continue
		}
		if logs[i].Index <= f.Applied().Index {
			i++
			continue
		}
		n := groupOf(logs[i:])
		done, err := f.applyGroup(logs[i:i+n], out[i:i+n])
		if err != nil {
			clear(out[i : i+n]) // nothing of the group is in the state
			for k := range n {
				out[i+k] = f.stop(err)
			}
			done = n
		}
		i += done
	}
	return out
}

// groupOf returns how many leading entries share a transaction. A mark ends its
// group, so that the state is hashed at the same command on every node.
func groupOf(logs []*raft.Log) int {
	bytes := 0
	for i, l := range logs {
		if bytes += len(l.Data); bytes > groupBytes && i > 0 {
			return i
		}
		if isMark(l) {
			return i + 1
		}
	}
	return len(logs)
}

func isMark(l *raft.Log) bool {
	return l.Type == raft.LogCommand && len(l.Data) > 1 && commandKind(l.Data[1]) == kindMark
}

// applyGroup applies as many leading entries as fit in one transaction, at least
// one, and returns how many.
func (f *FSM) applyGroup(logs []*raft.Log, out []any) (int, error) {
	before := f.Applied()
	w := f.begin()
	defer w.discard()
	for i, l := range logs {
		if err := f.accountFor(before.Index, l.Index); err != nil {
			return 0, err
		}
		before.Index = l.Index
		v, err := w.entry(l)
		if tooBig(err) {
			return f.divide(logs, out, i)
		}
		if err != nil {
			return 0, fmt.Errorf("raft index %d: %w", l.Index, err)
		}
		out[i] = v
	}
	last := logs[len(logs)-1]
	err := w.complete(Applied{Index: last.Index, Term: last.Term})
	if tooBig(err) {
		return f.divide(logs, out, len(logs)-1)
	}
	if err != nil {
		return 0, err
	}
	f.after(last)
	return len(logs), nil
}

// divide applies the entries before the one at fit again without it, or, when it
// was the first, that one in several transactions.
func (f *FSM) divide(logs []*raft.Log, out []any, fit int) (int, error) {
	clear(out)
	if fit > 0 {
		return f.applyGroup(logs[:fit], out[:fit])
	}
	v, err := f.applyInParts(logs[0])
	if err != nil {
		return 0, fmt.Errorf("raft index %d: %w", logs[0].Index, err)
	}
	out[0] = v
	return 1, nil
}

// accountFor checks that every index between two entries handed over belongs to
// an entry that raft keeps to itself. A real gap must never be applied over.
func (f *FSM) accountFor(before, next uint64) error {
	if f.o.LogType == nil {
		return nil
	}
	for i := before + 1; i < next; i++ {
		t, err := f.o.LogType(i)
		if err != nil {
			return fmt.Errorf("raft index %d was never applied: %w", i, err)
		}
		if t != raft.LogNoop && t != raft.LogBarrier {
			return fmt.Errorf("raft index %d of type %v was never applied", i, t)
		}
	}
	return nil
}

// applyInParts applies one batch in as many transactions as it needs. Only the
// last moves the watermark and the applied index; after a crash the register
// itself tells which records are in.
func (f *FSM) applyInParts(l *raft.Log) (Verdict, error) {
	for {
		v, finished, err := f.applyPart(l)
		if err != nil || finished {
			return v, err
		}
	}
}

func (f *FSM) applyPart(l *raft.Log) (v Verdict, finished bool, err error) {
	w := f.begin()
	defer w.discard()
	w.alone = true
	switch v, err = w.entry(l); {
	case errors.Is(err, errPart):
		return v, false, w.commit()
	case err != nil:
		return v, false, err
	}
	if err = w.complete(Applied{Index: l.Index, Term: l.Term}); err != nil {
		return v, false, err
	}
	f.after(l)
	return v, true, nil
}

// after runs what follows a commit outside the state.
func (f *FSM) after(last *raft.Log) {
	if isMark(last) {
		f.startMark(last.Index)
	}
}

var (
	// errPart ends a transaction before all records of a batch are in.
	errPart = errors.New("part of a batch")
	// errFull says that an entry does not fit beside those before it.
	errFull = errors.New("transaction is full")
)

func tooBig(err error) bool { return errors.Is(err, badger.ErrTxnTooBig) || errors.Is(err, errFull) }

// entry applies one entry of the raft log inside the transaction.
func (w *work) entry(l *raft.Log) (Verdict, error) {
	if l.Type != raft.LogCommand {
		return Verdict{Outcome: Done}, nil
	}
	c, err := DecodeCommand(l.Data)
	if err != nil {
		return Verdict{}, err
	}
	w.index = l.Index
	switch c := c.(type) {
	case TakeBatch:
		return w.take(c)
	case RegisterStation:
		return w.register(c)
	case FenceStation:
		return w.fence(c)
	case AddUnits:
		return w.units(c)
	case RaiseFold:
		return w.raise(c)
	case MarkState:
		return Verdict{Outcome: Done}, nil
	case StateHash:
		return w.stateHash(c)
	case Contact:
		return w.contact(c)
	case ReleaseInstall:
		return w.release(c)
	case Found:
		return w.found(c)
	case PublishRelease:
		return w.publish(c)
	case SetRing:
		return w.ring(c)
	case UpdateReport:
		return w.update(c)
	}
	return Verdict{}, fmt.Errorf("%w: %T", ErrNewer, c)
}

// take decides about a batch and, when it is accepted, archives it, folds it and
// moves the watermark.
func (w *work) take(c TakeBatch) (Verdict, error) {
	o, err := w.judge(c.Batch)
	if err != nil || o.verdict.Outcome != Accepted {
		return o.verdict, err
	}
	b, st := o.batch, o.station
	if b.Origin.Lane == journal.LaneRegister {
		n, err := w.fold(o)
		if err != nil {
			return Verdict{}, err
		}
		st.Quarantined += n
	}
	mark := &st.Lane[b.Origin.Lane]
	*mark = Watermark{Seq: b.Last, Hash: b.PostHash, Batches: mark.Batches + 1}
	st.Contact = max(st.Contact, c.At)
	s, e, lane := st.Station, st.Epoch, b.Origin.Lane
	end := indexRow{Last: b.Last, Post: b.PostHash, Index: w.index, At: c.At}
	return o.verdict, errors.Join(
		w.set(stationKey(s), st.encode()),
		w.set(batchKey(tableBatch, s, e, lane, b.First), clone(c.Batch)),
		w.set(batchKey(tableIndex, s, e, lane, b.First), end.encode()),
	)
}

// fold puts the records of an accepted batch in the register and returns how
// many of the batch were quarantined, earlier parts included.
func (w *work) fold(o offer) (uint64, error) {
	p, _, err := row(&w.View, nodeKey(nodeProgress), decodeProgress)
	if err != nil {
		return 0, err
	}
	if p.Index != w.index {
		p = progress{Index: w.index}
	}
	tx := register.Begin(w.txn, o.station.Station)
	from := tx.Applied()
	for _, r := range o.batch.Records {
		if r.Seq <= from {
			continue
		}
		if w.full(tx) && !w.alone {
			return 0, errFull
		} else if w.full(tx) {
			if err := errors.Join(tx.Flush(), w.set(nodeKey(nodeProgress), p.encode())); err != nil {
				return 0, err
			}
			return 0, errPart
		}
		out, err := tx.Apply(population.Mint(o.batch.Origin.Mint), r)
		if err != nil {
			return 0, err
		}
		if out.Quarantined {
			p.Quarantined++
		}
	}
	return p.Quarantined, tx.Flush()
}

// full reports whether the register's rows take half of what a transaction
// holds; the other half is for one more record and the rows beside.
func (w *work) full(tx *register.Tx) bool {
	rows, bytes := tx.Size()
	return int64(rows) > w.f.db.MaxBatchCount()/2 || int64(bytes) > w.f.db.MaxBatchSize()/2
}
