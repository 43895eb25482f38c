package register

import (
	"encoding/binary"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
)

// Meta is what the register keeps of a record beside its body.
type Meta struct {
	Seq      uint64
	Mint     population.Mint // under which the body's own serials are
	Envelope journal.Envelope
	Outside  Reason // why it was not folded; Folded for ordinary entries
}

// Reason says why a record was kept without being folded. Numbers are part of
// the rows. None of them is an error of the fold.
type Reason uint8

// The reasons.
const (
	Folded         Reason = 0
	BadEnvelope    Reason = 1 // the envelope cannot be read
	BadBody        Reason = 2 // the body is not a canonical body of its kind
	BadTarget      Reason = 3 // an amendment of nothing, of another kind, or of an amendment or annulment
	BadRange       Reason = 4 // an annulment of nothing written before it, or of too long a range
	TooMany        Reason = 5 // concerns more entities, or reaches back deeper, than one record may
	UnknownKind    Reason = 6 // pending: a kind or version of a newer program
	reasonsDefined        = 7
)

// Pending reports whether a newer program may understand the record.
func (r Reason) Pending() bool { return r == UnknownKind }

// Quarantined reports whether the record makes no sense to any program.
func (r Reason) Quarantined() bool { return r != Folded && r != UnknownKind }

// String returns the reason in words.
func (r Reason) String() string {
	words := [reasonsDefined]string{
		"folded", "envelope cannot be read", "body cannot be read", "amends nothing that can be amended",
		"annuls nothing that can be annulled", "concerns too many entities", "written by a newer program",
	}
	if int(r) < len(words) {
		return words[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// record is the body row: Meta and the body, never changed once written.
type record struct {
	Meta
	body []byte
}

func (m record) encode() []byte {
	e := m.Envelope
	w := writer{b: make([]byte, 0, len(m.body)+32)}
	flags := uint8(e.Class) & 3
	if e.Trusted {
		flags |= 4
	}
	w.byte(flags)
	w.byte(uint8(m.Outside))
	w.uint(uint64(e.Kind))
	w.byte(e.Version)
	w.uint(uint64(m.Mint))
	w.int(e.At)
	w.int(int64(e.Offset))
	w.uint(uint64(e.Actor))
	w.uint(uint64(e.Device))
	w.uint(e.DeviceSeq)
	w.uint(uint64(e.Op))
	w.uint(uint64(e.Base))
	return append(w.b, m.body...)
}

func parseRecord(seq uint64, b []byte) (record, error) {
	r := reader{b: b}
	flags := r.byte()
	m := record{Meta: Meta{Seq: seq, Outside: Reason(r.byte())}}
	m.Envelope = journal.Envelope{
		Class: journal.Class(flags & 3), Trusted: flags&4 != 0,
		Kind: uint16(r.uint()), Version: r.byte(),
	}
	m.Mint = population.Mint(r.uint())
	e := &m.Envelope
	e.At, e.Offset, e.Actor = r.int(), int32(r.int()), uint32(r.uint())
	e.Device, e.DeviceSeq = uint32(r.uint()), r.uint()
	e.Op, e.Base = journal.Seq(r.uint()), journal.Seq(r.uint())
	m.body, r.b = r.b, nil
	return m, r.close("record")
}

// record reads the body row of seq; ok is false when there is none.
func (r *rows) record(seq uint64) (m record, ok bool, err error) {
	b, err := r.get(r.num(tabBody, seq))
	if err != nil || b == nil {
		return record{}, false, err
	}
	m, err = parseRecord(seq, b)
	return m, err == nil, err
}

// links are the later records that change what seq means. Rows exist only for
// records that were amended or annulled, and for annulments of annulments.
type links struct {
	annuls []uint64 // annulments that chose seq as a target, live or not, ascending
	amends []uint64 // amendments of seq, live or not, ascending
	depth  uint64   // of an annulment: 1 + the greatest depth among its targets
}

func (r *rows) links(seq uint64) (links, error) {
	b, err := r.get(r.num(tabLinks, seq))
	if err != nil || b == nil {
		return links{}, err
	}
	d := reader{b: b}
	l := links{depth: d.uint()}
	l.annuls, l.amends = d.numbers(), d.numbers()
	return l, d.close("links")
}

func (r *rows) setLinks(seq uint64, l links) {
	w := writer{}
	w.uint(l.depth)
	w.numbers(l.annuls)
	w.numbers(l.amends)
	r.set(r.num(tabLinks, seq), w.b)
}

func (w *writer) numbers(list []uint64) {
	w.uint(uint64(len(list)))
	var last uint64
	for _, n := range list {
		w.uint(n - last)
		last = n
	}
}

func (r *reader) numbers() []uint64 {
	n := r.count()
	var list []uint64
	var last uint64
	for range n {
		last += r.uint()
		list = append(list, last)
	}
	return list
}

// applied reads the sequence of the newest record applied, 0 when none.
func (r *rows) applied() (uint64, error) {
	b, err := r.get(r.of(tabApplied, 0))
	if err != nil || b == nil {
		return 0, err
	}
	if len(b) != 9 {
		return 0, fmt.Errorf("%w: applied sequence", ErrRow)
	}
	return binary.BigEndian.Uint64(b), nil
}

func (r *rows) setApplied(seq uint64) {
	r.set(r.of(tabApplied, 0), append(binary.BigEndian.AppendUint64(nil, seq), FoldVersion))
}
