package journal_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

// TestFileSystemsBehaveAlike runs one suite against the real file system and the
// one of the tests: what is proved on the second is meant for the first.
func TestFileSystemsBehaveAlike(t *testing.T) {
	for name, fsys := range map[string]journal.FS{"os": journal.OS, "crashfs": crashfs.New(crashfs.Options{})} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			must(t, fsys.MkdirAll(dir, 0o700))
			must(t, fsys.MkdirAll(dir, 0o700))
			fileSuite(t, fsys, filepath.Join(dir, "f"))
			nameSuite(t, fsys, dir)
			if free, err := fsys.Free(dir); err != nil || free == 0 {
				t.Fatalf("free: %d, %v", free, err)
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fileSuite(t *testing.T, fsys journal.FS, name string) {
	t.Helper()
	if _, err := fsys.OpenFile(name, os.O_RDWR, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("open what is not there: %v", err)
	}
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	must(t, err)
	if _, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("create twice: %v", err)
	}
	must(t, f.Allocate(0, 10_000))
	_, err = f.WriteAt([]byte("far"), 9_000)
	must(t, err)
	_, err = f.Write([]byte("one"))
	must(t, err)
	_, err = f.Write([]byte("two"))
	must(t, err)
	must(t, f.Sync())
	if size, err := f.Size(); size != 10_000 || err != nil {
		t.Fatalf("size %d, %v", size, err)
	}
	must(t, f.Truncate(9_002))
	must(t, f.Truncate(9_005))
	must(t, f.Close())
	if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Fatalf("closed twice: %v", err)
	}
	want := append(append([]byte("onetwo"), make([]byte, 8_994)...), 'f', 'a', 0, 0, 0)
	got, err := journal.ReadFile(fsys, name, 9_005)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("content differs: %v", err)
	}
	if _, err := journal.ReadFile(fsys, name, 9_004); !errors.Is(err, journal.ErrTooLarge) {
		t.Fatalf("a file over the limit: %v", err)
	}
	r, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	must(t, err)
	defer r.Close()
	if n, err := r.ReadAt(make([]byte, 10), 9_000); n != 5 || err != io.EOF {
		t.Fatalf("read over the end: %d, %v", n, err)
	}
	if n, err := r.Read(make([]byte, 9_000)); n != 9_000 || err != nil {
		t.Fatalf("read: %d, %v", n, err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 5 || err != nil {
		t.Fatalf("read on: %d, %v", n, err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Fatalf("read at the end: %d, %v", n, err)
	}
	if _, err := r.WriteAt([]byte("x"), 0); err == nil {
		t.Fatal("wrote to a file opened for reading")
	}
}

func nameSuite(t *testing.T, fsys journal.FS, dir string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, journal.WriteFileAtomic(fsys, at("g"), []byte("first"), 0o600))
	must(t, journal.WriteFileAtomic(fsys, at("g"), []byte("2nd"), 0o600))
	if b, err := journal.ReadFile(fsys, at("g"), 100); err != nil || string(b) != "2nd" {
		t.Fatalf("%q, %v", b, err)
	}
	must(t, fsys.Rename(at("f"), at("g")))
	if size, err := fsys.Stat(at("g")); size != 9_005 || err != nil {
		t.Fatalf("after the rename: %d, %v", size, err)
	}
	must(t, fsys.MkdirAll(at("sub"), 0o700))
	names, err := fsys.ReadDir(dir)
	if err != nil || !slices.Equal(names, []string{"g", "sub"}) {
		t.Fatalf("%q, %v", names, err)
	}
	must(t, fsys.SyncDir(dir))
	if err := fsys.Remove(dir); err == nil {
		t.Fatal("removed a directory that is not empty")
	}
	must(t, fsys.Remove(at("g")))
	must(t, fsys.Remove(at("sub")))
	for _, err := range []error{fsys.Remove(at("g")), fsys.Rename(at("g"), at("h")), second(fsys.Stat(at("g"))), second(fsys.ReadDir(at("sub")))} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("of what is not there: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
