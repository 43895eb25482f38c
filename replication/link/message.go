package link

import (
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

// Sizes of the flow.
const (
	maxBatch   = batch.MaxPacked
	FirstSlice = 16 << 10  // bytes under way unacknowledged until the line proves quick
	maxWindow  = 256 << 10 // and at most
	maxSlice   = 16 << 10  // bytes of one slice
	maxMessage = maxSlice + 64
)

// MessageType is the first byte of every message after the upgrade.
type MessageType uint8

// The message types; the numbers are part of the format. Station to hub are
// odd, hub to station even.
const (
	TypeOffer   MessageType = 1 // a batch begins: its size and id, and perhaps its first bytes
	TypeSlice   MessageType = 3 // bytes of the batch at an offset
	TypeHave    MessageType = 2 // the hub holds the bytes up to an offset
	TypeVerdict MessageType = 4 // what the hub says about the batch
	TypeFetch   MessageType = 5 // bytes of an archived batch are wanted back; on reading links only
	TypePiece   MessageType = 6 // bytes of an archived batch, or that there is none
)

// Message is one frame {type, stream, offset, length} of the link. The length is
// the websocket message's. Which fields count depends on Type.
type Message struct {
	Type    MessageType
	Stream  journal.Lane  // the lane whose batch it is
	Offset  uint32        // Slice, Piece: where Data starts; Have: how far the hub holds; Fetch: from here
	Size    uint32        // Offer: bytes of the batch; Fetch: bytes wanted; Piece: of the batch, 0: the hub holds none
	Epoch   journal.Epoch // Fetch
	Seq     journal.Seq   // Fetch, Piece: the batch that holds this record
	ID      [16]byte      // Offer: batch.ID
	Data    []byte        // Offer (at offset 0), Slice, Piece
	Verdict Verdict       // Verdict
	Brief   bool          // Verdict: of Hash only the first 8 bytes are carried
}

// Marshal encodes m.
func (m Message) Marshal() []byte {
	w := writer{b: make([]byte, 0, len(m.Data)+32)}
	w.u8(uint8(m.Type))
	w.u8(uint8(m.Stream))
	switch m.Type {
	case TypeOffer:
		w.uvarint(uint64(m.Size))
		w.bytes(m.ID[:])
		w.bytes(m.Data)
	case TypeSlice:
		w.uvarint(uint64(m.Offset))
		w.bytes(m.Data)
	case TypeHave:
		w.uvarint(uint64(m.Offset))
	case TypeFetch:
		w.uvarint(uint64(m.Epoch))
		w.uvarint(uint64(m.Seq))
		w.uvarint(uint64(m.Offset))
		w.uvarint(uint64(m.Size))
	case TypePiece:
		w.uvarint(uint64(m.Seq))
		w.uvarint(uint64(m.Size))
		w.uvarint(uint64(m.Offset))
		w.bytes(m.Data)
	case TypeVerdict:
		v := m.Verdict
		w.u8(uint8(v.Kind))
		w.uvarint(uint64(v.Seq))
		w.u8(bit(m.Brief, 1))
		if m.Brief {
			w.bytes(v.Hash[:8])
		} else {
			w.bytes(v.Hash[:])
		}
		if v.Want != 0 || v.Leader != "" || v.RetryAfter != 0 {
			w.uvarint(uint64(v.Want))
			w.uvarint(uint64(v.RetryAfter.Milliseconds()))
			w.str(v.Leader)
		}
	}
	return w.b
}

// ParseMessage decodes what Marshal writes and refuses all else. Data aliases b.
func ParseMessage(b []byte) (Message, error) {
	if len(b) > maxMessage {
		return Message{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	r := reader{b: b}
	m := Message{Type: MessageType(r.u8()), Stream: journal.Lane(r.u8())}
	switch m.Type {
	case TypeOffer:
		m.Size = uint32(r.uvarint(maxBatch))
		copy(m.ID[:], r.take(len(m.ID)))
		m.Data = r.rest()
		r.must(m.Size > 0 && len(m.Data) <= int(m.Size) && len(m.Data) <= maxSlice)
	case TypeSlice:
		m.Offset = uint32(r.uvarint(maxBatch))
		m.Data = r.rest()
		r.must(len(m.Data) > 0 && len(m.Data) <= maxSlice)
	case TypeHave:
		m.Offset = uint32(r.uvarint(maxBatch))
	case TypeFetch:
		m.Epoch, m.Seq = journal.Epoch(r.uvarint(1<<32-1)), journal.Seq(r.uvarint(1<<63-1))
		m.Offset, m.Size = uint32(r.uvarint(maxBatch)), uint32(r.uvarint(maxWindow))
		r.must(m.Epoch > 0 && m.Seq > 0 && m.Size > 0)
	case TypePiece:
		m.Seq = journal.Seq(r.uvarint(1<<63 - 1))
		m.Size, m.Offset = uint32(r.uvarint(maxBatch)), uint32(r.uvarint(maxBatch))
		m.Data = r.rest()
		r.must(m.Seq > 0 && len(m.Data) <= maxSlice && int(m.Offset)+len(m.Data) <= int(m.Size) && (m.Size == 0) == (len(m.Data) == 0))
	case TypeVerdict:
		r.verdict(&m)
	default:
		r.bad = true
	}
	return m, r.end("message")
}

func (r *reader) verdict(m *Message) {
	m.Verdict.Kind = VerdictKind(r.u8())
	m.Verdict.Seq = journal.Seq(r.uvarint(1<<63 - 1))
	brief := r.u8()
	m.Brief = brief == 1
	n := len(m.Verdict.Hash)
	if m.Brief {
		n = 8
	}
	copy(m.Verdict.Hash[:], r.take(n))
	if len(r.b) > 0 {
		m.Verdict.Want = journal.Seq(r.uvarint(1<<63 - 1))
		m.Verdict.RetryAfter = r.millis()
		m.Verdict.Leader = r.str(maxAddress)
		r.must(m.Verdict.Want != 0 || m.Verdict.Leader != "" || m.Verdict.RetryAfter != 0)
	}
	r.must(m.Verdict.Kind != 0 && brief <= 1)
}

func (r *reader) rest() []byte {
	b := r.b
	r.b = nil
	return b
}
