package fsm

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
)

// Encoded command, version 1, frozen:
//
//	version u8 (1) · kind u8 · body · CRC32C big-endian over all bytes before it
//
// The body is a canonical tuple (package tuple), except that of a batch:
// uvarint At, then the batch's own bytes. The checksum is there because the raft
// log does not check what it reads on every path: a command that does not pass
// it was damaged on this node, and this node must stop.
const (
	commandVersion = 1
	// MaxCommand bounds an encoded command in bytes: one batch and a little.
	MaxCommand = MaxBatch + 64
	// MaxBatch bounds the packed bytes of a batch.
	MaxBatch = 256 << 10
	// MaxUnitRows bounds the rows of one AddUnits.
	MaxUnitRows = 500
	maxName     = 200
	maxSecond   = 1 << 40
	crcLen      = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrCommand is wrapped by every error about bytes that are not a command.
var ErrCommand = errors.New("malformed command")

// ErrNewer means a command of a later version of the program: this node must be
// updated before it can go on.
var ErrNewer = errors.New("command of a newer program")

// commandKind says what a command does; the numbers are part of the format.
type commandKind uint8

const (
	kindTake     commandKind = 1
	kindRegister commandKind = 2
	kindFence    commandKind = 3
	kindUnits    commandKind = 4
	kindRaise    commandKind = 5
	kindMark     commandKind = 6
	kindState    commandKind = 7
	kindContact  commandKind = 8
	kindFound    commandKind = 9
	kindRelease  commandKind = 10
	kindPublish  commandKind = 11
	kindRing     commandKind = 12
	kindUpdate   commandKind = 13

	lastKind = kindUpdate
)

// Command is one of the types below, as it stands in the raft log. At is the
// leader's wall time in seconds since 1970: evidence for people, never order.
type Command interface {
	kind() commandKind
	body(w *tuple.Writer)
}

// TakeBatch offers a batch, as it came over the link or from a stick.
type TakeBatch struct {
	At    int64
	Batch []byte
}

// RegisterStation makes a station and its first or next epoch known.
type RegisterStation struct {
	At      int64
	Name    string // of the station, for the board; may be empty
	Secret  journal.Secret
	Genesis []byte // encoded journal.Genesis; names station, epoch, mint, unit and key
}

// FenceStation takes nothing more from an epoch of a station.
type FenceStation struct {
	At      int64
	Station journal.Station
	Epoch   journal.Epoch
}

// AddUnits puts rows in the dated table of administrative units; a row with the
// same code and first day is replaced.
type AddUnits struct {
	At   int64
	Rows []UnitRow
}

// RaiseFold raises the fold version of the cluster by one, to To.
type RaiseFold struct{ To uint32 }

// MarkState asks every node for the hash of its state at this command.
type MarkState struct{ At int64 }

// StateHash states what the leader found for the mark at Index; a node that
// found something else has parted from the others and says so.
type StateHash struct {
	Index uint64
	Hash  journal.Hash
}

// Contact says that a station was heard of, and binds its epoch to the
// installation that spoke first.
type Contact struct {
	At      int64
	Station journal.Station
	Epoch   journal.Epoch
	Install [16]byte // zero: not stated
}

// Found gives the hub's state its incarnation, a random number by which stations
// notice that the hub was replaced. Only the first one takes effect.
type Found struct {
	At          int64
	Incarnation [8]byte
}

// ReleaseInstall unbinds a station's epoch from the installation that speaks for
// it: the next one that does is bound. For a station whose disk was replaced; the
// one before is fenced from then on.
type ReleaseInstall struct {
	At      int64
	Station journal.Station
	Epoch   journal.Epoch
}

func (TakeBatch) kind() commandKind       { return kindTake }
func (RegisterStation) kind() commandKind { return kindRegister }
func (FenceStation) kind() commandKind    { return kindFence }
func (AddUnits) kind() commandKind        { return kindUnits }
func (RaiseFold) kind() commandKind       { return kindRaise }
func (MarkState) kind() commandKind       { return kindMark }
func (StateHash) kind() commandKind       { return kindState }
func (Contact) kind() commandKind         { return kindContact }
func (Found) kind() commandKind           { return kindFound }
func (ReleaseInstall) kind() commandKind  { return kindRelease }

func (c TakeBatch) body(*tuple.Writer) {} // see EncodeCommand

func (c RegisterStation) body(w *tuple.Writer) {
	w.Int(c.At)
	w.String(c.Name)
	w.Bytes(c.Secret[:])
	w.Bytes(c.Genesis)
}

func (c FenceStation) body(w *tuple.Writer) {
	w.Int(c.At)
	w.Uint(uint64(c.Station))
	w.Uint(uint64(c.Epoch))
}

func (c AddUnits) body(w *tuple.Writer) {
	w.Int(c.At)
	w.List(len(c.Rows))
	for _, r := range c.Rows {
		r.write(w)
	}
}

func (c RaiseFold) body(w *tuple.Writer) { w.Uint(uint64(c.To)) }

func (c MarkState) body(w *tuple.Writer) { w.Int(c.At) }

func (c StateHash) body(w *tuple.Writer) {
	w.Uint(c.Index)
	w.Bytes(c.Hash[:])
}

func (c Contact) body(w *tuple.Writer) {
	w.Int(c.At)
	w.Uint(uint64(c.Station))
	w.Uint(uint64(c.Epoch))
	if c.Install != ([16]byte{}) {
		w.Bytes(c.Install[:])
	}
}

func (c ReleaseInstall) body(w *tuple.Writer) {
	w.Int(c.At)
	w.Uint(uint64(c.Station))
	w.Uint(uint64(c.Epoch))
}

func (c Found) body(w *tuple.Writer) {
	w.Int(c.At)
	w.Bytes(c.Incarnation[:])
}

// EncodeCommand returns the bytes that go into the raft log.
func EncodeCommand(c Command) ([]byte, error) {
	b := []byte{commandVersion, byte(c.kind())}
	if t, ok := c.(TakeBatch); ok {
		if t.At < 0 {
			return nil, fmt.Errorf("%w: time before 1970", ErrCommand)
		}
		b = binary.AppendUvarint(b, uint64(t.At))
		b = append(b, t.Batch...)
	} else {
		var w tuple.Writer
		c.body(&w)
		b = append(b, w.Tuple()...)
	}
	if len(b)+crcLen > MaxCommand {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrCommand, len(b)+crcLen, MaxCommand)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

// DecodeCommand reads exactly what EncodeCommand writes. A batch aliases b.
func DecodeCommand(b []byte) (Command, error) {
	if len(b) < 2+crcLen || len(b) > MaxCommand {
		return nil, fmt.Errorf("%w: %d bytes", ErrCommand, len(b))
	}
	end := len(b) - crcLen
	if crc32.Checksum(b[:end], castagnoli) != binary.BigEndian.Uint32(b[end:]) {
		return nil, fmt.Errorf("%w: checksum", ErrCommand)
	}
	kind := commandKind(b[1])
	if b[0] > commandVersion || kind > lastKind {
		return nil, fmt.Errorf("%w: version %d kind %d", ErrNewer, b[0], kind)
	}
	if b[0] != commandVersion {
		return nil, fmt.Errorf("%w: version %d", ErrCommand, b[0])
	}
	if kind == kindTake {
		return decodeTake(b[2:end])
	}
	return decodeTuple(kind, b[2:end])
}

func decodeTake(b []byte) (Command, error) {
	at, n := binary.Uvarint(b)
	if n <= 0 || at > maxSecond || (n > 1 && b[n-1] == 0) {
		return nil, fmt.Errorf("%w: time of a batch", ErrCommand)
	}
	return TakeBatch{At: int64(at), Batch: b[n:]}, nil
}

func decodeTuple(kind commandKind, b []byte) (Command, error) {
	r := tuple.NewReader(b)
	var c Command
	switch kind {
	case kindRegister:
		c = RegisterStation{At: readSecond(r), Name: r.String(maxName), Secret: journal.Secret(readHash(r)), Genesis: clone(r.Bytes(journal.MaxGenesis))}
	case kindFence:
		c = FenceStation{At: readSecond(r), Station: readStation(r), Epoch: readEpoch(r)}
	case kindUnits:
		u := AddUnits{At: readSecond(r)}
		for range r.List(MaxUnitRows) {
			u.Rows = append(u.Rows, readUnit(r))
		}
		r.End()
		c = u
	case kindRaise:
		c = RaiseFold{To: uint32(r.Uint(math.MaxUint32))}
	case kindMark:
		c = MarkState{At: readSecond(r)}
	case kindState:
		c = StateHash{Index: r.Uint(tuple.MaxInt), Hash: readHash(r)}
	case kindContact:
		c = Contact{At: readSecond(r), Station: readStation(r), Epoch: readEpoch(r), Install: readInstall(r)}
	case kindRelease:
		c = ReleaseInstall{At: readSecond(r), Station: readStation(r), Epoch: readEpoch(r)}
	case kindFound:
		f := Found{At: readSecond(r)}
		fixed(r, f.Incarnation[:])
		c = f
	case kindPublish:
		c = readPublish(r)
	case kindRing:
		c = readRing(r)
	case kindUpdate:
		c = readUpdate(r)
	default:
		return nil, fmt.Errorf("%w: kind %d", ErrCommand, kind)
	}
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCommand, err)
	}
	return c, nil
}

// Readers of one field each; a wrong value sticks in r.

func readSecond(r *tuple.Reader) int64 { return int64(r.Uint(maxSecond)) }

func readStation(r *tuple.Reader) journal.Station { return journal.Station(r.Uint(uint64(MaxStation))) }

func readEpoch(r *tuple.Reader) journal.Epoch { return journal.Epoch(r.Uint(math.MaxUint32)) }

func readSeq(r *tuple.Reader) journal.Seq { return journal.Seq(r.Uint(tuple.MaxInt)) }

func readHash(r *tuple.Reader) (h journal.Hash) {
	fixed(r, h[:])
	return h
}

// readInstall takes an id that is not stated, or one that is: zeros written out
// would be a second form of "not stated", and a command has one form only.
func readInstall(r *tuple.Reader) (id [16]byte) {
	b := r.Bytes(len(id))
	if b == nil {
		return id
	}
	fill(r, id[:], b)
	if id == ([16]byte{}) {
		r.Fail(fmt.Errorf("%w: an installation of zeros", tuple.ErrMalformed))
	}
	return id
}

func readPublicKey(r *tuple.Reader) ed25519.PublicKey {
	k := make(ed25519.PublicKey, ed25519.PublicKeySize)
	fixed(r, k)
	return k
}

func fixed(r *tuple.Reader, to []byte) { fill(r, to, r.Bytes(len(to))) }

func fill(r *tuple.Reader, to, b []byte) {
	if len(b) != len(to) {
		r.Fail(fmt.Errorf("%w: %d bytes in place of %d", tuple.ErrMalformed, len(b), len(to)))
		return
	}
	copy(to, b)
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }
