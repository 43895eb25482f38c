package update

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFound bounds how many bundles are looked at.
const maxFound = 64

// Found is a bundle on a stick or in a folder.
type Found struct {
	Path    string
	Release Release // when Err is nil
	Err     error
}

// Find looks for bundles: files as named, and in directories *.tramup and
// tram-update/*.tramup. The highest valid sequence comes first, what cannot be
// used last. A place that is not there is a Found with an error.
func (s *Store) Find(places ...string) ([]Found, error) {
	trust, err := s.Trust()
	if err != nil {
		return nil, refusalOr(err)
	}
	var found []Found
	for _, name := range bundleNames(places) {
		f := Found{Path: name}
		b, closer, err := OpenBundleFile(name, trust)
		if f.Err = err; err == nil {
			f.Release, f.Err = b.Release, closer.Close()
		}
		found = append(found, f)
	}
	slices.SortStableFunc(found, func(a, b Found) int {
		switch {
		case (a.Err == nil) != (b.Err == nil):
			if a.Err == nil {
				return -1
			}
			return 1
		case a.Release.Sequence != b.Release.Sequence:
			if a.Release.Sequence > b.Release.Sequence {
				return -1
			}
			return 1
		}
		return 0
	})
	return found, nil
}

func bundleNames(places []string) []string {
	var names []string
	for _, place := range places {
		info, err := os.Stat(place)
		if err != nil || !info.IsDir() {
			names = append(names, place)
			continue
		}
		for _, dir := range []string{place, filepath.Join(place, StickDir)} {
			entries, err := os.ReadDir(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				names = append(names, dir)
			}
			for _, e := range entries {
				if !e.IsDir() && strings.EqualFold(filepath.Ext(e.Name()), BundleExt) && !strings.HasPrefix(e.Name(), ".") {
					names = append(names, filepath.Join(dir, e.Name()))
				}
			}
		}
	}
	return names[:min(len(names), maxFound)]
}

// Best is the bundle with the highest sequence that may be installed here now.
// When there is none, the refusal is that of the highest.
func (s *Store) Best(found []Found, c Choice) (Found, []Text, error) {
	var first error
	var worst Found
	for _, f := range found {
		err := f.Err
		if err == nil {
			var warnings []Text
			if warnings, err = s.Check(f.Release, c); err == nil {
				return f, warnings, nil
			}
		}
		if first == nil {
			first, worst = err, f
		}
	}
	if first == nil {
		first = refuse(ReasonNothing, text(
			"Không tìm thấy gói cập nhật (*%s, hoặc trong thư mục %s).",
			"no bundle was found (*%s, or in the folder %s); plug in the stick or name the file with --from", BundleExt, StickDir))
	}
	if errors.Is(first, fs.ErrNotExist) {
		first = &Refusal{ReasonSource, text(
			"Không mở được %s.", "%s is not there; check the name, or plug the stick in again", worst.Path), first}
	}
	return worst, nil, refusalOr(first)
}
