package backups

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// The characters of a recovery code: no 0, O, 1 and I, which people confuse.
const codeAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

const (
	codeGroups = 5
	groupSize  = 5 // the last character of a group checks the four before it
)

// ErrBadCode is wrapped by every error about a recovery code as it was typed. It
// is a *CodeError.
var ErrBadCode = errors.New("recovery code is not right")

// CodeError says where a typed code is wrong, and never what was typed.
type CodeError struct {
	Group int    // 1 to 5; 0: not one group alone
	What  string // in words, English
}

// Error says it with a hint.
func (e *CodeError) Error() string {
	if e.Group == 0 {
		return fmt.Sprintf("%v: %s; hint: it has five groups of five characters, as the recovery sheet shows", ErrBadCode, e.What)
	}
	return fmt.Sprintf("%v: group %d: %s; hint: compare that group with the recovery sheet", ErrBadCode, e.Group, e.What)
}

// Unwrap makes errors.Is(e, ErrBadCode) true.
func (e *CodeError) Unwrap() error { return ErrBadCode }

// RecoveryCode opens the keys of a station that lost its machine: 100 random bits
// in five groups of five characters, each group with a check character of its
// own. It belongs on paper. Its String does not show it, so that it gets into no
// log; Reveal does.
type RecoveryCode struct{ text string } // 25 characters, checked

// NewRecoveryCode makes a code from rand (crypto/rand.Reader but in tests).
func NewRecoveryCode(rand io.Reader) (RecoveryCode, error) {
	raw := make([]byte, codeGroups*(groupSize-1))
	if _, err := io.ReadFull(rand, raw); err != nil {
		return RecoveryCode{}, fmt.Errorf("make a recovery code: %w", err)
	}
	var b strings.Builder
	for g := range codeGroups {
		var vals [groupSize - 1]byte
		for i := range vals {
			vals[i] = raw[g*len(vals)+i] & 31 // 32 characters: each as likely
			b.WriteByte(codeAlphabet[vals[i]])
		}
		b.WriteByte(codeAlphabet[checkValue(g, vals)])
	}
	return RecoveryCode{b.String()}, nil
}

// checkValue is the check of a group: any one wrong character changes it, and any
// two that are swapped, and a group in another's place.
func checkValue(group int, vals [groupSize - 1]byte) byte {
	sum := pow32(group)
	for i, v := range vals {
		sum ^= mul32(v, pow32(i+1))
	}
	return sum
}

// ParseRecoveryCode reads a code as people type it: small letters, spaces, dashes
// and dots do not matter. The error is a *CodeError.
func ParseRecoveryCode(s string) (RecoveryCode, error) {
	if len(s) > 1024 {
		return RecoveryCode{}, &CodeError{What: "far too long"}
	}
	var text []byte
	for _, r := range s {
		if unicode.IsSpace(r) || strings.ContainsRune("-–—._,:;/|", r) {
			continue
		}
		r = unicode.ToUpper(r)
		if r > unicode.MaxASCII || strings.IndexByte(codeAlphabet, byte(r)) < 0 {
			e := &CodeError{Group: len(text)/groupSize + 1, What: "it has a character no code has (there is no 0, O, 1 and I)"}
			if e.Group > codeGroups {
				e.Group = 0
			}
			return RecoveryCode{}, e
		}
		text = append(text, byte(r))
	}
	if len(text) != codeGroups*groupSize {
		return RecoveryCode{}, &CodeError{What: fmt.Sprintf("%d characters instead of %d", len(text), codeGroups*groupSize)}
	}
	c := RecoveryCode{string(text)}
	for g, group := range c.Groups() {
		if !GroupRight(g, group) {
			return RecoveryCode{}, &CodeError{Group: g + 1, What: "a character is wrong, or it is not group " + fmt.Sprint(g+1)}
		}
	}
	return c, nil
}

// GroupRight says whether five characters can be group n (0 to 4) of a code by
// their check character.
func GroupRight(n int, group string) bool {
	if n < 0 || n >= codeGroups || len(group) != groupSize {
		return false
	}
	var vals [groupSize]byte
	for i := range vals {
		at := strings.IndexByte(codeAlphabet, group[i])
		if at < 0 {
			return false
		}
		vals[i] = byte(at)
	}
	return checkValue(n, [groupSize - 1]byte(vals[:groupSize-1])) == vals[groupSize-1]
}

// Groups are the five groups, for a sheet.
func (c RecoveryCode) Groups() [codeGroups]string {
	var g [codeGroups]string
	for i := range g {
		if c.text != "" {
			g[i] = c.text[i*groupSize : (i+1)*groupSize]
		}
	}
	return g
}

// Reveal is the code in groups with dashes between: for the sheet and nothing else.
func (c RecoveryCode) Reveal() string {
	g := c.Groups()
	return strings.Join(g[:], "-")
}

// String does not show the code.
func (RecoveryCode) String() string { return "recovery code (secret)" }

// GoString is String.
func (c RecoveryCode) GoString() string { return c.String() }

// LogValue is String.
func (c RecoveryCode) LogValue() slog.Value { return slog.StringValue(c.String()) }
