package main

import (
	"fmt"
	"io"
	"time"

	"tramxa/replication/hub"
	"tramxa/replication/hubcopy"
)

// oldCopy is the age at which a copy is a problem, slowPlace the time after which
// a place that does not answer is one.
const (
	oldCopy   = 50 * time.Hour
	slowPlace = time.Minute
)

// placeCopies says how the copies in a configured place are.
type placeCopies struct {
	Place   string    `json:"place"`
	Number  uint64    `json:"number,omitempty"`
	Made    time.Time `json:"made,omitzero"`
	Problem string    `json:"problem,omitempty"`
	Unread  bool      `json:"unread,omitempty"` // the node has not looked there since it started
}

// look tells what was found in the configured places when they were read last. It
// does not read them: a disk or a line that hangs must not hang who asks.
func (h *hubCopies) look() []placeCopies {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []placeCopies{}
	for _, place := range h.config.Backup {
		p, ok := h.seen[place]
		if !ok {
			p = placeCopies{Place: place, Unread: true}
		}
		if why := h.failed[place]; why != "" {
			p.Problem = why
		}
		if since, ok := h.asked[place]; ok && time.Since(since) > slowPlace {
			p.Problem = fmt.Sprintf("the folder has not answered since %s; hint: is the disk broken, or the line to it?", shortTime(since.Local()))
		}
		list = append(list, p)
	}
	return list
}

// refresh reads what lies in the configured places.
func (h *hubCopies) refresh() {
	for _, place := range h.config.Backup {
		h.read(place)
	}
}

// read reads what lies in a place, as long as that takes.
func (h *hubCopies) read(place string) {
	h.mu.Lock()
	if h.seen == nil {
		h.seen, h.asked = map[string]placeCopies{}, map[string]time.Time{}
	}
	h.asked[place] = time.Now()
	h.mu.Unlock()
	p := placeCopies{Place: place}
	head, err := hubcopy.Newest(place, h.pin, h.config.ID)
	if err != nil {
		p.Problem = err.Error()
	} else {
		p.Number, p.Made = head.Number, head.Made
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[place] = p
	delete(h.asked, place)
}

// hubStatus is the node's status with that of its copies.
type hubStatus struct {
	hub.Status
	Copies []placeCopies `json:"copies"`
}

func (n *hubNode) status() hubStatus { return hubStatus{n.Status(), n.copies.look()} }

// showCopies prints them for 'hub status'.
func showCopies(w io.Writer, list []placeCopies, now time.Time) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(w, "no nightly copies: write backup = [\"/mnt/…\"] under [hub] in %s, a folder on another disk, and restart\n", configFile)
		return err
	}
	for _, p := range list {
		if p.Unread && p.Problem == "" {
			if _, err := fmt.Fprintf(w, "copies in %s: not looked at yet\n", p.Place); err != nil {
				return err
			}
		}
		if p.Number > 0 {
			if _, err := fmt.Fprintf(w, "copy %d in %s: made %s, %s old\n", p.Number, p.Place, shortTime(p.Made.Local()), now.Sub(p.Made).Round(time.Hour)); err != nil {
				return err
			}
		}
		if p.Problem != "" {
			if _, err := fmt.Fprintf(w, "problem: copies in %s: %s\n", p.Place, p.Problem); err != nil {
				return err
			}
		}
	}
	return nil
}

// oldCopies says on the board what is wrong with the copies.
func oldCopies(list []placeCopies, now time.Time) (bad []string) {
	for _, p := range list {
		switch {
		case p.Problem != "":
			bad = append(bad, fmt.Sprintf("Bản sao máy chủ ở %s có lỗi / copies in %s: %s", p.Place, p.Place, p.Problem))
		case !p.Unread && now.Sub(p.Made) > oldCopy:
			bad = append(bad, fmt.Sprintf("Bản sao máy chủ ở %s đã cũ %d ngày / the newest copy in %s is %d days old", p.Place, int(now.Sub(p.Made).Hours()/24), p.Place, int(now.Sub(p.Made).Hours()/24)))
		}
	}
	return bad
}
