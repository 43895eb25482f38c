package population

import (
	"reflect"
	"strings"
	"testing"
)

// TestLongestNameComesBack: a name of the full 320 bytes is read again, in one
// word and in several.
func TestLongestNameComesBack(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("a", maxName), strings.Repeat("a", maxName/2) + " " + strings.Repeat("b", maxName/2-1),
		strings.Repeat("𐍂", MaxNameRunes), // a name CleanName takes
	} {
		e := Marriage{A: NewID(testMint, 1), OtherName: name}
		kind, version, body, err := EncodeBody(testMint, e)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeBody(testMint, kind, version, body); err != nil || !reflect.DeepEqual(back, Entry(e)) {
			t.Errorf("%d bytes: %v", len(name), err)
		}
	}
}
