package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/replication/fsm"
	"tramxa/replication/identity"
)

var errSlow = errors.New("the disk is slow")

// TestOfficeIsTakenInTheEnd: a new leader whose tries to begin fail, as those of one
// with a slow disk do, tries again: it leads, so nobody else will. The second try here
// founds the hub and does not learn of it; the third must not found another.
func TestOfficeIsTakenInTheEnd(t *testing.T) {
	dir := t.TempDir()
	ca, err := identity.CreateCA(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	node, err := ca.CreateNode(dir, "node-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h, err := prepare(Options{Dir: dir, Node: node, Listener: ln, Peers: []Peer{{ID: "node-1", Raft: "127.0.0.1:1"}}, Bootstrap: true, NoNightly: true,
		Times:      Times{Heartbeat: 100 * time.Millisecond, Commit: 5 * time.Millisecond},
		BlockCache: 4 << 20, IndexCache: 4 << 20, ValueLogFile: 32 << 20, LogSegment: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	tries := 0 // of lead alone, until it has ended
	var founded [8]byte
	h.begin(func() error {
		if h.Leads() {
			t.Error("leads before it took office")
		}
		tries++
		switch tries {
		case 1:
			return errSlow
		case 2:
			return errors.Join(h.found(), incarnation(h, &founded), errSlow)
		}
		return h.takeOffice()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_, err = h.WaitLeader(ctx)
	var now [8]byte
	err = errors.Join(err, incarnation(h, &now), h.Close())
	if err != nil {
		t.Fatal(err)
	}
	if tries < 3 || founded == [8]byte{} || now != founded {
		t.Errorf("%d tries; founded as %x and then as %x", tries, founded, now)
	}
}

func incarnation(h *Hub, to *[8]byte) error {
	return h.View(func(v *fsm.View) (err error) {
		*to, err = v.Incarnation()
		return err
	})
}

// TestOfficeIsTriedMoreRarely: a cause that stays neither fills the log nor goes
// without a warning, and every election begins anew.
func TestOfficeIsTriedMoreRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		h := &Hub{leads: make(chan bool), stop: make(chan struct{}), down: make(chan struct{})}
		h.o.Log = slog.New(slog.NewTextHandler(&said, nil))
		begun := time.Now()
		var tries []time.Duration
		h.work.Go(func() {
			h.lead(func() error {
				tries = append(tries, time.Since(begun))
				return errSlow
			})
		})
		h.leads <- true
		time.Sleep(122 * time.Second)
		h.leads <- false
		time.Sleep(5 * time.Minute)
		elected := time.Since(begun)
		h.leads <- true
		time.Sleep(2 * time.Second)
		close(h.stop)
		h.work.Wait()
		var want []time.Duration
		for _, s := range []time.Duration{0, 1, 3, 7, 15, 31, 61, 91, 121} {
			want = append(want, s*time.Second)
		}
		want = append(want, elected, elected+time.Second)
		if !slices.Equal(tries, want) {
			t.Errorf("tried at %v in place of %v", tries, want)
		}
		levels := map[string]int{}
		for line := range strings.Lines(said.String()) {
			levels[strings.Fields(line)[1]]++
		}
		if got := fmt.Sprint(levels); got != "map[level=INFO:8 level=WARN:3]" {
			t.Errorf("%s:\n%s", got, said.String())
		}
	})
}
