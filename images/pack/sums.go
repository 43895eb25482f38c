package pack

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// SumsFile is the name of the list of checksums in a release.
const SumsFile = "SHA256SUMS"

// Sums lists the files of dir, sub-directories included, as 'sha256sum --check'
// reads them, but those that skip names.
func Sums(dir string, skip func(name string) bool) ([]byte, error) {
	sums := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if name = filepath.ToSlash(name); err != nil || skip(name) {
			return err
		}
		sums[name], err = FileSum(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sum up %s: %w", dir, err)
	}
	var b bytes.Buffer
	for _, name := range sorted(sums) {
		fmt.Fprintf(&b, "%s  %s\n", sums[name], name)
	}
	return b.Bytes(), nil
}

// FileSum is the SHA-256 of a file in hexadecimal.
func FileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// sorted is the keys of m in order: maps have none, and packages need one.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
