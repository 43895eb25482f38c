package population

import (
	"errors"
	"strconv"
	"strings"
)

// Mint is a number granted by the hub to one epoch of one station; under it the
// station numbers persons, households and areas.
type Mint uint32

// ID names a person, household or area for ever: a mint number and a serial
// under it. Serials are shared by the three, so an ID denotes one thing only.
// The zero ID means none.
type ID uint64

// NewID returns the ID (mint, serial). Both must be above 0.
func NewID(m Mint, serial uint32) ID { return ID(m)<<32 | ID(serial) }

// Mint returns the mint number of the id.
func (id ID) Mint() Mint { return Mint(id >> 32) }

// Serial returns the serial under the mint.
func (id ID) Serial() uint32 { return uint32(id) }

// Valid reports whether the id can denote a person, household or area.
func (id ID) Valid() bool { return id.Mint() != 0 && id.Serial() != 0 }

// ErrID is returned for a text that is not an id.
var ErrID = errors.New("not an id: write it as printed, like 12-3456-W")

// checkLetters are the check characters: the alphabet without I, L and O, which
// are taken for digits. Their number is prime, which the promise of checkLetter
// rests on.
const checkLetters = "ABCDEFGHJKMNPQRSTUVWXYZ"

// checkLetter returns the check character of "mint-serial". It is the value of
// the text, read with the hyphen as the digit 10 and the radix 5, modulo 23. As
// 23 is prime and 5 is a primitive root of it, any one wrong character and any
// two exchanged, neighbours or not, give another letter, in texts of up to 22
// characters; the longest id has 21.
func checkLetter(text string) byte {
	sum := 0
	for i := range len(text) {
		digit := 10
		if text[i] != '-' {
			digit = int(text[i] - '0')
		}
		sum = (sum*5 + digit) % len(checkLetters)
	}
	return checkLetters[sum]
}

// String returns the id as printed, "mint-serial-check" (12-3456-W); "" for the
// zero ID. A number without a mint (users, operations) is printed plain.
func (id ID) String() string {
	if id == 0 {
		return ""
	}
	if id.Mint() == 0 {
		return strconv.FormatUint(uint64(id), 10)
	}
	b := make([]byte, 0, 24)
	b = strconv.AppendUint(b, uint64(id.Mint()), 10)
	b = append(b, '-')
	b = strconv.AppendUint(b, uint64(id.Serial()), 10)
	return string(append(b, '-', checkLetter(string(b))))
}

// ParseID reads an id as String prints it; the check character may be written
// small. It refuses an id whose check character does not fit.
func ParseID(s string) (ID, error) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 || i != len(s)-2 {
		return 0, ErrID
	}
	mint, serial, ok := strings.Cut(s[:i], "-")
	if !ok {
		return 0, ErrID
	}
	m, ok1 := parseDecimal(mint)
	n, ok2 := parseDecimal(serial)
	if !ok1 || !ok2 || checkLetter(s[:i]) != s[i+1]&^0x20 {
		return 0, ErrID
	}
	return NewID(Mint(m), n), nil
}

// parseDecimal reads 1 … 2^32−1 without a sign or leading zeros.
func parseDecimal(s string) (uint32, bool) {
	if s == "" || s[0] < '1' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// MarshalText writes the id as String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what ParseID reads; "" is the zero ID.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = 0
		return nil
	}
	v, err := ParseID(string(b))
	if err == nil {
		*id = v
	}
	return err
}

// EntityType says what an entity is.
type EntityType uint8

// The entity types; the numbers are part of the register's keys.
const (
	TypePerson    EntityType = 1
	TypeHousehold EntityType = 2
	TypeArea      EntityType = 3
	TypeUser      EntityType = 4 // ID is the user number, without a mint
	TypeOperation EntityType = 5 // ID is the sequence of its begin record, without a mint
)

// Ref names an entity whose state an entry changes.
type Ref struct {
	Type EntityType
	ID   ID
}
