package service

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// RotatedLog is a log file of bounded size, for systems without a journal of
// their own. Its zero value is not valid; Path is required.
//
// Write never fails: a full disk stops the log, never the station.
type RotatedLog struct {
	Path string // the newest file; older ones are Path.1, Path.2, …
	Max  int64  // bytes of one file; 0: 1 MiB
	Keep int    // older files kept; 0: 4

	mu   sync.Mutex
	file *os.File
	size int64
}

// Write appends b, after turning the files when it would not fit. Safe for
// concurrent use.
func (l *RotatedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil && l.size > 0 && l.size+int64(len(b)) > l.max() {
		l.turn()
	}
	if l.file == nil && l.open() != nil {
		return len(b), nil
	}
	n, err := l.file.Write(b)
	l.size += int64(n)
	if err != nil { // tried again at the next line
		l.file.Close()
		l.file = nil
	}
	return len(b), nil
}

// Close closes the file; a later Write opens it again.
func (l *RotatedLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

func (l *RotatedLog) max() int64 {
	if l.Max > 0 {
		return l.Max
	}
	return 1 << 20
}

func (l *RotatedLog) open() error {
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.size = f, info.Size()
	return nil
}

// turn moves every file one number up; the oldest is overwritten. A file that
// cannot be moved is emptied instead: bounded comes before complete.
func (l *RotatedLog) turn() {
	l.file.Close()
	l.file = nil
	keep := l.Keep
	if keep <= 0 {
		keep = 4
	}
	for i := keep; i > 1; i-- {
		_ = os.Rename(l.numbered(i-1), l.numbered(i))
	}
	if os.Rename(l.Path, l.numbered(1)) != nil {
		_ = os.Truncate(l.Path, 0)
	}
}

func (l *RotatedLog) numbered(i int) string { return fmt.Sprintf("%s.%d", l.Path, i) }
