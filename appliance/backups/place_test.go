package backups_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestAPlaceBearsOldSticks holds the names to what FAT32 and exFAT allow, and the
// folders to few files.
func TestAPlaceBearsOldSticks(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 100)
	w.once(t)
	w.record(t, 100)
	w.once(t)
	seen := map[string]bool{}
	err := filepath.WalkDir(w.stick, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := filepath.Base(name)
		if len(base) > 100 || strings.ContainsAny(base, `"*/:<>?\|`) || strings.HasSuffix(base, ".") || strings.HasSuffix(base, " ") {
			t.Errorf("%q is no name on a stick", base)
		}
		if low := strings.ToLower(name); seen[low] {
			t.Errorf("%s differs from another name by capitals only", name)
		} else {
			seen[low] = true
		}
		if !e.IsDir() && !e.Type().IsRegular() {
			t.Errorf("%s is not a plain file", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
