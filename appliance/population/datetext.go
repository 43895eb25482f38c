package population

import (
	"errors"
	"strings"
)

// Errors of texts that are not dates. They never repeat the text.
var (
	ErrDate   = errors.New("not a date: write it as 2026-03-05, 2026-03 or 2026")
	ErrViDate = errors.New("not a date: write it as 05/03/2026, 03/2026 or 2026")
)

// String returns the date as ISO 8601 writes it: 2026-03-05, 2026-03 or 2026, ""
// when nothing is known.
func (d Date) String() string {
	if d.Year == 0 {
		return ""
	}
	b := appendDigits(make([]byte, 0, 10), int(d.Year), 4)
	if d.Month != 0 {
		b = appendDigits(append(b, '-'), int(d.Month), 2)
		if d.Day != 0 {
			b = appendDigits(append(b, '-'), int(d.Day), 2)
		}
	}
	return string(b)
}

// Vi returns the date as the forms have it: 05/03/2026, 03/2026 or 2026, ""
// when nothing is known.
func (d Date) Vi() string {
	if d.Year == 0 {
		return ""
	}
	b := make([]byte, 0, 10)
	if d.Day != 0 {
		b = append(appendDigits(b, int(d.Day), 2), '/')
	}
	if d.Month != 0 {
		b = append(appendDigits(b, int(d.Month), 2), '/')
	}
	return string(appendDigits(b, int(d.Year), 4))
}

// ParseDate reads what String writes and nothing else.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	var d Date
	year, ok := digits(s, 0, 4)
	if ok && len(s) >= 7 {
		month, ok1 := digits(s, 5, 2)
		ok = ok1 && s[4] == '-' && month != 0
		d.Month = uint8(month)
	}
	if ok && len(s) == 10 {
		day, ok1 := digits(s, 8, 2)
		ok = ok1 && s[7] == '-' && day != 0
		d.Day = uint8(day)
	}
	d.Year = uint16(year)
	if !ok || len(s) != 4 && len(s) != 7 && len(s) != 10 || !d.Valid() {
		return Date{}, ErrDate
	}
	return d, nil
}

// ParseViDate reads a date as officers write it: day, month and year divided by
// a stroke, dot, hyphen or space (5/3/2026, 05.03.2026), eight digits (05032026),
// month and year (3/2026), a year (1950), and unknown parts as --, ??, 00 or xx
// (--/03/2026). "" and "không rõ", "không nhớ", "ko nhớ" are the zero Date. A
// year has four digits; see ParseViDateNear for two. ISO dates are read too.
func ParseViDate(s string) (Date, error) { return parseVi(s, Date{}) }

// ParseViDateNear reads what ParseViDate reads and also years of two digits
// (5/3/26, 050326): the latest such year in which the date is not after today.
func ParseViDateNear(s string, today Date) (Date, error) { return parseVi(s, today) }

func parseVi(s string, today Date) (Date, error) {
	s = strings.TrimSpace(s)
	switch Key2(s) {
	case "", "khong ro", "khong nho", "ko ro", "ko nho", "k ro", "k nho", "kr":
		if strings.ContainsAny(s, "0123456789") {
			return Date{}, ErrViDate
		}
		return Date{}, nil
	}
	if d, err := ParseDate(s); err == nil {
		return d, nil
	}
	parts := viParts(s)
	if parts == nil || len(parts) > 3 {
		return Date{}, ErrViDate
	}
	var d Date
	ok := true
	year := parts[len(parts)-1]
	if len(parts) >= 2 {
		d.Month, ok = viPart(parts[len(parts)-2])
	}
	if ok && len(parts) == 3 {
		d.Day, ok = viPart(parts[0])
	}
	if d.Month == 0 && d.Day != 0 {
		ok = false
	}
	switch n, digitsOnly := digits(year, 0, len(year)); {
	case !ok || !digitsOnly:
		return Date{}, ErrViDate
	case len(year) == 4:
		d.Year = uint16(n)
	case len(year) == 2 && len(parts) == 3 && today.Year != 0:
		d.Year = uint16(int(today.Year)/100*100 + n)
		if today.Before(d) == Yes {
			d.Year -= 100
		}
	}
	if d.Year == 0 || !d.Valid() {
		return Date{}, ErrViDate
	}
	return d, nil
}

// viParts splits a date into day, month and year; nil when it has no such shape.
func viParts(s string) []string {
	if _, ok := digits(s, 0, len(s)); ok {
		switch len(s) {
		case 4:
			return []string{s}
		case 6, 8:
			return []string{s[:2], s[2:4], s[4:]}
		}
		return nil
	}
	for _, sep := range []string{"/", ".", " ", "-"} {
		if strings.Contains(s, sep) {
			parts := strings.Split(s, sep)
			for i := range parts {
				parts[i] = strings.TrimSpace(parts[i])
			}
			return parts
		}
	}
	return nil
}

// viPart reads a day or month; 0 when it is marked as unknown.
func viPart(s string) (uint8, bool) {
	switch strings.ToLower(s) {
	case "", "-", "--", "?", "??", "x", "xx", "0", "00":
		return 0, true
	}
	n, ok := digits(s, 0, len(s))
	return uint8(n), ok && len(s) <= 2
}

// digits reads n decimal digits at pos; n is 1–9.
func digits(s string, pos, n int) (int, bool) {
	if n < 1 || n > 9 || len(s) < pos+n {
		return 0, false
	}
	v := 0
	for _, c := range []byte(s[pos : pos+n]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// appendDigits appends n in decimal with leading zeros up to the width.
func appendDigits(b []byte, n, width int) []byte {
	for div := pow10(width - 1); div > 0; div /= 10 {
		b = append(b, byte('0'+n/div%10))
	}
	return b
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// MarshalText writes the date as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err == nil {
		*d = v
	}
	return err
}
