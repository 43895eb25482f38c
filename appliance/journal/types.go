package journal

import (
	"crypto/ed25519"
	"errors"
)

// Seq is the position of a record in its journal: 1, 2, 3 … without holes.
// 0 means "before the first".
type Seq uint64

// Station is the number the hub granted to a station (design: never the unit
// code). 0 is the hub itself.
type Station uint32

// Epoch is the generation of a writer, granted by the hub, from 1.
type Epoch uint32

// Lane is one of a station's journals.
type Lane uint8

// The lanes of a station.
const (
	LaneRegister Lane = 0 // the population register
	LaneAccess   Lane = 1 // logins, reads of sensitive data, exports
)

// Class is the data class of a body, so that carriers filter without opening.
type Class uint8

// The data classes; the numbers are part of the format (two bits).
const (
	ClassOrdinary  Class = 0
	ClassSensitive Class = 1 // contraception, pregnancy, screening
)

// Hash is a SHA-256 value of the chain.
type Hash [32]byte

// Secret is the epoch secret, known to the station and its hub, from which the
// salts of bodies are derived.
type Secret [32]byte

// Origin names who wrote a journal. Mint is the number under which the origin
// mints ids in this epoch (population.ID).
type Origin struct {
	Station Station
	Epoch   Epoch
	Lane    Lane
	Mint    uint32
}

// Envelope is what a record states about its body.
type Envelope struct {
	Class     Class
	Trusted   bool  // the clock could be trusted when At was read
	At        int64 // seconds since 1970 UTC, as the station's clock said; may be wrong, never orders anything
	Offset    int32 // seconds to add to At by the best knowledge then; 0 when none
	Kind      uint16
	Version   uint8  // of the body's layout, per kind, from 1
	Actor     uint32 // user number; 0 the station itself
	Device    uint32 // command key: device number given by the station …
	DeviceSeq uint64 // … and the device's own sequence; (0,0) none
	Op        Seq    // sequence of the operation-begin record this one belongs to; 0 none
	Base      Seq    // version this entry was decided on, where one is needed; 0 none
}

// Record is one record as stored. Head and Body are carried byte for byte and
// never re-encoded. Both alias the reader's buffer unless said otherwise.
type Record struct {
	Seq  Seq
	Head []byte // the encoded Envelope
	Body []byte
}

// Draft is a record to be appended.
type Draft struct {
	Envelope Envelope
	Body     []byte
}

// Limits of one record and one group.
const (
	MaxBody   = 64 << 10
	MaxHead   = 64
	MaxGroup  = 64      // records
	MaxFrame  = 1 << 20 // bytes of one group's records
	SegmentSz = 4 << 20 // bytes of a segment file at most
	AllocStep = 1 << 20 // bytes preallocated at a time
)

// Errors callers decide on.
var (
	ErrDamaged  = errors.New("journal is damaged")            // good records follow bad bytes; see *Damage
	ErrStopped  = errors.New("journal has stopped")           // a write or fsync failed; only a restart helps
	ErrNoSpace  = errors.New("no space left for the journal") // nothing was written
	ErrTooLarge = errors.New("record or group too large")
	ErrWrongKey = errors.New("journal was written with another key")
	ErrNotFound = errors.New("record not found")
	ErrFormat   = errors.New("journal format not understood")
	ErrForked   = errors.New("records of another history")                // of the same journal: two copies wrote, or one was put back
	ErrNewer    = errors.New("written by a newer version of the program") // whole, as far as can be seen, and not understood here
)

// Genesis is the signed base of an epoch. h(0) commits to it.
type Genesis struct {
	Origin     Origin   // Lane is LaneRegister; other lanes of the epoch share the genesis
	Unit       string   // administrative unit code at that time, five digits
	Parents    []Parent // none for a new station, one for a restored one, several for a merger
	Checkpoint Hash     // of the checkpoint file the epoch starts from; zero when none
	Created    int64    // seconds since 1970 UTC, evidence only
	Key        ed25519.PublicKey
	Signature  []byte // Ed25519 by Key over the encoding without the signature
}

// Parent is a journal that an epoch continues.
type Parent struct {
	Station Station
	Epoch   Epoch
	Last    Seq
	Hash    Hash
}
