package hubcopy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tramxa/appliance/journal"
	"tramxa/replication/identity"
)

const (
	folderPrefix = "tramxa-hub-"
	copyPrefix   = "copy-"
	copyExt      = ".tramhub"
	partExt      = ".part"
	maxNumber    = 999_999_999
)

// ErrNoCopy: there is none in that place.
var ErrNoCopy = errors.New("no copy of a hub is there")

// folderName is a node's folder in a place.
func folderName(pin identity.Pin, node string) string {
	return fmt.Sprintf("%s%x-%s", folderPrefix, pin[:4], node)
}

func copyName(number uint64) string { return fmt.Sprintf("%s%06d%s", copyPrefix, number, copyExt) }

// numberOf reads the number in a copy's name.
func numberOf(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, copyPrefix)
	digits, ok2 := strings.CutSuffix(digits, copyExt)
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ok && ok2 && err == nil && n > 0 && n <= maxNumber && copyName(n) == name
}

// numbers lists the copies in a folder in ascending order; none when it is absent.
func numbers(fsys journal.FS, folder string) (all []uint64, err error) {
	names, err := fsys.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, name := range names {
		if n, ok := numberOf(name); ok {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, err
}

// Find returns the path of a copy: at itself when it is a file, else in the place
// or folder at; number 0 is the newest. A place may hold the folders of several
// nodes of one hub; then the one with the latest date is taken, and for a
// number the folder must be named. ErrNoCopy.
func Find(at string, number uint64) (string, error) {
	info, err := os.Stat(at)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return at, nil
	}
	folders := []string{at}
	names, err := journal.OS.ReadDir(at)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if strings.HasPrefix(name, folderPrefix) {
			folders = append(folders, filepath.Join(at, name))
		}
	}
	return findIn(at, folders, number)
}

func findIn(at string, folders []string, number uint64) (best string, err error) {
	var first, newest Header
	for _, folder := range folders {
		all, err := numbers(journal.OS, folder)
		if err != nil {
			return "", err
		}
		if len(all) == 0 || number != 0 && !slices.Contains(all, number) {
			continue
		}
		n := number
		if n == 0 {
			n = all[len(all)-1]
		}
		name := filepath.Join(folder, copyName(n))
		h, err := headerOf(name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if best != "" && (h.Pin != first.Pin || number != 0) {
			return "", fmt.Errorf("%s holds copies of more than one node; hint: name the folder of one", at)
		}
		if best == "" || h.Made.After(newest.Made) {
			best, newest = name, h
		}
		first = newest
	}
	if best == "" {
		return "", fmt.Errorf("%w: %s", ErrNoCopy, at)
	}
	return best, nil
}

func headerOf(name string) (Header, error) {
	f, err := journal.OS.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return Header{}, err
	}
	defer f.Close()
	return ReadHeader(f)
}

// Newest returns the newest finished copy of a node in a place; ErrNoCopy.
func Newest(place string, pin identity.Pin, node string) (Header, error) {
	folder := filepath.Join(place, folderName(pin, node))
	all, err := numbers(journal.OS, folder)
	if err != nil {
		return Header{}, err
	}
	if len(all) == 0 {
		return Header{}, fmt.Errorf("%w: %s", ErrNoCopy, folder)
	}
	return headerOf(filepath.Join(folder, copyName(all[len(all)-1])))
}

// sweep removes copies that were not finished.
func sweep(fsys journal.FS, folder string) error {
	names, err := fsys.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := numberOf(strings.TrimSuffix(name, partExt)); ok && strings.HasSuffix(name, partExt) {
			if err := fsys.Remove(filepath.Join(folder, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// prune removes the oldest copies beyond keep.
func prune(fsys journal.FS, folder string, keep int) error {
	all, err := numbers(fsys, folder)
	if err != nil || len(all) <= keep {
		return err
	}
	for _, n := range all[:len(all)-keep] {
		if err := fsys.Remove(filepath.Join(folder, copyName(n))); err != nil {
			return err
		}
	}
	return fsys.SyncDir(folder)
}
