package population

import (
	"errors"
	"strconv"
	"strings"
)

// String returns the number as printed on the sheet: 100, or 100.1 for its
// first continuation; "" for none.
func (n HouseholdNumber) String() string {
	switch {
	case n.Number == 0:
		return ""
	case n.Sheet == 0:
		return strconv.FormatUint(uint64(n.Number), 10)
	}
	return strconv.FormatUint(uint64(n.Number), 10) + "." + strconv.Itoa(int(n.Sheet))
}

// IsZero reports whether there is no number.
func (n HouseholdNumber) IsZero() bool { return n == HouseholdNumber{} }

// ErrHouseholdNumber is returned for a text that is not a household number.
var ErrHouseholdNumber = errors.New("not a household number: write it as 100 or 100.1")

// ParseHouseholdNumber reads what String writes.
func ParseHouseholdNumber(s string) (HouseholdNumber, error) {
	if s == "" {
		return HouseholdNumber{}, nil
	}
	number, sheet, dotted := strings.Cut(s, ".")
	n, ok := parseDecimal(number)
	if ok && !dotted {
		return HouseholdNumber{Number: n}, nil
	}
	k, ok1 := parseDecimal(sheet)
	if !ok || !ok1 || k > 255 {
		return HouseholdNumber{}, ErrHouseholdNumber
	}
	return HouseholdNumber{Number: n, Sheet: uint8(k)}, nil
}

// MarshalText writes the number as String does.
func (n HouseholdNumber) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what ParseHouseholdNumber reads.
func (n *HouseholdNumber) UnmarshalText(b []byte) error {
	v, err := ParseHouseholdNumber(string(b))
	if err == nil {
		*n = v
	}
	return err
}
