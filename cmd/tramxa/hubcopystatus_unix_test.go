//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHangingPlaceHangsNobody: a copy that cannot be read and gives no error, as
// on a disk or a line that hangs. Status and pages answer all the same, and after
// a while they say so.
func TestHangingPlaceHangsNobody(t *testing.T) {
	place := t.TempDir()
	h := &hubCopies{config: hubConfig{ID: "n1", Backup: []string{place}}}
	if list := h.look(); len(list) != 1 || !list[0].Unread || len(oldCopies(list, time.Now())) != 0 {
		t.Errorf("before it was looked at: %+v", list)
	}
	folder := filepath.Join(place, fmt.Sprintf("tramxa-hub-%x-n1", h.pin[:4]))
	name := filepath.Join(folder, "copy-000001.tramhub")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skipf("skipped: no fifo here: %v", err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		h.refresh()
	}()
	hangs := func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.asked) == 1
	}
	for end := time.Now().Add(patience); !hangs(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing hangs: this run proves nothing")
		}
	}
	if list := h.look(); !list[0].Unread || list[0].Problem != "" {
		t.Errorf("%+v", list)
	}
	h.mu.Lock()
	h.asked[place] = time.Now().Add(-2 * slowPlace)
	h.mu.Unlock()
	var out bytes.Buffer
	if err := showCopies(&out, h.look(), time.Now()); err != nil || !strings.Contains(out.String(), "has not answered since") {
		t.Errorf("%s %v", out.String(), err)
	}
	w, err := os.OpenFile(name, os.O_WRONLY, 0) // and now it answers, with nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	<-read
	if list := h.look(); list[0].Unread || !strings.Contains(list[0].Problem, "cut short") {
		t.Errorf("%+v", list)
	}
}
