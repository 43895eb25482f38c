package population

import "strings"

// NormNumber brings a personal number as typed (spaces, dots, hyphens, the
// apostrophe of a spreadsheet) to its bare digits. ok reports whether it has the
// form of a số định danh (12 digits) or a CMND (9 digits). When it has not, norm
// is s as it was, trimmed.
func NormNumber(s string) (norm string, ok bool) {
	norm = bare(s)
	if (len(norm) == 12 || len(norm) == 9) && allDigits(norm) {
		return norm, true
	}
	return strings.TrimSpace(s), false
}

// NumberMeaning is what a 12-digit số định danh says of its owner (Nghị định
// 137/2015/NĐ-CP).
type NumberMeaning struct {
	Place uint16 // where the birth was registered: province of then, or a country from 100
	Sex   Sex
	Year  int // of birth
}

// NumberFacts reads a normalised number. ok is false for anything but 12 digits:
// a CMND says nothing.
func NumberFacts(norm string) (m NumberMeaning, ok bool) {
	if len(norm) != 12 || !allDigits(norm) {
		return NumberMeaning{}, false
	}
	six, _ := digits(norm, 0, 6)
	g := six / 100 % 10
	return NumberMeaning{
		Place: uint16(six / 1000),
		Sex:   Male + Sex(g%2),
		Year:  1900 + g/2*100 + six%100,
	}, true
}

// numberDigits returns the digits four to six of a 12-digit number, sex and year
// of birth, as the rules have them; ok is false where sex or year is not known
// or outside the rules.
func numberDigits(sex Sex, born Date) (three int, ok bool) {
	if sex != Male && sex != Female || born.Year < 1900 {
		return 0, false
	}
	year := int(born.Year)
	return (year/100-19)*200 + int(sex-Male)*100 + year%100, true
}

// NormInsurance brings a health insurance number (BHYT) as typed to capitals and
// digits. ok reports whether it has one of the three forms: 15 characters (two
// letters, rate, province, ten digits), ten digits, twelve digits. When it has
// not, norm is s as it was, trimmed.
func NormInsurance(s string) (norm string, ok bool) {
	norm = strings.ToUpper(bare(s))
	if InsuranceCore(norm) != "" {
		return norm, true
	}
	return strings.TrimSpace(s), false
}

// InsuranceCore returns what the forms of one person's insurance number have in
// common: the last ten digits of the 15-character form, the ten or the twelve
// digits themselves; "" for anything else.
func InsuranceCore(norm string) string {
	switch {
	case len(norm) == 10 && allDigits(norm), len(norm) == 12 && allDigits(norm):
		return norm
	case isLongInsurance(norm):
		return norm[5:]
	}
	return ""
}

func isLongInsurance(s string) bool {
	return len(s) == 15 && capital(s[0]) && capital(s[1]) && s[2] >= '1' && s[2] <= '5' && allDigits(s[3:])
}

func capital(c byte) bool { return c >= 'A' && c <= 'Z' }

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// bare drops the signs with which numbers are divided.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '.' || r == 0x00A0 || r == '\t' || isApostrophe(r) || isHyphen(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}
