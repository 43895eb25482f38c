package population

// How values that know each other are packed into few bytes. Every function here
// is part of the format of version 1.

// dateOrigin is 2030-01-01 in days since 1970-01-01: days about it, those of
// entries, take two bytes, other days three.
const dateOrigin = 21915

// datePartial is the first number of dates whose day is unknown.
const datePartial = 1 << 18

// packDate gives a valid date as one integer: 0 unknown; a day as its distance
// from dateOrigin (1 the origin itself, 2 the day after, −1 the day before); a
// month or year as datePartial + (year−1800)·13 + month, month 0 unknown.
func packDate(d Date) int64 {
	switch {
	case d.IsZero():
		return 0
	case d.Day == 0:
		return datePartial + int64(d.Year-MinYear)*13 + int64(d.Month)
	}
	n := int64(d.Days()) - dateOrigin
	if n >= 0 {
		n++
	}
	return n
}

func unpackDate(n int64) (d Date, ok bool) {
	switch {
	case n == 0:
		return Date{}, true
	case n >= datePartial:
		n -= datePartial
		if n > (MaxYear-MinYear)*13+12 {
			return Date{}, false
		}
		return Date{Year: uint16(n/13) + MinYear, Month: uint8(n % 13)}, true
	case n > 0:
		n--
	}
	if n < firstDay-dateOrigin || n > lastDay-dateOrigin {
		return Date{}, false
	}
	return DateOfDays(int(n) + dateOrigin), true
}

// A personal number of twelve digits is two integers. The first is 1 + the first
// three digits (1–1000) when the next three agree with sex and year of birth,
// else 1001 + the first six; the second is the last six.
const (
	numberShort = 1
	numberLong  = 1001
)

func packNumber(s string, sex Sex, born Date) (head, tail uint64) {
	six, _ := digits(s, 0, 6)
	last, _ := digits(s, 6, 6)
	if three, ok := numberDigits(sex, born); ok && three == six%1000 {
		return uint64(numberShort + six/1000), uint64(last)
	}
	return uint64(numberLong + six), uint64(last)
}

func unpackNumber(head, tail uint64, sex Sex, born Date) (s string, ok bool) {
	three, agrees := numberDigits(sex, born)
	var six int
	switch {
	case head >= numberLong:
		six = int(head - numberLong)
		if agrees && three == six%1000 {
			return "", false // has a shorter form
		}
	case agrees:
		six = int(head-numberShort)*1000 + three
	default:
		return "", false
	}
	return string(appendDigits(appendDigits(make([]byte, 0, 12), six, 6), int(tail), 6)), true
}

// maxNumberHead is the largest first integer of a number.
const maxNumberHead = numberLong + 999999

// An insurance number is 0 none; 1 the personal number again; a list
// [four digits, six digits] of the ten-digit form, [10000 + six digits, six
// digits] of the twelve-digit form, or [four digits, six digits, the five
// characters before] of the 15-character form; anything else a byte string.
const (
	insuranceSame = 1
	insuranceLong = 10000
)

func isTwelve(s string) bool { return len(s) == 12 && allDigits(s) }

func packInsurance(s string) (head, tail uint64, prefix string, ok bool) {
	var h, t int
	switch {
	case len(s) == 10 && allDigits(s):
		h, _ = digits(s, 0, 4)
		t, _ = digits(s, 4, 6)
	case isTwelve(s):
		h, _ = digits(s, 0, 6)
		t, _ = digits(s, 6, 6)
		h += insuranceLong
	case isLongInsurance(s):
		h, _ = digits(s, 5, 4)
		t, _ = digits(s, 9, 6)
		prefix = s[:5]
	default:
		return 0, 0, "", false
	}
	return uint64(h), uint64(t), prefix, true
}

func unpackInsurance(head, tail uint64, prefix string) string {
	b := append(make([]byte, 0, 15), prefix...)
	if head >= insuranceLong {
		b = appendDigits(b, int(head-insuranceLong), 6)
	} else {
		b = appendDigits(b, int(head), 4)
	}
	return string(appendDigits(b, int(tail), 6))
}
