package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ErrBad is wrapped by every refusal of an input.
var ErrBad = errors.New("package cannot be made")

// Entry is one file, directory or symbolic link inside a package.
type Entry struct {
	Path string      // with slashes, clean, not absolute
	Mode fs.FileMode // permissions, and fs.ModeDir or fs.ModeSymlink
	Link string      // what a symbolic link points at
	Data []byte      // content of a file
}

// Tree is what a package contains, in any order.
type Tree []Entry

// full is the tree with its missing parent directories, sorted by path, so that
// a directory comes before what is in it. ErrBad on a path that leaves the tree
// or stands there twice.
func (t Tree) full() (Tree, error) {
	seen := make(map[string]bool)
	var out Tree
	for _, e := range t {
		if e.Path == "" || e.Path == "." || path.Clean(e.Path) != e.Path || path.IsAbs(e.Path) || strings.HasPrefix(e.Path, "..") || strings.Contains(e.Path, `\`) {
			return nil, fmt.Errorf("%w: %q is no path inside it", ErrBad, e.Path)
		}
		if seen[e.Path] {
			return nil, fmt.Errorf("%w: %q is there twice", ErrBad, e.Path)
		}
		seen[e.Path] = true
		out = append(out, e)
	}
	for _, e := range t {
		for dir := path.Dir(e.Path); dir != "." && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			out = append(out, Entry{Path: dir, Mode: fs.ModeDir | 0o755})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// under is the full tree inside the directory dir.
func (t Tree) under(dir string) (Tree, error) {
	t, err := t.full()
	if err != nil {
		return nil, err
	}
	for i := range t {
		t[i].Path = path.Join(dir, t[i].Path)
	}
	return t.full()
}
