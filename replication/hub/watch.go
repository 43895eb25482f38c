package hub

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// A leader whose disk hangs goes on sending heartbeats and the hub stands still
// (hashicorp/raft issues 503 and 614). So the disk is tried beside raft: over
// slowDisk leadership is handed on, over deadDisk the node leaves the cluster.
const (
	slowDisk = 10 * time.Second
	deadDisk = 30 * time.Second
)

// watch looks every second after the state machine and the disk.
func (h *Hub) watch() {
	start := time.Now()    // a clock that is put right must not look like a disk that hangs
	var begun atomic.Int64 // when the try under way began, nanoseconds since start; 0 none
	if h.o.WatchDisk > 0 {
		go h.tryDisk(start, &begun) // not waited for: it may hang with the disk
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-h.down:
			return
		case <-tick.C:
		}
		if err := h.fsm.Err(); err != nil {
			h.fail(err)
			return
		}
		at := begun.Load()
		if at == 0 {
			continue
		}
		switch hung := time.Since(start) - time.Duration(at); {
		case hung > deadDisk:
			h.fail(fmt.Errorf("disk of %s has not answered for %v", h.o.Dir, hung.Round(time.Second)))
			return
		case hung > slowDisk && h.raft.State() == raft.Leader:
			h.o.Log.Warn("disk hangs, leadership handed on", "for", hung)
			h.raft.LeadershipTransfer()
		}
	}
}

func (h *Hub) tryDisk(start time.Time, begun *atomic.Int64) {
	f, err := os.OpenFile(filepath.Join(h.o.Dir, "disk.try"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		h.fail(err)
		return
	}
	defer f.Close()
	tick := time.NewTicker(h.o.WatchDisk)
	defer tick.Stop()
	for block := make([]byte, 4096); ; {
		select {
		case <-h.stop:
			return
		case <-h.down:
			return
		case <-tick.C:
		}
		begun.Store(int64(time.Since(start)))
		if _, err = f.WriteAt(block, 0); err == nil {
			err = f.Sync()
		}
		begun.Store(0)
		if err != nil {
			h.fail(fmt.Errorf("disk: %w", err))
			return
		}
	}
}

// nightly takes a snapshot on every node at two in the morning, and lets the
// leader compare the states of all nodes.
func (h *Hub) nightly() {
	for {
		now := h.o.Now()
		next := time.Date(now.Year(), now.Month(), now.Day(), 2, 0, 0, 0, now.Location())
		if !next.After(now) {
			next = next.AddDate(0, 0, 1)
		}
		select {
		case <-h.stop:
			return
		case <-h.down:
			return
		case <-time.After(next.Sub(now)):
		}
		h.night()
	}
}

func (h *Hub) night() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := h.Snapshot(ctx); err != nil {
		h.o.Log.Error("nightly snapshot", "error", err)
	}
	if !h.Leads() {
		return
	}
	if _, _, err := h.CompareStates(ctx); err != nil {
		h.o.Log.Error("nightly comparison of states", "error", err)
	}
}
