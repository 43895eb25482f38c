package rescue

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tramxa/appliance/store"
)

// What is in the way, and what was taken off a disk and cannot be put in place, is
// renamed, never deleted.

// occupied says whether a directory has anything in it.
func occupied(dir string) (bool, error) {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(names) > 0, err
}

// setAside renames what is in the way; a key file only when it is another's.
func (t Target) setAside(keys store.Keys) (aside []string, err error) {
	full, err := occupied(t.Dir)
	if err != nil {
		return nil, err
	}
	var names []string
	if full {
		names = append(names, t.Dir)
	} else if err := os.Remove(t.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // an empty one is in the way of the renaming
	}
	if t.foreignKey(keys) {
		names = append(names, t.KeyFile)
	}
	for _, name := range names {
		to := freeName(name + ".aside-" + t.Now().UTC().Format("20060102T150405"))
		if err := os.Rename(name, to); err != nil {
			return aside, fmt.Errorf("set aside %s: %w; hint: stop the service first", name, err)
		}
		t.Log.say(sayAside, name, to)
		aside = append(aside, to)
	}
	return aside, nil
}

// refused ends an attempt that another like it would end no better, with err. What
// was copied off a disk is kept under a name of its own, where Find finds it: the
// disk may not give it again.
func (t Target) refused(f Found, temp string, err error) error {
	if f.What != Station {
		return errors.Join(err, os.RemoveAll(temp))
	}
	if full, ferr := occupied(temp); ferr != nil || !full {
		return err
	}
	kept := freeName(t.Dir + ".kept-" + t.Now().UTC().Format("20060102T150405"))
	if rerr := os.Rename(temp, kept); rerr != nil {
		return errors.Join(err, rerr)
	}
	t.Log.say(sayKept, kept)
	return fmt.Errorf("%w; what was copied is kept in %s", err, kept)
}

// freeName is the name, or it with something added, that nothing has.
func freeName(name string) string {
	for _, err := os.Lstat(name); err == nil; _, err = os.Lstat(name) {
		name += "x"
	}
	return name
}
