package update

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestSentencesAreWhole: every reading error has its sentence in both languages,
// without leftovers of formatting.
func TestSentencesAreWhole(t *testing.T) {
	for _, err := range []error{
		ErrDevelopment, fmt.Errorf("%w: x", ErrUnsigned), fmt.Errorf("%w: 100%% of it", ErrFormat), &SourceError{errors.New("input/output error")},
	} {
		no := AsRefusal(err)
		if no == nil || !errors.Is(no, err) {
			t.Fatalf("%v: %v", err, no)
		}
		if s := no.Text.VI + no.Text.EN; strings.Contains(s, "%!") || !strings.Contains(no.Text.EN, err.Error()) {
			t.Errorf("%q", no.Text)
		}
	}
	if AsRefusal(nil) != nil || AsRefusal(errors.New("something else")) != nil {
		t.Error("not every error is a refusal")
	}
	long := Text{VI: strings.Repeat("đã ", 200), EN: strings.Repeat("x", maxReason)}.bounded()
	if len(long.VI) > maxReason || !strings.HasSuffix(long.VI, "…") || strings.ContainsRune(long.VI, '\uFFFD') || len(long.EN) != maxReason {
		t.Errorf("%q", long.VI)
	}
}

// TestSizesAreWrittenInTheLanguage: a size has the decimal mark of the sentence it
// stands in.
func TestSizesAreWrittenInTheLanguage(t *testing.T) {
	for n, want := range map[int64]Text{
		1 << 30:            {VI: "1,0 GB", EN: "1.0 GB"},
		5<<30 + 512<<20:    {VI: "5,5 GB", EN: "5.5 GB"},
		300<<20 - 1<<19:    {VI: "300 MB", EN: "300 MB"},
		1<<30 - 24<<20 - 1: {VI: "1000 MB", EN: "1000 MB"},
	} {
		if got := bytesText(n); got.VI != want.VI || got.EN != want.EN {
			t.Errorf("%d: %q and %q, want %q and %q", n, got.VI, got.EN, want.VI, want.EN)
		}
	}
	no := errDiskFull(3<<30, 512<<20).Text
	if !strings.Contains(no.VI, "còn 512 MB, cần 3,0 GB") || !strings.Contains(no.EN, "has 512 MB free, the update needs 3.0 GB") {
		t.Errorf("%q and %q", no.VI, no.EN)
	}
}
