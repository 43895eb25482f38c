package register

import (
	"bytes"
	"testing"
)

// Two tables with one byte would mix their rows without an error anywhere.
func TestNoTwoTablesShareAByte(t *testing.T) {
	seen := make(map[table]bool)
	for _, x := range tables {
		if seen[x] {
			t.Errorf("table %q stands twice", byte(x))
		}
		seen[x] = true
	}
	k := key{7}
	for _, a := range tables {
		for _, b := range tables {
			if a != b && bytes.HasPrefix(k.of(a, 0), k.of(b, 0)) {
				t.Errorf("rows of %q stand among those of %q", byte(a), byte(b))
			}
		}
	}
	if bytes.HasPrefix(k.of(tabApplied, 0), Prefix(8)) || !bytes.HasPrefix(k.of(tabApplied, 0), Prefix(7)) {
		t.Error("rows of one station stand among those of another")
	}
}
