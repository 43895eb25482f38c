package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/hubcopy"
	"tramxa/replication/identity"
)

// hubCopies makes the copies of one node, running or not, one at a time.
type hubCopies struct {
	dir    string
	config hubConfig
	pin    identity.Pin
	hub    hubcopy.Source
	leader func() (hub.Peer, bool)
	sick   func() string // why the state of the node is not to be copied; "": it may be
	log    logger

	sameDisk func(a, b string) bool // nil: by the system

	making sync.Mutex
	mu     sync.Mutex
	failed map[string]string      // place → why its last copy failed
	seen   map[string]placeCopies // place → what was found there last
	asked  map[string]time.Time   // place → since when it has not answered
}

// copiesWork is where copies are proven, below the node's directory: in clear.
const copiesWork = "copies-work"

// hubCopyAnswer is what a copy says of itself.
type hubCopyAnswer struct {
	File      string    `json:"file"`
	Number    uint64    `json:"number"`
	Made      time.Time `json:"made"`
	Bytes     int64     `json:"bytes"`
	Index     uint64    `json:"index"`
	Stations  int       `json:"stations"`
	Records   uint64    `json:"records"`
	State     string    `json:"state"`
	CutOff    bool      `json:"cut_off,omitempty"`   // the node knew of no leader
	Authority bool      `json:"authority,omitempty"` // the hub's authority is in it, as far as was opened
	Proven    bool      `json:"proven"`
	SameDisk  bool      `json:"same_disk,omitempty"` // it lies where the hub's data do
}

func answerOf(c *hubcopy.Copy) hubCopyAnswer {
	m := c.Manifest
	return hubCopyAnswer{File: c.Path(), Number: c.Header.Number, Made: c.Header.Made, Bytes: c.Size(), Index: m.Index, Stations: m.Stations,
		Records: m.Records, State: m.State, CutOff: m.CutOff, Authority: c.CA != nil}
}

func (h *hubCopies) handle(w http.ResponseWriter, r *http.Request) error {
	to := r.URL.Query().Get("to")
	if !filepath.IsAbs(to) {
		return usagef("a copy wants the whole path of where it goes")
	}
	c, err := h.take(r.Context(), to)
	if err != nil {
		return err
	}
	a := answerOf(c)
	a.Proven, a.SameDisk = true, h.besideData(to)
	return writeJSON(w, a)
}

// besideData reports whether a place lies on the disk of the node's data: a copy
// there is lost with them.
func (h *hubCopies) besideData(place string) bool {
	if h.sameDisk != nil {
		return h.sameDisk(place, h.dir)
	}
	return sameDevice(place, h.dir)
}

// take makes a copy in a place and proves it.
func (h *hubCopies) take(ctx context.Context, place string) (*hubcopy.Copy, error) {
	return h.tell(place, func() (*hubcopy.Copy, error) { return h.make(ctx, place) })
}

// tell does one thing for a place at a time and remembers how it went.
func (h *hubCopies) tell(place string, do func() (*hubcopy.Copy, error)) (*hubcopy.Copy, error) {
	if !h.making.TryLock() {
		return nil, withHint(errors.New("a copy is being made"), "wait until it is finished")
	}
	defer h.making.Unlock()
	c, err := do()
	h.mu.Lock()
	if h.failed == nil {
		h.failed = map[string]string{}
	}
	delete(h.failed, place)
	if err != nil {
		h.failed[place] = err.Error()
	}
	h.mu.Unlock()
	h.read(place)
	return c, err
}

func (h *hubCopies) make(ctx context.Context, place string) (*hubcopy.Copy, error) {
	if why := h.sick(); why != "" { // and so no older copy goes for this one
		return nil, withHint(fmt.Errorf("no copy is made of a state that is not to be relied on: %s", why),
			"earlier copies are kept; take a copy on another node, and restart this one")
	}
	k, err := hubcopy.LoadKeys(filepath.Join(h.dir, hubcopy.KeyName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, withHint(errors.New("this node has no key for copies yet"), "make it once with 'tramxa hub backup code --dir "+h.dir+" --ca FILE', and lock the paper away")
	}
	if err != nil {
		return nil, err
	}
	if k.Pin != h.pin {
		return nil, withHint(fmt.Errorf("%s is of another hub", hubcopy.KeyName), "make one with 'tramxa hub backup code --dir "+h.dir+"'")
	}
	accounts, err := readIfThere(filepath.Join(h.dir, accountsFile), 1<<20)
	if err != nil {
		return nil, err
	}
	_, led := h.leader()
	work := filepath.Join(h.dir, copiesWork)
	o := hubcopy.TakeOptions{Hub: h.hub, Keys: k, Place: place, Work: work, Node: h.config.ID, Program: readVersion().Version,
		Accounts: accounts, CutOff: !led, Log: h.log.with("copies", h.config.ID)}
	for _, p := range h.config.Peers {
		o.Peers = append(o.Peers, hubcopy.Peer(p))
	}
	began := time.Now()
	c, err := hubcopy.Take(ctx, o)
	if err != nil {
		return nil, explainHubCopy(err)
	}
	h.log.with("copies", h.config.ID).Info("copy made and proven", "file", c.Path(), "bytes", c.Size(), "index", c.Manifest.Index, "took", time.Since(began).Round(time.Millisecond))
	return c, os.RemoveAll(work)
}

// explainHubCopy adds what to do.
func explainHubCopy(err error) error {
	switch {
	case errors.Is(err, fsm.ErrDamaged):
		return withHint(err, "nothing was copied; restart this node: it comes back from its snapshot and the others; take the copy on another node meanwhile")
	case errors.Is(err, fsm.ErrNewer):
		return withHint(err, "a newer tramxa made this copy: restore it with that version or a later one; nothing was changed")
	case errors.Is(err, os.ErrPermission) || isReadOnly(err):
		return withHint(err, "the service may write below /mnt, /media and its own directory; mount the disk there, writable for its user")
	case errors.Is(err, hubcopy.ErrDamaged), errors.Is(err, hubcopy.ErrDiffers):
		return withHint(err, "this copy cannot be relied on; take a new one on another disk, and try the older ones")
	}
	return err
}

// hourOfCopies is when nightly copies are made: an hour after the nodes have
// written their snapshots and compared their states. The nodes begin betweenNodes
// one after the other: a copy is work for a disk, and they may share one.
const (
	hourOfCopies = 3
	betweenNodes = 40 * time.Minute
)

// nightly makes a copy in each configured place each night, and soon after a
// start when the newest is more than a day old.
func (h *hubCopies) nightly(ctx context.Context) {
	if len(h.config.Backup) == 0 {
		return
	}
	h.refresh()
	turn := h.turn()
	wait := 10*time.Minute + turn
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		h.night(ctx, time.Now(), 23*time.Hour)
		wait = time.Until(nextNight(time.Now(), turn))
	}
}

// turn is how long after the first node this one begins.
func (h *hubCopies) turn() (after time.Duration) {
	for _, p := range h.config.Peers {
		if p.ID < h.config.ID {
			after += betweenNodes
		}
	}
	return after
}

func nextNight(now time.Time, turn time.Duration) time.Time {
	next := time.Date(now.Year(), now.Month(), now.Day(), hourOfCopies, int(turn/time.Minute), 0, 0, now.Location())
	if !next.After(now) {
		next = next.AddDate(0, 0, 1)
	}
	return next
}

// night makes a copy in each place whose newest is older than age.
func (h *hubCopies) night(ctx context.Context, now time.Time, age time.Duration) {
	h.refresh()
	for _, c := range h.look() {
		if c.Problem == "" && now.Sub(c.Made) < age && !c.Made.After(now) {
			continue
		}
		_, err := h.tell(c.Place, func() (*hubcopy.Copy, error) {
			if err := h.mounted(c.Place); err != nil {
				return nil, err
			}
			return h.make(ctx, c.Place)
		})
		if err != nil {
			h.log.with("copies", h.config.ID).Error("nightly copy of the hub", "place", c.Place, "error", err)
		}
	}
}

// mounted wants the folder of nightly copies there and on another disk. Below the
// mount point of a disk that is not mounted it would be made on the system's own.
func (h *hubCopies) mounted(place string) error {
	if _, err := journal.OS.ReadDir(place); err != nil {
		return withHint(fmt.Errorf("the folder for copies is not there: %w", err), "is the disk mounted? make the folder on it once; it is not made by itself")
	}
	if h.besideData(place) {
		return withHint(fmt.Errorf("%s lies on the disk of the hub's own data", place), "is the other disk mounted? a copy here would be lost with the data")
	}
	return nil
}

// stoppedHub opens the state of a node that does not run, to copy it.
func stoppedHub(dir string, log logger) opener {
	return func(context.Context) (http.Handler, func() error, error) {
		c, err := hubPart(dir)
		if err != nil {
			return nil, nil, err
		}
		if err := becomeOwner(dir); err != nil {
			return nil, nil, err
		}
		node, err := identity.LoadNode(dir)
		if err != nil {
			return nil, nil, fmt.Errorf("certificate of the node: %w", err)
		}
		state := filepath.Join(dir, "data", "state")
		if _, err := journal.OS.ReadDir(state); err != nil {
			return nil, nil, withHint(fmt.Errorf("this node has no state yet: %w", err), "start it once with 'tramxa hub run --dir "+dir+"'")
		}
		f, err := fsm.Open(fsm.Options{Dir: state, BlockCache: 16 << 20, IndexCache: 16 << 20, Log: log.with("state", c.ID)})
		if err != nil {
			return nil, nil, err
		}
		if why := f.Damage(); why != nil {
			return nil, nil, withHint(errors.Join(why, f.Close()), "start the node: it comes back from its snapshot and the others; or take the copy on another node")
		}
		copies := &hubCopies{dir: dir, config: c, pin: node.Pin, hub: f, leader: func() (hub.Peer, bool) { return hub.Peer{}, false }, log: log,
			sick: func() string { return "" }} // f has proven itself when it was opened
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := copies.handle(w, r); err != nil {
				writeProblem(w, err)
			}
		}), f.Close, nil
	}
}
