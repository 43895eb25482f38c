package population

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The keys under which names and places are compared (domain guide: exact, K1,
// K2, K3, in this order). A key is for comparing, never for showing. Keys of
// words are joined by single spaces.

// Key1 is equal for two spellings of one written name: normal form, letter case,
// place of the tone mark (hòa, hoà), apostrophes, hyphens, Đ and Ð, and spaces
// do not matter; tones and letters do.
func Key1(s string) string {
	b := make([]byte, 0, len(s)+8)
	tones := make([]rune, 0, 2) // of the word being read, moved to its end
	var base rune
	for _, r := range norm.NFD.String(squeeze(s)) {
		switch {
		case r == ' ':
			b = append(appendRunes(b, tones), ' ')
			tones = tones[:0]
		case isTone(r) && isVowel(base):
			tones = append(tones, r)
		case isApostrophe(r):
			b = append(b, '\'')
		case isHyphen(r):
			b = append(b, '-')
		default:
			r = unicode.ToLower(r)
			if r == 'ð' {
				r = 'đ'
			}
			if !unicode.IsMark(r) {
				base = r
			}
			b = utf8.AppendRune(b, r)
		}
	}
	return string(appendRunes(b, tones))
}

func appendRunes(b []byte, rs []rune) []byte {
	for _, r := range rs {
		b = utf8.AppendRune(b, r)
	}
	return b
}

// isTone reports whether r is one of the five tone marks of Vietnamese.
func isTone(r rune) bool {
	switch r {
	case 0x0300, 0x0301, 0x0303, 0x0309, 0x0323:
		return true
	}
	return false
}

func isVowel(r rune) bool { return strings.ContainsRune("aeiouy", r) }

// Key2 is the name as typed without marks: lower case letters a–z, digits and
// single spaces ("nguyen van an"). Apostrophes vanish, hyphens and dots divide
// words. Letters that cannot be brought to a–z stay as they are. It is for
// searching; equal keys alone are a suspicion.
func Key2(s string) string {
	if k, ok := asciiKey2(s); ok {
		return k
	}
	b := make([]byte, 0, len(s))
	for _, r := range norm.NFKD.String(s) {
		b = appendPlain(b, r)
	}
	return strings.TrimSuffix(string(b), " ")
}

// asciiKey2 spares plain text the decomposition.
func asciiKey2(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return "", false
		}
		b = appendPlain(b, rune(s[i]))
	}
	return strings.TrimSuffix(string(b), " "), true
}

func appendPlain(b []byte, r rune) []byte {
	r = unicode.ToLower(r)
	switch r {
	case 'đ', 'ð', 'ɖ', 'ɗ':
		r = 'd'
	case 'ƀ', 'ɓ':
		r = 'b'
	case 'ł':
		r = 'l'
	case 'ø':
		r = 'o'
	case 'ı':
		r = 'i'
	}
	switch {
	case unicode.IsMark(r), isApostrophe(r):
		return b
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return utf8.AppendRune(b, r)
	case len(b) > 0 && b[len(b)-1] != ' ':
		return append(b, ' ')
	}
	return b
}

// Key3 is Key2 with i and y as one letter, the prefixes of sex of highland names
// (H', Y) dropped and the clan prefix Rơ, Rah, R' joined to its word in one way
// (Rơ Lan, Rah Lan, R'Lan). It finds doubles; equal keys are a suspicion only.
func Key3(s string) string {
	words := strings.Fields(strings.Map(divide, norm.NFC.String(s)))
	b := make([]byte, 0, len(s))
	join := false
	for i, w := range words {
		k := Key2(w)
		last := i == len(words)-1
		if k == "" || !last && (k == "h" || strings.EqualFold(w, "y") || strings.EqualFold(w, "y'")) {
			continue
		}
		if !last && isClanPrefix(w, k) {
			join = true
			b = appendWord(b, "r", false)
			continue
		}
		b = appendWord(b, dropPrefix(w, k), join)
		join = false
	}
	for i := range b {
		if b[i] == 'y' {
			b[i] = 'i'
		}
	}
	return string(b)
}

// divide makes hyphens and dots spaces.
func divide(r rune) rune {
	if r == '.' || isHyphen(r) {
		return ' '
	}
	return r
}

func appendWord(b []byte, w string, join bool) []byte {
	if len(b) > 0 && !join {
		b = append(b, ' ')
	}
	return append(b, w...)
}

// isClanPrefix reports whether a word is the clan prefix standing alone: rơ, ro
// or r, with or without an apostrophe, and rah. Rô and rồ are names.
func isClanPrefix(w, k string) bool {
	switch k {
	case "r", "rah":
		return true
	case "ro":
		r, _ := utf8.DecodeRuneInString(w[1:])
		return r == 'o' || r == 'O' || r == 'ơ' || r == 'Ơ'
	}
	return false
}

// dropPrefix drops H and Y written together with the name, and the ơ of Rơ in
// front of another syllable. k is the Key2 of w.
func dropPrefix(w, k string) string {
	if len(k) < 2 {
		return k
	}
	marked := false // an apostrophe after the first letter
	if r, n := utf8.DecodeRuneInString(w[1:]); n > 0 {
		marked = isApostrophe(r)
	}
	switch first, second := k[0], rune(k[1]); {
	case (first == 'h' || first == 'y') && (marked || !isVowel(second)):
		return k[1:]
	case first == 'r' && second == 'o' && len(k) > 3 && !isVowel(rune(k[2])) && hasVowel(k[3:]) && strings.HasPrefix(strings.ToLower(w[1:]), "ơ"):
		return "r" + k[2:]
	}
	return k
}

func hasVowel(s string) bool { return strings.ContainsAny(s, "aeiouy") }
