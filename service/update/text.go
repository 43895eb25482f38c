package update

import "fmt"

// Text is a sentence for people, in Vietnamese and in English. English begins
// with a lower-case letter and the cause; what to do follows a semicolon.
type Text struct {
	VI string `json:"vi"`
	EN string `json:"en"`
}

func (t Text) String() string { return t.EN }

// IsZero says whether there is nothing to say.
func (t Text) IsZero() bool { return t == Text{} }

func text(vi, en string, args ...any) Text {
	return Text{VI: fmt.Sprintf(vi, args...), EN: fmt.Sprintf(en, args...)}
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

// bytesText is a size for people.
func bytesText(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MB", (n+1<<20-1)>>20)
}
