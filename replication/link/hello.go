package link

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"time"

	"tramxa/appliance/journal"
)

// Protocol versions this program speaks.
const (
	ProtocolMin = 1
	ProtocolMax = 1
)

// Bounds of hello and welcome.
const (
	maxHello   = 512 // bytes before base64
	maxWelcome = 1024
	maxLanes   = 4
	maxNames   = 16 // capabilities
	maxName    = 32 // bytes of a capability, an app version
	maxAddress = 255
)

// HashPrefix is the start of a chain hash: enough to notice, not to prove.
type HashPrefix [8]byte

// Prefix returns the start of h.
func Prefix(h journal.Hash) HashPrefix { return HashPrefix(h[:8]) }

// Head is where one lane of the station ends.
type Head struct {
	Lane journal.Lane
	Seq  journal.Seq
	Hash HashPrefix
}

// Hello is what a station says first.
type Hello struct {
	ProtocolMin, ProtocolMax uint8
	Station                  journal.Station
	Epoch                    journal.Epoch
	Install                  [16]byte // random, made at the first start of a data directory
	Boot                     [8]byte  // random, per process
	Metered                  bool     // every byte costs
	ClockTrusted             bool
	Clock                    int64  // seconds since 1970 UTC by the station's clock
	App                      string // program version
	Heads                    []Head // ascending by lane
	Capabilities             []string

	// PeerKey is the key the station proved in the TLS handshake. The server
	// sets it; it is not part of the message.
	PeerKey ed25519.PublicKey
}

// Mark is how far the hub is in one lane.
type Mark struct {
	Lane journal.Lane
	Seq  journal.Seq // last committed; 0 none
	Hash journal.Hash
}

// Partial says that the hub holds the first Offset bytes of a batch.
type Partial struct {
	ID     [16]byte // batch.ID
	Offset uint32
}

// Welcome is the hub's answer. The zero Window means 16 KiB.
type Welcome struct {
	Status       Status
	Protocol     uint8 // the version chosen
	Epoch        journal.Epoch
	Incarnation  [8]byte // of the hub's state; another value means it was restored or replaced
	HubTime      int64   // seconds since 1970 UTC
	Window       uint32  // bytes that may be under way unacknowledged, at most
	RetryAfter   time.Duration
	Leader       string
	Marks        []Mark   // ascending by lane; a lane left out is at 0
	Have         *Partial // set by the server
	Capabilities []string
}

// Mark returns how far the hub is in a lane.
func (w Welcome) Mark(lane journal.Lane) Mark {
	for _, m := range w.Marks {
		if m.Lane == lane {
			return m
		}
	}
	return Mark{Lane: lane}
}

const (
	helloMetered = 1 << 0
	helloTrusted = 1 << 1
)

// Marshal encodes h.
func (h Hello) Marshal() []byte {
	var w writer
	w.u8(h.ProtocolMin)
	w.u8(h.ProtocolMax)
	w.uvarint(uint64(h.Station))
	w.uvarint(uint64(h.Epoch))
	w.bytes(h.Install[:])
	w.bytes(h.Boot[:])
	w.u8(bit(h.Metered, helloMetered) | bit(h.ClockTrusted, helloTrusted))
	w.uvarint(zigzag(h.Clock))
	w.str(h.App)
	w.uvarint(uint64(len(h.Heads)))
	for _, m := range h.Heads {
		w.u8(uint8(m.Lane))
		w.uvarint(uint64(m.Seq))
		w.bytes(m.Hash[:])
	}
	w.names(h.Capabilities)
	return w.b
}

// ParseHello decodes what Marshal writes and refuses all else.
func ParseHello(b []byte) (Hello, error) {
	if len(b) > maxHello {
		return Hello{}, fmt.Errorf("%w: hello of %d bytes", ErrMalformed, len(b))
	}
	r := reader{b: b}
	h := Hello{ProtocolMin: r.u8(), ProtocolMax: r.u8()}
	h.Station = journal.Station(r.uvarint(1<<32 - 1))
	h.Epoch = journal.Epoch(r.uvarint(1<<32 - 1))
	copy(h.Install[:], r.take(len(h.Install)))
	copy(h.Boot[:], r.take(len(h.Boot)))
	flags := r.u8()
	h.Metered, h.ClockTrusted = flags&helloMetered != 0, flags&helloTrusted != 0
	h.Clock = unzigzag(r.uvarint(1<<64 - 1))
	h.App = r.str(maxName)
	lane := -1
	for range r.uvarint(maxLanes) {
		m := Head{Lane: journal.Lane(r.u8()), Seq: journal.Seq(r.uvarint(1<<63 - 1))}
		copy(m.Hash[:], r.take(len(m.Hash)))
		r.must(int(m.Lane) > lane)
		lane = int(m.Lane)
		h.Heads = append(h.Heads, m)
	}
	h.Capabilities = r.names()
	r.must(flags>>2 == 0 && h.ProtocolMin > 0 && h.ProtocolMin <= h.ProtocolMax && h.Station > 0 && h.Epoch > 0)
	return h, r.end("hello")
}

// Marshal encodes w.
func (w Welcome) Marshal() []byte {
	var o writer
	o.u8(uint8(w.Status))
	o.u8(w.Protocol)
	o.uvarint(uint64(w.Epoch))
	o.bytes(w.Incarnation[:])
	o.uvarint(zigzag(w.HubTime))
	o.uvarint(uint64(w.Window))
	o.uvarint(uint64(w.RetryAfter / time.Millisecond))
	o.str(w.Leader)
	o.uvarint(uint64(len(w.Marks)))
	for _, m := range w.Marks {
		o.u8(uint8(m.Lane))
		o.uvarint(uint64(m.Seq))
		o.bytes(m.Hash[:])
	}
	o.u8(bit(w.Have != nil, 1))
	if w.Have != nil {
		o.bytes(w.Have.ID[:])
		o.uvarint(uint64(w.Have.Offset))
	}
	o.names(w.Capabilities)
	return o.b
}

// ParseWelcome decodes what Marshal writes and refuses all else. A Status this
// program does not know is carried.
func ParseWelcome(b []byte) (Welcome, error) {
	if len(b) > maxWelcome {
		return Welcome{}, fmt.Errorf("%w: welcome of %d bytes", ErrMalformed, len(b))
	}
	r := reader{b: b}
	w := Welcome{Status: Status(r.u8()), Protocol: r.u8(), Epoch: journal.Epoch(r.uvarint(1<<32 - 1))}
	copy(w.Incarnation[:], r.take(len(w.Incarnation)))
	w.HubTime = unzigzag(r.uvarint(1<<64 - 1))
	w.Window = uint32(r.uvarint(maxWindow))
	w.RetryAfter = r.millis()
	w.Leader = r.str(maxAddress)
	lane := -1
	for range r.uvarint(maxLanes) {
		m := Mark{Lane: journal.Lane(r.u8()), Seq: journal.Seq(r.uvarint(1<<63 - 1))}
		copy(m.Hash[:], r.take(len(m.Hash)))
		r.must(int(m.Lane) > lane)
		lane = int(m.Lane)
		w.Marks = append(w.Marks, m)
	}
	switch have := r.u8(); have {
	case 0:
	case 1:
		w.Have = new(Partial)
		copy(w.Have.ID[:], r.take(len(w.Have.ID)))
		w.Have.Offset = uint32(r.uvarint(maxBatch))
	default:
		r.bad = true
	}
	w.Capabilities = r.names()
	r.must(w.Status != 0)
	return w, r.end("welcome")
}

// header turns a message into the text of an HTTP header.
func header(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// fromHeader undoes header; max bounds the result.
func fromHeader(s string, max int) ([]byte, error) {
	if len(s) > base64.RawURLEncoding.EncodedLen(max) {
		return nil, fmt.Errorf("%w: header of %d characters", ErrMalformed, len(s))
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: header is not base64", ErrMalformed)
	}
	return b, nil
}
