package codelist

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The keys of this package are those of names in lists, which other programs
// write with and without hyphens, spaces and apostrophes (Gia-rai, Gia Rai;
// M'Đrắk with U+0027 or U+2019): only letters and digits count. Names of
// persons have keys of their own in package population.

// exactKey keeps letters with their diacritics and tones; where in its word a
// tone is written does not count (Khánh Hoà, Khánh Hòa), nor case, nor whether
// the text is composed, nor Ð U+00D0 for Đ.
func exactKey(s string) string {
	var b strings.Builder
	var tone rune
	end := func() {
		if tone != 0 {
			b.WriteRune(tone)
			tone = 0
		}
	}
	for _, r := range norm.NFD.String(s) {
		switch {
		case isTone(r):
			tone = r
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(lower(r))
		case unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		default:
			end()
		}
	}
	end()
	return b.String()
}

// looseKey keeps the bare letters and digits: "khanhhoa".
func looseKey(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			if r = lower(r); r == 'đ' {
				r = 'd'
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

func lower(r rune) rune {
	if r = unicode.ToLower(r); r == 'ð' {
		return 'đ'
	}
	return r
}

// isTone reports the five tone marks of Vietnamese, decomposed.
func isTone(r rune) bool {
	switch r {
	case '\u0300', '\u0301', '\u0303', '\u0309', '\u0323':
		return true
	}
	return false
}
