package update

import (
	"fmt"
	"slices"
	"strings"
)

// Text is a sentence for people, in Vietnamese and in English. English begins
// with a lower-case letter and the cause; what to do follows a semicolon.
type Text struct {
	VI string `json:"vi"`
	EN string `json:"en"`
}

func (t Text) String() string { return t.EN }

// IsZero says whether there is nothing to say.
func (t Text) IsZero() bool { return t == Text{} }

// text fills both sentences in from the same arguments; one that is a Text gives
// each sentence its own language. One that does not need all of them names those
// it needs by number, or none.
func text(vi, en string, args ...any) Text {
	of := func(say func(Text) string) []any {
		own := slices.Clone(args)
		for i, a := range own {
			if t, ok := a.(Text); ok {
				own[i] = say(t)
			}
		}
		return own
	}
	return Text{VI: fill(vi, of(func(t Text) string { return t.VI })), EN: fill(en, of(func(t Text) string { return t.EN }))}
}

// fill is Sprintf that lets a sentence do with fewer arguments.
func fill(format string, args []any) string {
	if strings.Contains(format, "%[") {
		return fmt.Sprintf(format, args...) // numbered: fmt asks for no more
	}
	return fmt.Sprintf(format, args[:min(len(args), strings.Count(format, "%"))]...)
}

// maxReason bounds each language of a sentence that is kept, in bytes.
const maxReason = 240

// bounded cuts both languages at a rune.
func (t Text) bounded() Text { return Text{VI: cutText(t.VI), EN: cutText(t.EN)} }

func cutText(s string) string {
	if len(s) <= maxReason {
		return s
	}
	cut := maxReason - len("…")
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}

// bytesText is a size for people; Vietnamese has a comma before decimals.
func bytesText(n int64) Text {
	if n >= 1<<30 {
		en := fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
		return Text{VI: strings.Replace(en, ".", ",", 1), EN: en}
	}
	mb := fmt.Sprintf("%d MB", (n+1<<20-1)>>20)
	return Text{VI: mb, EN: mb}
}
