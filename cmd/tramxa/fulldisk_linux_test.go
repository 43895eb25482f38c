package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/store"
	"tramxa/service/place"
)

// inOwnMounts runs the test again where a file system may be mounted, and says
// whether this is that run.
func inOwnMounts(t *testing.T) bool {
	const mark = "TEST_IN_OWN_MOUNTS" // TRAMXA_… are cleared for tests
	if os.Getenv(mark) == "1" {
		return true
	}
	if out, err := exec.Command("unshare", "-rm", "true").CombinedOutput(); err != nil {
		t.Skipf("skipped: no mounts of one's own here: %v %s", err, out)
	}
	cmd := exec.Command("unshare", "-rm", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), mark+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// fill takes all room there is.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 1<<20); len(b) > 0; {
		if _, err := f.Write(b); err != nil {
			b = b[:len(b)/2]
		}
	}
}

// TestFullDiskIsNoRestartLoop fills a station's disk to the last byte: the
// station comes up to be read, and without the ballast it says what is the
// matter and opens when there is room again.
func TestFullDiskIsNoRestartLoop(t *testing.T) {
	if !inOwnMounts(t) {
		return
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=160m"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) }()
	base := place.Base(filepath.Join(disk, "tramxa"))
	c := stationConfig{Key: base.StationKey(), Listen: "127.0.0.1:0", Name: "Xã Ia Grai", Reserve: 8}
	for _, dir := range []string{base.Station(), filepath.Dir(c.Key)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := initStation(base.Station(), c, 7, 7, "23764"); err != nil {
		t.Fatal(err)
	}
	defer func(d time.Duration) { fullPatience = d }(fullPatience)
	fullPatience = time.Second
	first := startFirst(t, base)
	newClerkAtPC(t, first.page).waitFor("/healthz")
	first.end()

	fill(t, filepath.Join(disk, "film"))
	second := startFirst(t, base) // has the ballast
	newClerkAtPC(t, second.page).waitFor("/healthz")
	second.end()

	if err := os.Remove(filepath.Join(base.Station(), "ballast")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	fill(t, filepath.Join(disk, "film2"))
	third := startFirst(t, base)
	answer := ""
	for end := time.Now().Add(patience); !strings.HasPrefix(answer, "503 Ổ đĩa của máy trạm đã đầy") && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get("http://" + third.page + "/")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		answer = strconv.Itoa(resp.StatusCode) + " " + string(b)
	}
	if !strings.HasPrefix(answer, "503 Ổ đĩa của máy trạm đã đầy") {
		t.Error(answer)
	}
	for _, name := range []string{"film", "film2"} {
		if err := os.Remove(filepath.Join(disk, name)); err != nil {
			t.Fatal(err)
		}
	}
	newClerkAtPC(t, third.page).waitFor("/healthz")
	third.end()
}

// heldStation is a station whose copying begins when the test says so.
type heldStation struct {
	*store.Store
	begun, release chan struct{}
	read           atomic.Bool // the store was read, and is not any more
}

func (h *heldStation) BackupTo(ctx context.Context, to store.Sink) (store.Manifest, store.State, error) {
	close(h.begun)
	<-h.release
	m, st, err := h.Store.BackupTo(ctx, to)
	h.read.Store(true)
	return m, st, err
}

// TestStopWhileACopyIsMade: the stop ends the copy and waits for that, so that
// nothing reads the store of a station that is closed.
func TestStopWhileACopyIsMade(t *testing.T) {
	base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
	r := &running{base: base, out: io.Discard, log: newLogger(nil, 0), recent: newRecentLog()}
	r.atBase(false)
	if _, err := initStation(r.dir, stationConfig{Key: r.key, Listen: "127.0.0.1:0", Reserve: 1}, 7, 7, "23764"); err != nil {
		t.Fatal(err)
	}
	if err := r.lookAround(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := openStation(t.Context(), r.dir, r.log, r.tune)
	if err != nil {
		t.Fatal(err)
	}
	if n.care, err = newCare(r, n); err != nil {
		t.Fatal(err)
	}
	held := &heldStation{Store: n.Store(), begun: make(chan struct{}), release: make(chan struct{})}
	n.care.backups, err = backups.New(backups.Options{Station: held, KeyFile: n.config.Key, Home: base.Backups(), Reserve: 1, Running: n.copying(),
		Targets: func() []backups.Target { return []backups.Target{{Dir: base.Backups(), Kind: backups.Local}} }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() { defer close(done); _ = n.care.Run(ctx) }()
	n.care.backupNow()
	select {
	case <-held.begun:
	case <-time.After(patience):
		t.Fatal("no copy is made")
	}
	stop()
	select {
	case <-done: // a moment, in which who does not wait is caught
		t.Error("stopped while a copy is being made")
	case <-time.After(100 * time.Millisecond):
	}
	close(held.release)
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the stop hangs")
	}
	st := n.care.backups.Status()
	if !held.read.Load() || st.Running {
		t.Errorf("stopped while a copy is being made: %+v", st)
	}
	if best, ok := st.Best(); ok {
		t.Errorf("the stop waited until the copy was made: %+v", best)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
