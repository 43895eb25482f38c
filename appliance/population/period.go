package population

import "errors"

// Period is a calendar month, the unit in which reports count: year*12 + month−1.
// 0 means none.
type Period uint16

// ErrPeriod is returned for a text that is not a period.
var ErrPeriod = errors.New("not a month: write it as 2026-03")

// MonthPeriod returns the period of a month (1–12).
func MonthPeriod(year, month int) Period { return Period(year*12 + month - 1) }

// PeriodOf returns the month of d; 0 when the month is not known.
func PeriodOf(d Date) Period {
	if d.Month == 0 {
		return 0
	}
	return MonthPeriod(int(d.Year), int(d.Month))
}

// Year returns the year of the month.
func (p Period) Year() int { return int(p) / 12 }

// Month returns the month, 1–12.
func (p Period) Month() int { return int(p)%12 + 1 }

// Valid reports whether p is none or a month of the calendar of Date.
func (p Period) Valid() bool {
	return p == 0 || p >= MinYear*12 && p <= MaxYear*12+11
}

// First returns the first day of the month, the zero Date for none.
func (p Period) First() Date {
	if p == 0 {
		return Date{}
	}
	return Date{uint16(p.Year()), uint8(p.Month()), 1}
}

// Last returns the last day of the month, the zero Date for none.
func (p Period) Last() Date {
	if p == 0 {
		return Date{}
	}
	return Date{uint16(p.Year()), uint8(p.Month()), uint8(monthDays(p.Year(), p.Month()))}
}

// Next returns the month after p; p must be a month.
func (p Period) Next() Period { return p + 1 }

// Prev returns the month before p; p must be a month.
func (p Period) Prev() Period { return p - 1 }

// String returns the month as 2026-03, "" for none.
func (p Period) String() string {
	if p == 0 {
		return ""
	}
	return Date{uint16(p.Year()), uint8(p.Month()), 0}.String()
}

// Vi returns the month as the forms have it: 03/2026, "" for none.
func (p Period) Vi() string {
	if p == 0 {
		return ""
	}
	return Date{uint16(p.Year()), uint8(p.Month()), 0}.Vi()
}

// ParsePeriod reads what String writes and nothing else.
func ParsePeriod(s string) (Period, error) {
	if s == "" {
		return 0, nil
	}
	d, err := ParseDate(s)
	if err != nil || d.Month == 0 || d.Day != 0 {
		return 0, ErrPeriod
	}
	return PeriodOf(d), nil
}

// MarshalText writes the month as String does.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePeriod reads.
func (p *Period) UnmarshalText(b []byte) error {
	v, err := ParsePeriod(string(b))
	if err == nil {
		*p = v
	}
	return err
}
