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
