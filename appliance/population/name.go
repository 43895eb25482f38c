package population

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of a name.
const (
	MaxNameRunes = 80
	maxMarks     = 4 // combining marks on one letter
)

// ErrName is returned for a text that cannot be a name. It never repeats the
// text.
var ErrName = errors.New("not a name: letters, apostrophes, hyphens, dots and spaces, 1 to 80")

// CleanName returns a name as it is stored: NFC, spaces squeezed and trimmed,
// invisible characters that come along from spreadsheets dropped; otherwise as
// written, letters outside the Kinh alphabet, apostrophes (U+0027 and U+2019)
// and combining marks included. It refuses with ErrName what has no letter, has
// other characters than letters, marks, apostrophes, hyphens and dots, or is
// longer than MaxNameRunes.
func CleanName(s string) (string, error) {
	if len(s) > 16*MaxNameRunes || !utf8.ValidString(s) {
		return "", ErrName
	}
	s = norm.NFC.String(squeeze(s)) // in this order: what is dropped may have kept a letter from its mark
	letters, marks := 0, 0
	for i, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters, marks = letters+1, 0
		case unicode.IsMark(r) && i > 0 && marks < maxMarks:
			marks++
		case r == ' ' || r == '.' || isApostrophe(r) || isHyphen(r):
			marks = maxMarks // these carry none
		default:
			return "", ErrName
		}
	}
	if letters == 0 || utf8.RuneCountInString(s) > MaxNameRunes {
		return "", ErrName
	}
	return s, nil
}

// squeeze trims s, makes every run of spaces one U+0020, and drops characters
// without width that are no part of a word.
func squeeze(s string) string {
	clean := !strings.Contains(s, "  ") && strings.TrimSpace(s) == s
	for i := 0; clean && i < len(s); i++ {
		clean = s[i] >= ' ' && s[i] != 0xC2 && s[i] != 0xE2 && s[i] != 0xE3 && s[i] != 0xEF
	}
	if clean {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch r {
		case 0x00AD, 0x200B, 0x2060, 0xFEFF:
			continue
		}
		if !unicode.IsSpace(r) {
			b = utf8.AppendRune(b, r)
		} else if len(b) > 0 && b[len(b)-1] != ' ' {
			b = append(b, ' ')
		}
	}
	return strings.TrimSuffix(string(b), " ")
}

// GivenName returns the word by which a Kinh name is called and sorted: the last.
func GivenName(s string) string {
	return s[strings.LastIndexByte(s, ' ')+1:]
}

// isApostrophe reports whether r is one of the signs typed as apostrophe.
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '`', 0x00B4, 0x02B9, 0x02BB, 0x02BC, 0x2018, 0x2019, 0x2032:
		return true
	}
	return false
}

// isHyphen reports whether r is one of the signs typed as hyphen.
func isHyphen(r rune) bool { return r == '-' || r >= 0x2010 && r <= 0x2013 }
