package rescue

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Log is what a rescue did, in Vietnamese and English, to be printed and kept. Its
// zero value is ready. It holds paths, numbers and times, and nothing of a person.
type Log struct {
	Now  func() time.Time    // nil: time.Now
	Show func(vi, en string) // told each line as it comes; nil: nobody

	mu    sync.Mutex
	lines []line
}

type line struct {
	at     time.Time
	vi, en string
}

// say adds a line of the table in text.go.
func (l *Log) say(t text, args ...any) { l.Add(fmt.Sprintf(t.vi, args...), fmt.Sprintf(t.en, args...)) }

// Add adds a line.
func (l *Log) Add(vi, en string) {
	if l == nil {
		return
	}
	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	l.mu.Lock()
	l.lines = append(l.lines, line{now(), vi, en})
	l.mu.Unlock()
	if l.Show != nil {
		l.Show(vi, en)
	}
}

// Text is the whole log, Vietnamese first.
func (l *Log) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	b.WriteString("NHẬT KÝ CỨU HỘ / RESCUE LOG\n")
	for _, part := range []func(line) string{func(l line) string { return l.vi }, func(l line) string { return l.en }} {
		b.WriteByte('\n')
		for _, e := range l.lines {
			fmt.Fprintf(&b, "%s  %s\n", e.at.Format("2006-01-02 15:04:05"), part(e))
		}
	}
	return b.String()
}

// WriteTo writes Text.
func (l *Log) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, l.Text())
	return int64(n), err
}
