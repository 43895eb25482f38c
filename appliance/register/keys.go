package register

import (
	"encoding/binary"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
)

// FoldVersion is the version of the fold: which kinds it understands and how
// its rows look. State hashes are comparable between equal versions only.
const FoldVersion = 1

// table is the byte after the station that says what a row is. Every key of the
// register is: station (4 bytes, big endian) ‖ table ‖ the rest as noted. All
// numbers in keys are big endian, so keys sort by them.
type table byte

// The tables. Bytes are part of the format of checkpoints and never reused.
const (
	tabApplied   table = 'a' // — → applied sequence (8), fold version
	tabBody      table = 'b' // sequence (8) → what was written: envelope facts and body
	tabLinks     table = 'l' // sequence (8) → annulments and amendments of it
	tabRefs      table = 'e' // type (1) id (8) → sequences of the entries about it
	tabPerson    table = 'p' // id (8) → state
	tabHousehold table = 'h' // id (8) → state
	tabArea      table = 'r' // id (8) → state
	tabUser      table = 'u' // number (8) → state
	tabOperation table = 'o' // sequence (8) → state
	tabMembers   table = 'm' // household (8) → persons with their place in the A0 sheet
	tabToken     table = 'n' // word of a folded name, 0x00, person (8) → —
	tabName      table = 'x' // whole folded name → persons
	tabBorn      table = 'd' // year (2) month (1) day (1) → persons
	tabNumber    table = 'i' // số định danh, normalised → persons
	tabInsurance table = 'j' // core of the insurance number → persons
	tabChildren  table = 'c' // mother (8) → persons
	tabSheet     table = 'w' // area (8) number (4) sheet (1) → households
	tabAreaNo    table = 't' // area number (8) → areas
	tabLogin     table = 'g' // login → user numbers
	tabCounted   table = 'f' // period (2) sequence (8) → kind (2)
	tabMonth     table = 'v' // month of the event (2) sequence (8) → kind (2)
	tabKey       table = 'k' // device (4) device sequence (8) → sequences
	tabSeries    table = 's' // operation (8) sequence (8) → —
	tabSerial    table = 'y' // mint (4) → highest serial seen
	tabClosed    table = 'z' // — → the entries that close periods: period<<48 | sequence
	tabOutside   table = 'q' // sequence (8) → why it was not folded: quarantine and pending
)

// tables lists all of them for the test that none is used twice.
var tables = [...]table{
	tabApplied, tabBody, tabLinks, tabRefs, tabPerson, tabHousehold, tabArea, tabUser, tabOperation, tabMembers,
	tabToken, tabName, tabBorn, tabNumber, tabInsurance, tabChildren, tabSheet, tabAreaNo, tabLogin, tabCounted,
	tabMonth, tabKey, tabSeries, tabSerial, tabClosed, tabOutside,
}

// Prefix returns the bytes all keys of a station begin with.
func Prefix(station journal.Station) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(station))
}

// key builds keys of one station.
type key struct{ station journal.Station }

func (k key) of(t table, size int) []byte {
	b := make([]byte, 0, 5+size)
	b = binary.BigEndian.AppendUint32(b, uint32(k.station))
	return append(b, byte(t))
}

func (k key) num(t table, n uint64) []byte { return binary.BigEndian.AppendUint64(k.of(t, 8), n) }

func (k key) text(t table, s string) []byte { return append(k.of(t, len(s)), s...) }

func (k key) refs(r population.Ref) []byte {
	return binary.BigEndian.AppendUint64(append(k.of(tabRefs, 9), byte(r.Type)), uint64(r.ID))
}

func (k key) token(word string, id population.ID) []byte {
	b := append(append(k.of(tabToken, len(word)+9), word...), 0)
	return binary.BigEndian.AppendUint64(b, uint64(id))
}

func (k key) born(d population.Date) []byte {
	return append(k.year(d.Year), d.Month, d.Day)
}

func (k key) year(y uint16) []byte { return binary.BigEndian.AppendUint16(k.of(tabBorn, 4), y) }

func (k key) sheet(area population.ID, n population.HouseholdNumber) []byte {
	b := binary.BigEndian.AppendUint64(k.of(tabSheet, 13), uint64(area))
	return append(binary.BigEndian.AppendUint32(b, n.Number), n.Sheet)
}

func (k key) period(t table, p population.Period, seq uint64) []byte {
	b := binary.BigEndian.AppendUint16(k.of(t, 10), uint16(p))
	return binary.BigEndian.AppendUint64(b, seq)
}

func (k key) command(device uint32, seq uint64) []byte {
	b := binary.BigEndian.AppendUint32(k.of(tabKey, 12), device)
	return binary.BigEndian.AppendUint64(b, seq)
}

func (k key) series(op, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(k.num(tabSeries, op), seq)
}

func (k key) serial(m population.Mint) []byte {
	return binary.BigEndian.AppendUint32(k.of(tabSerial, 4), uint32(m))
}
