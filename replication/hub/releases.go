package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/link"
)

var _ link.Releases = (*Hub)(nil)

// ErrNoReleases: this program was built without what verifies bundles.
var ErrNoReleases = errors.New("this program takes no releases")

// ErrOldPeer: a node does not answer as one that knows releases; it would stop at
// the first command about one.
var ErrOldPeer = errors.New("a node of the hub may run a program that does not know releases")

// Bundle is a verified release as its file carries it.
type Bundle struct {
	Sequence   uint64
	MinFrom    uint64
	Version    string
	Manifest   []byte
	Signatures []byte
	Parts      []BundlePart
}

// BundlePart is a file of a bundle. Open's bytes need not be verified yet.
type BundlePart struct {
	fsm.ReleasePart
	Open func() (io.ReadCloser, error)
}

// Verifier opens a bundle and verifies its signatures.
type Verifier func(r io.ReaderAt, size int64) (*Bundle, error)

// Publish takes a bundle in: its parts onto this node's disk, its manifest into
// the state, from where the other nodes know what to fetch. It opens ring 1. The
// same bundle again changes nothing. insist goes on although a node does not
// answer.
func (h *Hub) Publish(ctx context.Context, from io.ReaderAt, size int64, by string, insist bool) (fsm.PublishRelease, error) {
	var c fsm.PublishRelease
	if h.o.OpenBundle == nil {
		return c, ErrNoReleases
	}
	b, err := h.o.OpenBundle(from, size)
	if err != nil {
		return c, err
	}
	c = fsm.PublishRelease{At: h.now(), By: by, Sequence: b.Sequence, MinFrom: b.MinFrom, Version: b.Version, Manifest: b.Manifest, Signatures: b.Signatures}
	for _, p := range b.Parts {
		c.Parts = append(c.Parts, p.ReleasePart)
	}
	if err := c.Check(); err != nil {
		return c, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if !h.Leads() {
		return c, ErrNotLeader
	}
	if err := h.peersKnowReleases(ctx); err != nil && !insist {
		return c, err
	}
	release, err := h.takeParts(b)
	defer release()
	if err != nil {
		return c, err
	}
	if err = h.order(ctx, c); err == nil {
		h.nudge()
	}
	return c, err
}

// PublishFrom publishes a bundle that comes as a stream. It lies on this node's
// disk meanwhile.
func (h *Hub) PublishFrom(ctx context.Context, from io.Reader, by string, insist bool) (fsm.PublishRelease, error) {
	f, size, err := h.parts.spool(from)
	if err != nil {
		return fsm.PublishRelease{}, err
	}
	c, err := h.Publish(ctx, f, size, by, insist)
	return c, errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// takeParts puts a bundle's parts on the disk. They are claimed, so that nobody
// takes them for leftovers, until release is called.
func (h *Hub) takeParts(b *Bundle) (release func(), err error) {
	var claimed []hash
	release = func() {
		for _, x := range claimed {
			h.parts.unclaim(x)
		}
	}
	total := int64(0)
	for _, p := range b.Parts {
		if _, held := h.parts.holds(p.Hash); !held {
			total += p.Size
		}
	}
	if err := h.parts.room(total); err != nil {
		return release, err
	}
	for _, p := range b.Parts {
		if slices.Contains(claimed, p.Hash) {
			continue
		}
		if !h.parts.claim(p.Hash) {
			return release, fmt.Errorf("%w: a part of this release is being fetched", ErrBusy)
		}
		claimed = append(claimed, p.Hash)
		if err := h.takePart(p); err != nil {
			return release, fmt.Errorf("part for %s of release %d: %w", p.System, b.Sequence, err)
		}
	}
	return release, nil
}

func (h *Hub) takePart(p BundlePart) error {
	from, err := p.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	return h.parts.put(p.Hash, p.Size, from)
}

// peersKnowReleases makes sure, before the first release, that no node would stop
// at it.
func (h *Hub) peersKnowReleases(ctx context.Context) error {
	known := false
	err := h.fsm.View(func(v *fsm.View) error {
		return v.Releases(func(fsm.ReleaseRow) error { known = true; return nil })
	})
	if err != nil || known {
		return err
	}
	for _, p := range h.o.Peers {
		if p.ID == h.o.Node.ID {
			continue
		}
		if err := h.knowsParts(ctx, p); err != nil {
			return fmt.Errorf("%w: node %s: %w", ErrOldPeer, p.ID, err)
		}
	}
	return nil
}

// SetRing moves a release to a ring, or with fsm.RingStop stops it. by names the
// operator.
func (h *Hub) SetRing(ctx context.Context, sequence uint64, ring fsm.Ring, by, reason string) error {
	return h.order(ctx, fsm.SetRing{At: h.now(), Sequence: sequence, Ring: ring, By: or(by, "operator"), Reason: reason})
}

// Resume lets a stopped release go on in the ring it was stopped in; what went
// wrong until then no longer counts.
func (h *Hub) Resume(ctx context.Context, sequence uint64, by string) error {
	var ring fsm.Ring
	err := h.fsm.View(func(v *fsm.View) error {
		r, ok, err := v.Release(sequence)
		if err == nil && !ok {
			err = fmt.Errorf("%w: release %d is not known", ErrRefused, sequence)
		}
		ring = r.Ring
		return err
	})
	if err != nil {
		return err
	}
	return h.SetRing(ctx, sequence, ring, by, "")
}

// spread is the time after nightfall over which stations begin.
const spread = 5 * time.Hour

// Offer is for link: the newest release for what a station says it runs.
func (h *Hub) Offer(_ context.Context, p link.Peer, a link.Asking) (offer *link.Offer, err error) {
	h.runs(p.Station, a.App)
	err = h.fsm.View(func(v *fsm.View) error {
		if _, err := present(v, p); err != nil {
			return err
		}
		return v.Offers(p.Station, a.Sequence, func(r fsm.ReleaseRow) (bool, error) {
			list, err := v.Parts(r.Sequence)
			if err != nil {
				return false, err
			}
			parts := suited(list, a)
			if len(parts) == 0 {
				return false, nil // nothing in it for this machine
			}
			m, _, err := v.Manifest(r.Sequence)
			offer = &link.Offer{Sequence: r.Sequence, Version: r.Version, Manifest: m.Text, Signatures: m.Signatures, Parts: parts}
			if r.Ring > fsm.RingOne {
				offer.After = int64(r.Score(p.Station) % uint64(spread/time.Second))
			}
			return true, err
		})
	})
	return offer, h.heldBack(err)
}

// suited picks the parts a machine can use, differences first.
func suited(list []fsm.ReleasePart, a link.Asking) []link.OfferedPart {
	var patches, whole []link.OfferedPart
	for _, p := range list {
		part := link.OfferedPart{SHA256: p.Hash, Size: p.Size, System: p.System, From: p.From}
		switch {
		case !slices.Contains(a.Systems, p.System):
		case p.From == hash{}:
			whole = append(whole, part)
		case slices.Contains(a.From, link.Hash(p.From)):
			patches = append(patches, part)
		}
	}
	if len(whole) == 0 {
		return nil // a difference alone helps nobody whose file turns out damaged
	}
	return append(patches, whole...)
}

// present returns the epoch of a station that may be served now: it shows the key
// of its present epoch and is not fenced.
func present(v *fsm.View, p link.Peer) (fsm.StationRow, error) {
	st, ok, err := v.Station(p.Station)
	if err != nil {
		return st, err
	}
	ep, known, err := v.Epoch(p.Station, st.Epoch)
	if err != nil {
		return st, err
	}
	if !ok || !known || st.Fenced || !ep.Key.Equal(p.Key) {
		return st, link.ErrFencedOut
	}
	return st, nil
}

// heldBack hides this node's own troubles from stations: another node may do.
func (h *Hub) heldBack(err error) error {
	if err == nil || errors.Is(err, link.ErrFencedOut) || errors.Is(err, link.ErrNoPart) {
		return err
	}
	return fmt.Errorf("%w: %w", link.ErrNotYet, err)
}

// Part is for link: it opens a part of a release in force.
func (h *Hub) Part(_ context.Context, p link.Peer, x link.Hash) (io.ReadSeekCloser, error) {
	may := false
	err := h.fsm.View(func(v *fsm.View) error {
		if _, err := present(v, p); err != nil {
			return err
		}
		want, err := wanted(v)
		if _, ok := want[x]; !ok || err != nil {
			return err
		}
		may, err = openTo(v, p.Station, x)
		return err
	})
	if err != nil {
		return nil, h.heldBack(err)
	}
	if !may {
		return nil, link.ErrNoPart
	}
	f, _, err := h.parts.open(x)
	if err != nil {
		h.nudge()
		return nil, h.heldBack(err)
	}
	return f, nil
}

// openTo reports whether a part belongs to a release that goes out to a station
// now. A release that was stopped takes even those no further who have half of it.
func openTo(v *fsm.View, s journal.Station, x link.Hash) (may bool, err error) {
	err = v.Releases(func(r fsm.ReleaseRow) error {
		if may || !r.Open(s) {
			return nil
		}
		list, err := v.Parts(r.Sequence)
		may = slices.ContainsFunc(list, func(p fsm.ReleasePart) bool { return p.Hash == x })
		return err
	})
	return may, err
}

// TakeReport is for link: it puts what a station says into the state. A report that
// says nothing new costs no command.
func (h *Hub) TakeReport(ctx context.Context, p link.Peer, r link.Report) error {
	stage, ok := fsm.ParseStage(r.Stage)
	if !ok {
		return fmt.Errorf("%w: outcome %.20q", link.ErrProtocol, r.Stage)
	}
	c := fsm.UpdateReport{At: h.now(), Station: p.Station, Sequence: r.Sequence, Stage: stage, Running: r.Running, Version: r.Version, Reason: r.Reason}
	if err := c.Check(); err != nil {
		return fmt.Errorf("%w: %w", link.ErrProtocol, err)
	}
	if !h.Leads() {
		return &link.Elsewhere{Leader: h.leaderLink()}
	}
	known := false
	err := h.fsm.View(func(v *fsm.View) error {
		st, err := present(v, p)
		if err != nil {
			return err
		}
		c.Epoch = st.Epoch
		u, ok, err := v.Update(p.Station)
		known = ok && c.Repeats(u)
		return err
	})
	switch {
	case err != nil:
		return h.heldBack(err)
	case known && h.stillLeads(ctx):
		return nil
	}
	if err := h.peersKnowReleases(ctx); err != nil {
		return h.heldBack(err)
	}
	v, _, err := h.propose(ctx, c)
	switch {
	case errors.Is(err, ErrNotLeader):
		return &link.Elsewhere{Leader: h.leaderLink()}
	case err != nil:
		return h.heldBack(err)
	case v.Outcome == fsm.Fenced || v.Outcome == fsm.Unregistered:
		return link.ErrFencedOut
	case v.Outcome != fsm.Done:
		return fmt.Errorf("%w: %s", link.ErrSenseless, v.Reason)
	}
	return nil
}

// nudge lets gather look at once.
func (h *Hub) nudge() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}
