package update

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFound bounds how many bundles are looked at.
const maxFound = 64

// Collection is open files that may be bundles. It needs no rights but those to
// read them, so it can be opened before rights are given up.
type Collection struct{ files []openFile }

type openFile struct {
	path string
	file *os.File
	err  error
}

// Collect opens files as named, and in directories *.tramup and
// tram-update/*.tramup. The caller closes the collection.
func Collect(places ...string) *Collection {
	c := &Collection{}
	for _, name := range bundleNames(places) {
		f, err := os.Open(name)
		c.files = append(c.files, openFile{name, f, err})
	}
	return c
}

// Close closes the files; bundles found in them cannot be read any more.
func (c *Collection) Close() error {
	var errs []error
	for _, f := range c.files {
		if f.err == nil {
			errs = append(errs, f.file.Close())
		}
	}
	return errors.Join(errs...)
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

// Found is one file that was looked at.
type Found struct {
	Path    string
	Release Release // when Err is nil
	Bundle  *Bundle // of FindIn, when Err is nil
	Err     error
}

// Find is FindIn for files and folders by name; it leaves no file open.
func (s *Store) Find(places ...string) ([]Found, error) {
	c := Collect(places...)
	found, err := s.FindIn(c)
	for i := range found {
		found[i].Bundle = nil
	}
	return found, errors.Join(err, c.Close())
}

// FindIn verifies the bundles of a collection. The highest sequence comes first,
// what cannot be used last.
func (s *Store) FindIn(c *Collection) ([]Found, error) {
	trust, err := s.Trust()
	if err != nil {
		return nil, refusalOr(err)
	}
	var found []Found
	for _, f := range c.files {
		one := Found{Path: f.path}
		if one.Bundle, one.Err = f.open(trust); one.Err == nil {
			one.Release = one.Bundle.Release
		}
		found = append(found, one)
	}
	// What is no bundle has sequence 0.
	slices.SortStableFunc(found, func(a, b Found) int { return cmp.Compare(b.Release.Sequence, a.Release.Sequence) })
	return found, nil
}

func (f openFile) open(trust Trust) (*Bundle, error) {
	if f.err != nil {
		return nil, f.err
	}
	info, err := f.file.Stat()
	if err != nil {
		return nil, &SourceError{err}
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a file", ErrFormat, f.path)
	}
	return OpenBundle(f.file, info.Size(), trust)
}

// Best is the bundle with the highest sequence that may be installed here now,
// with warnings. When there is none, the refusal is that of the highest.
func (s *Store) Best(found []Found, c Choice) (Found, []Text, error) {
	var first error
	for _, f := range found {
		err := f.Err
		if err == nil {
			var warnings []Text
			if warnings, err = s.Check(f.Release, c); err == nil {
				return f, warnings, nil
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = &Refusal{ReasonSource, text(
				"Không tìm thấy %s. Hãy kiểm tra lại tên hoặc cắm lại USB.",
				"%s is not there; check the name, or plug the stick in again", f.Path), err}
		}
		first = cmp.Or(first, err)
	}
	if first == nil {
		first = refuse(ReasonNothing, text(
			"Không tìm thấy gói cập nhật (*%s, hoặc trong thư mục %s). Hãy cắm USB, hoặc chỉ rõ tệp bằng --from.",
			"no bundle was found (*%s, or in the folder %s); plug in the stick or name the file with --from", BundleExt, StickDir))
	}
	return Found{}, nil, refusalOr(first)
}
