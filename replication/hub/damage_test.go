package hub_test

import (
	"os"
	"path/filepath"
	"testing"
)

// damage flips a bit in the middle of every table of a node's state.
func damage(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "state", "state-*", "*.sst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables to damage: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 4
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
