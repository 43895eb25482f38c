package population

import "time"

// Date is a day of the Gregorian calendar of which the month or day may be
// unknown. The zero Date is wholly unknown. Years are 1800–2199.
type Date struct {
	Year  uint16
	Month uint8 // 0 unknown; then Day is 0 too
	Day   uint8 // 0 unknown
}

// The years a Date may have.
const (
	MinYear = 1800
	MaxYear = 2199
)

// Tri is an answer that may be unknown.
type Tri int8

// The answers. The zero Tri is Maybe.
const (
	No    Tri = -1
	Maybe Tri = 0
	Yes   Tri = 1
)

// NewDate returns the day; ok is false when there is no such day or the year is
// out of range.
func NewDate(year, month, day int) (d Date, ok bool) {
	if year < MinYear || year > MaxYear || month < 1 || month > 12 || day < 1 || day > monthDays(year, month) {
		return Date{}, false
	}
	return Date{uint16(year), uint8(month), uint8(day)}, true
}

// DateOf returns the day of t in t's own time zone; the zero Date when its year
// is out of range.
func DateOf(t time.Time) Date {
	y, m, day := t.Date()
	d, _ := NewDate(y, int(m), day)
	return d
}

// IsZero reports whether nothing is known of the date.
func (d Date) IsZero() bool { return d == Date{} }

// Exact reports whether the day is known.
func (d Date) Exact() bool { return d.Day != 0 }

// Valid reports whether d is a date this calendar can have; the zero Date is.
func (d Date) Valid() bool {
	switch {
	case d.IsZero():
		return true
	case d.Year < MinYear || d.Year > MaxYear || d.Month > 12:
		return false
	case d.Month == 0:
		return d.Day == 0
	}
	return int(d.Day) <= monthDays(int(d.Year), int(d.Month))
}

// First returns the earliest day the date can be; of the zero Date, the first
// day of the calendar.
func (d Date) First() Date {
	if d.Year == 0 {
		d.Year = MinYear
	}
	if d.Month == 0 {
		d.Month, d.Day = 1, 0
	}
	if d.Day == 0 {
		d.Day = 1
	}
	return d
}

// Last returns the latest day the date can be; of the zero Date, the last day
// of the calendar.
func (d Date) Last() Date {
	if d.Year == 0 {
		d.Year = MaxYear
	}
	if d.Month == 0 {
		d.Month, d.Day = 12, 0
	}
	if d.Day == 0 {
		d.Day = uint8(monthDays(int(d.Year), int(d.Month)))
	}
	return d
}

// Before reports whether d is an earlier day than o: Yes and No when it is so
// whatever the unknown parts are, else Maybe.
func (d Date) Before(o Date) Tri {
	switch {
	case d.Last().less(o.First()):
		return Yes
	case !d.First().less(o.Last()):
		return No
	}
	return Maybe
}

// After reports whether d is a later day than o.
func (d Date) After(o Date) Tri { return o.Before(d) }

// less orders exact days.
func (d Date) less(o Date) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// Days returns the days from 1970-01-01 to the earliest day the date can be,
// negative before it.
func (d Date) Days() int {
	d = d.First()
	// Years counted from March, so that the leap day is the last of its year.
	y, m := int(d.Year), int(d.Month)
	if m <= 2 {
		y, m = y-1, m+12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int(d.Day) - 1 - 719468
}

// DateOfDays returns the day that is n days after 1970-01-01; the zero Date when
// it is out of the calendar.
func DateOfDays(n int) Date {
	if n < firstDay || n > lastDay {
		return Date{}
	}
	n += 719468
	era := n / 146097
	doe := n % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	y, m, day := yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if m > 12 {
		y, m = y+1, m-12
	}
	return Date{uint16(y), uint8(m), uint8(day)}
}

// The days of 1800-01-01 and 2199-12-31, counted from 1970-01-01.
const (
	firstDay = -62091
	lastDay  = 84005
)

// AddDays returns the day n days after the earliest day of d; the zero Date when
// that is out of the calendar.
func (d Date) AddDays(n int) Date { return DateOfDays(d.Days() + n) }

// AgeOn returns the completed years of somebody born on d at the given day, as
// the least and the most it can be; negative before birth. For unknown dates the
// bounds are as wide as the calendar. Who is born on 29 February completes a
// year on 1 March where the year has no such day.
func (d Date) AgeOn(day Date) (min, max int) {
	return age(d.Last(), day.First()), age(d.First(), day.Last())
}

func age(born, day Date) int {
	years := int(day.Year) - int(born.Year)
	if day.Month < born.Month || day.Month == born.Month && day.Day < born.Day {
		years--
	}
	return years
}

func monthDays(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
