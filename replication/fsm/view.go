package fsm

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
	"tramxa/replication/batch"
)

// View is the state at one raft index. It is good only inside the function it
// was given to, and for one goroutine.
type View struct {
	txn      *badger.Txn
	at       Applied
	unpacked *unpacked
}

// Applied returns the command this state stands at.
func (v *View) Applied() Applied { return v.at }

// get reads one row; false when it is absent. The value aliases the transaction.
func (v *View) get(key []byte) ([]byte, bool, error) {
	item, err := v.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	b, err := item.ValueCopy(nil)
	return b, err == nil, err
}

func row[T any](v *View, key []byte, decode func([]byte) (T, error)) (T, bool, error) {
	var zero T
	b, ok, err := v.get(key)
	if err != nil || !ok {
		return zero, false, err
	}
	t, err := decode(b)
	if err != nil {
		return zero, false, fmt.Errorf("row of table %q: %w", key[1], err)
	}
	return t, true, nil
}

// Fold returns the fold version in force.
func (v *View) Fold() (uint32, error) {
	m, err := v.meta()
	return m.Fold, err
}

// Incarnation returns the number drawn when the hub was founded; zero before.
func (v *View) Incarnation() ([8]byte, error) {
	m, err := v.meta()
	return m.Incarnation, err
}

func (v *View) meta() (metaRow, error) {
	m, ok, err := row(v, stateKey(tableMeta), decodeMeta)
	if !ok {
		m.Fold = 1
	}
	return m, err
}

// Station returns a station's row; false when it was never registered.
func (v *View) Station(n journal.Station) (StationRow, bool, error) {
	return row(v, stationKey(n), func(b []byte) (StationRow, error) { return decodeStation(n, b) })
}

// Epoch returns the row of one epoch of a station.
func (v *View) Epoch(n journal.Station, e journal.Epoch) (EpochRow, bool, error) {
	return row(v, epochKey(n, e), decodeEpoch)
}

// Stations calls fn for every station in order of number.
func (v *View) Stations(fn func(StationRow) error) error {
	prefix := stateKey(tableStation)
	return v.each(prefix, true, func(key, value []byte) error {
		if len(key) != len(prefix)+4 {
			return fmt.Errorf("station key of %d bytes", len(key))
		}
		s, err := decodeStation(journal.Station(binary.BigEndian.Uint32(key[len(prefix):])), value)
		if err != nil {
			return err
		}
		return fn(s)
	})
}

// Units calls fn for every row of the unit table, by code and first day.
func (v *View) Units(fn func(UnitRow) error) error {
	return v.each(stateKey(tableUnit), true, func(_, value []byte) error {
		u, err := decodeUnit(value)
		if err != nil {
			return err
		}
		return fn(u)
	})
}

// Unit returns the newest row of a unit code.
func (v *View) Unit(code string) (u UnitRow, ok bool, err error) {
	err = v.each(append(append(stateKey(tableUnit), code...), 0), true, func(_, value []byte) error {
		u, err = decodeUnit(value)
		ok = err == nil
		return err
	})
	return u, ok, err
}

// Batches calls fn for every archived batch of a lane in order of sequence, from
// the one that holds from. The bytes are good only during the call.
func (v *View) Batches(s journal.Station, e journal.Epoch, l journal.Lane, from journal.Seq, fn func(first journal.Seq, b []byte) error) error {
	start, _, err := v.holding(s, e, l, from)
	if err != nil {
		return err
	}
	prefix := lanePrefix(tableBatch, s, e, l)
	opt := badger.IteratorOptions{Prefix: prefix, PrefetchValues: true, PrefetchSize: 4}
	it := v.txn.NewIterator(opt)
	defer it.Close()
	for it.Seek(be64(clone(prefix), start)); it.Valid(); it.Next() {
		first := journal.Seq(binary.BigEndian.Uint64(it.Item().Key()[len(prefix):]))
		if err := it.Item().Value(func(b []byte) error { return fn(first, b) }); err != nil {
			return err
		}
	}
	return nil
}

// Archived returns a copy of the archived batch of a lane that holds a sequence,
// as it came; nil when none does.
func (v *View) Archived(s journal.Station, e journal.Epoch, l journal.Lane, at journal.Seq) ([]byte, error) {
	first, end, err := v.holding(s, e, l, at)
	if err != nil || first == 0 || at > end.Last {
		return nil, err
	}
	b, ok, err := v.get(batchKey(tableBatch, s, e, l, first))
	if err == nil && !ok {
		err = fmt.Errorf("archived batch at %d of station %d is missing", first, s)
	}
	return b, err
}

// each visits the rows under prefix in key order. key and value are good only
// during the call.
func (v *View) each(prefix []byte, values bool, fn func(key, value []byte) error) error {
	it := v.txn.NewIterator(badger.IteratorOptions{Prefix: prefix, PrefetchValues: values, PrefetchSize: 64})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		item := it.Item()
		if !values {
			if err := fn(item.Key(), nil); err != nil {
				return err
			}
			continue
		}
		if err := item.Value(func(b []byte) error { return fn(item.Key(), b) }); err != nil {
			return err
		}
	}
	return nil
}

// holding returns the first sequence of the archived batch that holds seq, with
// its end; ok is false when none does.
func (v *View) holding(s journal.Station, e journal.Epoch, l journal.Lane, at journal.Seq) (first journal.Seq, end indexRow, err error) {
	prefix := lanePrefix(tableIndex, s, e, l)
	it := v.txn.NewIterator(badger.IteratorOptions{Prefix: prefix, Reverse: true, PrefetchValues: true, PrefetchSize: 1})
	defer it.Close()
	it.Seek(be64(clone(prefix), at))
	if !it.Valid() {
		return 0, indexRow{}, nil
	}
	first = journal.Seq(binary.BigEndian.Uint64(it.Item().Key()[len(prefix):]))
	err = it.Item().Value(func(b []byte) error {
		end, err = decodeIndex(b)
		return err
	})
	return first, end, err
}

// HashAt returns the chain's hash at a sequence the hub holds, from 0 to the
// watermark of the lane.
func (v *View) HashAt(s journal.Station, e journal.Epoch, l journal.Lane, at journal.Seq) (journal.Hash, error) {
	ep, ok, err := v.Epoch(s, e)
	if err != nil {
		return journal.Hash{}, err
	}
	if !ok {
		return journal.Hash{}, fmt.Errorf("%w: epoch %d of station %d", journal.ErrNotFound, e, s)
	}
	if at == 0 {
		g, err := journal.ParseGenesis(ep.Genesis)
		if err != nil {
			return journal.Hash{}, err
		}
		return journal.Base(g, l), nil
	}
	first, end, err := v.holding(s, e, l, at)
	if err != nil {
		return journal.Hash{}, err
	}
	switch {
	case first == 0 || at > end.Last:
		return journal.Hash{}, fmt.Errorf("%w: sequence %d of station %d", journal.ErrNotFound, at, s)
	case at == end.Last:
		return end.Post, nil
	}
	raw, ok, err := v.get(batchKey(tableBatch, s, e, l, first))
	if err != nil {
		return journal.Hash{}, err
	}
	if !ok {
		return journal.Hash{}, fmt.Errorf("archived batch at %d of station %d is missing", first, s)
	}
	b, err := v.unpacked.decode(raw)
	if err != nil {
		return journal.Hash{}, fmt.Errorf("archived batch at %d of station %d: %w", first, s, err)
	}
	return hashInside(b, ep.Secret, at), nil
}

// hashInside returns the chain at a sequence from First-1 to Last of b.
func hashInside(b *batch.Batch, secret journal.Secret, at journal.Seq) journal.Hash {
	chain := journal.Chain{Secret: secret, Lane: b.Origin.Lane, Seq: b.First - 1, Hash: b.PreHash}
	for _, r := range b.Records {
		if chain.Seq == at {
			break
		}
		chain.Add(r.Head, r.Body)
	}
	return chain.Hash
}

// Hash is SHA-256 over all rows that replicas must have in common, in key order:
// be32 length ‖ key ‖ be32 length ‖ value. It reads everything.
func (v *View) Hash() (journal.Hash, error) { return v.HashWhile(func() error { return nil }) }

// HashWhile is Hash as long as going says nil; else it returns that error soon.
func (v *View) HashWhile(going func() error) (journal.Hash, error) {
	sum := newRowHash()
	rows := 0
	for _, space := range []byte{spaceRegister, spaceState} {
		err := v.each([]byte{space}, true, func(key, value []byte) error {
			if rows++; rows%1024 == 0 {
				if err := going(); err != nil {
					return err
				}
			}
			return sum.row(key, value)
		})
		if err != nil {
			return journal.Hash{}, err
		}
	}
	return sum.hash(), nil
}

// rowHash reckons Hash row by row.
type rowHash struct{ sum hash.Hash }

func newRowHash() rowHash { return rowHash{sha256.New()} }

func (h rowHash) row(key, value []byte) error {
	var n [4]byte
	for _, b := range [][]byte{key, value} {
		binary.BigEndian.PutUint32(n[:], uint32(len(b)))
		h.sum.Write(n[:])
		h.sum.Write(b)
	}
	return nil
}

func (h rowHash) hash() journal.Hash { return journal.Hash(h.sum.Sum(nil)) }

// Register reads the register of a station.
func (v *View) Register(s journal.Station) *register.View { return register.NewView(v.txn, s) }

// RegisterHash returns the hash of a station's rows, comparable with the
// station's own.
func (v *View) RegisterHash(s journal.Station) (journal.Hash, error) {
	h, _, err := register.Hash(v.txn, s)
	return h, err
}
