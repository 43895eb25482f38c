package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// recentLog keeps the newest bytes written to it, for the diagnosis bundle: the
// service manager's own log is out of reach for whoever sits at the page.
type recentLog struct {
	mu   sync.Mutex
	old  []byte // the half filled before now
	now  []byte
	tail int // bytes of each half
}

const recentBytes = 128 << 10 // twice this at most

func newRecentLog() *recentLog { return &recentLog{tail: recentBytes} }

func (l *recentLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.now)+len(b) > l.tail {
		l.old, l.now = l.now, nil
	}
	l.now = append(l.now, b[max(0, len(b)-l.tail):]...)
	return len(b), nil
}

// WriteTo writes what is kept, the oldest first.
func (l *recentLog) WriteTo(w io.Writer) (int64, error) {
	l.mu.Lock()
	b := append(append([]byte(nil), l.old...), l.now...)
	l.mu.Unlock()
	n, err := w.Write(b)
	return int64(n), err
}

// diagnosis writes what a technician elsewhere wants to see: state of station,
// machine, copies and program, configuration, the newest lines of the log.
// Nothing in it is of a person: the log never has names, and the book is not
// opened.
func (n *stationNode) diagnosis(_ context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	part := func(name string, v any) error {
		f, err := z.Create(name)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(f)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	for _, p := range []struct {
		name string
		v    any
	}{{"version.json", readVersion()}, {"status.json", n.status()}, {"care.json", n.care.report()}} {
		if err := part(p.name, p.v); err != nil {
			return err
		}
	}
	f, err := z.Create(configFile)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(n.dir, configFile))
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	if f, err = z.Create("log.txt"); err != nil {
		return err
	}
	if n.recent != nil {
		if _, err := n.recent.WriteTo(f); err != nil {
			return err
		}
	}
	return z.Close()
}
