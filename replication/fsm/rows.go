package fsm

import (
	"crypto/ed25519"
	"fmt"
	"math"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
)

// Rows are canonical tuples; a field added later goes to the end, where older
// rows read as zero.

// Lanes is the number of lanes a station has.
const Lanes = 2

// Watermark is what the hub has committed of one lane in the present epoch.
type Watermark struct {
	Seq     journal.Seq
	Hash    journal.Hash
	Batches uint64
}

// StationRow is what the hub keeps of a station, for ever.
type StationRow struct {
	Station     journal.Station
	Epoch       journal.Epoch // the present one
	Mint        uint32
	Unit        string // administrative unit code at registration
	Name        string
	Fenced      bool // nothing more is taken from the present epoch
	Contact     int64
	Quarantined uint64 // records the register could not fold, all epochs
	Install     [16]byte
	Lane        [Lanes]Watermark
}

func (s StationRow) encode() []byte {
	var w tuple.Writer
	w.Uint(uint64(s.Epoch))
	w.Uint(uint64(s.Mint))
	w.String(s.Unit)
	w.String(s.Name)
	w.Bool(s.Fenced)
	w.Int(s.Contact)
	w.Uint(s.Quarantined)
	w.Bytes(s.Install[:])
	w.List(Lanes)
	for _, l := range s.Lane {
		w.List(3)
		w.Uint(uint64(l.Seq))
		w.Bytes(l.Hash[:])
		w.Uint(l.Batches)
	}
	return w.Tuple()
}

func decodeStation(n journal.Station, b []byte) (StationRow, error) {
	r := tuple.NewReader(b)
	s := StationRow{Station: n, Epoch: readEpoch(r), Mint: uint32(r.Uint(math.MaxUint32)), Unit: r.String(maxName),
		Name: r.String(maxName), Fenced: r.Bool(), Contact: r.Int(), Quarantined: r.Uint(tuple.MaxInt)}
	fixed(r, s.Install[:])
	if n := r.List(Lanes); n != Lanes && r.Err() == nil {
		return s, fmt.Errorf("%w: %d lanes", tuple.ErrMalformed, n)
	}
	for i := range s.Lane {
		r.List(3)
		s.Lane[i] = Watermark{Seq: readSeq(r), Hash: readHash(r), Batches: r.Uint(tuple.MaxInt)}
		r.End()
	}
	r.End()
	return s, r.Close()
}

// EpochRow is what the hub keeps of one epoch of a station, for ever: its
// signatures must verify as long as its batches are kept.
type EpochRow struct {
	Mint    uint32
	Key     ed25519.PublicKey
	Secret  journal.Secret
	Genesis []byte // encoded journal.Genesis
	At      int64  // registered, by the leader's clock
	Fenced  int64  // by the leader's clock; 0 not fenced
}

func (e EpochRow) encode() []byte {
	var w tuple.Writer
	w.Uint(uint64(e.Mint))
	w.Bytes(e.Key)
	w.Bytes(e.Secret[:])
	w.Bytes(e.Genesis)
	w.Int(e.At)
	w.Int(e.Fenced)
	return w.Tuple()
}

func decodeEpoch(b []byte) (EpochRow, error) {
	r := tuple.NewReader(b)
	e := EpochRow{Mint: uint32(r.Uint(math.MaxUint32)), Key: readPublicKey(r), Secret: journal.Secret(readHash(r)),
		Genesis: clone(r.Bytes(journal.MaxGenesis)), At: r.Int(), Fenced: r.Int()}
	return e, r.Close()
}

// indexRow says where an archived batch ends and by which command it came.
type indexRow struct {
	Last  journal.Seq
	Post  journal.Hash
	Index uint64 // raft index
	At    int64
}

func (x indexRow) encode() []byte {
	var w tuple.Writer
	w.Uint(uint64(x.Last))
	w.Bytes(x.Post[:])
	w.Uint(x.Index)
	w.Int(x.At)
	return w.Tuple()
}

func decodeIndex(b []byte) (indexRow, error) {
	r := tuple.NewReader(b)
	x := indexRow{Last: readSeq(r), Post: readHash(r), Index: r.Uint(tuple.MaxInt), At: r.Int()}
	return x, r.Close()
}

// UnitRow is an administrative unit during a time; days are ISO dates, empty
// when open.
type UnitRow struct {
	Code     string // five digits
	Kind     string // "xa", "phuong", "dac-khu"
	Name     string
	Province string // two digits
	From, To string
}

func (u UnitRow) write(w *tuple.Writer) {
	w.List(6)
	for _, s := range []string{u.Code, u.Kind, u.Name, u.Province, u.From, u.To} {
		w.String(s)
	}
}

func readUnit(r *tuple.Reader) UnitRow {
	if n := r.List(6); n != 6 {
		r.Fail(fmt.Errorf("%w: unit of %d fields", tuple.ErrMalformed, n))
	}
	u := UnitRow{Code: r.String(16), Kind: r.String(32), Name: r.String(maxName),
		Province: r.String(16), From: r.String(10), To: r.String(10)}
	r.End()
	return u
}

func (u UnitRow) encode() []byte {
	var w tuple.Writer
	u.write(&w)
	return w.Tuple()
}

func decodeUnit(b []byte) (UnitRow, error) {
	r := tuple.NewReader(b)
	u := readUnit(r)
	return u, r.Close()
}

// metaRow holds what concerns the whole cluster.
type metaRow struct {
	Fold        uint32
	Incarnation [8]byte // zero: not founded yet
}

func (m metaRow) encode() []byte {
	var w tuple.Writer
	w.Uint(uint64(m.Fold))
	w.Bytes(m.Incarnation[:])
	return w.Tuple()
}

func decodeMeta(b []byte) (metaRow, error) {
	r := tuple.NewReader(b)
	m := metaRow{Fold: uint32(r.Uint(math.MaxUint32))}
	fixed(r, m.Incarnation[:])
	return m, r.Close()
}

// mintRow says whose a mint number is.
type mintRow struct {
	Station journal.Station
	Epoch   journal.Epoch
}

func (m mintRow) encode() []byte {
	var w tuple.Writer
	w.Uint(uint64(m.Station))
	w.Uint(uint64(m.Epoch))
	return w.Tuple()
}

func decodeMint(b []byte) (mintRow, error) {
	r := tuple.NewReader(b)
	m := mintRow{Station: readStation(r), Epoch: readEpoch(r)}
	return m, r.Close()
}
