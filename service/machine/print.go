package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// Print names a machine by its hardware, 16 bytes, version 1: four parts of four
// bytes each, cut from SHA-256, zero where a part is not known.
//
//	0 firmware's UUID · 4 serial number of the board or the product · 8 serial number of the system disk · 12 make and model
//
// It tells nothing about the machine but whether two prints can be of the same.
// A network card's address is not in it: cards are changed and addresses copied.
type Print [16]byte

const (
	printUUID = iota
	printBoard
	printDisk
	printModel
	printParts
)

// PrintOf is the print of a machine; f must be of Look for the data directory.
// The service, without rights, cannot read UUID and board; Compare knows that.
func PrintOf(f Facts) Print {
	var p Print
	p.put(printUUID, known(f.Board.UUID))
	board := known(f.Board.BoardSerial)
	if board == "" {
		board = known(f.Board.ProductSerial)
	}
	if board != "" { // makers number each for themselves
		p.put(printBoard, f.Board.Vendor+"\x00"+f.Board.Name+"\x00"+board)
	}
	if serial := known(f.Disk.Serial); serial != "" {
		p.put(printDisk, f.Disk.Model+"\x00"+serial)
	}
	if model := f.Board.Vendor + f.Board.Product + f.Board.Name; model != "" {
		p.put(printModel, f.Board.Vendor+"\x00"+f.Board.Product+"\x00"+f.Board.Name)
	}
	return p
}

func (p *Print) put(part int, value string) {
	if value == "" {
		return
	}
	sum := sha256.Sum256([]byte("tramxa machine print 1\x00" + string(rune('0'+part)) + "\x00" + strings.ToLower(strings.TrimSpace(value))))
	copy(p[4*part:], sum[:4])
	if p.part(part) == [4]byte{} { // not known is another thing
		p[4*part] = 1
	}
}

func (p Print) part(i int) [4]byte { return [4]byte(p[4*i : 4*i+4]) }

// Likeness is what two prints say about each other.
type Likeness uint8

// Alike is the same machine, Different another, Untellable neither can be said.
const (
	Untellable Likeness = iota
	Alike
	Different
)

// Compare is tolerant as a workshop is: a machine stays the same with another
// disk, or with another board around its disk; one number of the three that
// agrees is enough, for of two copies that run at the same time none does. Where
// none of the three is known on both sides, another make or model is another
// machine, the same says nothing.
func Compare(a, b Print) Likeness {
	compared := false
	for i := range printModel {
		x, y := a.part(i), b.part(i)
		if x == [4]byte{} || y == [4]byte{} {
			continue
		}
		if x == y {
			return Alike
		}
		compared = true
	}
	if compared {
		return Different
	}
	x, y := a.part(printModel), b.part(printModel)
	if x != y && x != [4]byte{} && y != [4]byte{} {
		return Different
	}
	return Untellable
}

// Same is false only where the prints are surely of two machines: a copy of the
// whole disk that runs in another PC.
func Same(a, b Print) bool { return Compare(a, b) != Different }

// String is hexadecimal; MarshalText and UnmarshalText are for files.
func (p Print) String() string { return hex.EncodeToString(p[:]) }

// MarshalText implements encoding.TextMarshaler.
func (p Print) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Print) UnmarshalText(b []byte) error {
	if len(b) != 2*len(p) {
		return errors.New("a machine's print has 32 hexadecimal digits")
	}
	_, err := hex.Decode(p[:], b)
	return err
}

// parts says how many of the strong parts are known.
func (p Print) parts() int {
	n := 0
	for i := range printModel {
		if p.part(i) != [4]byte{} {
			n++
		}
	}
	return n
}

// Known says whether the print can tell machines apart at all.
func (p Print) Known() bool { return p.parts() > 0 }
