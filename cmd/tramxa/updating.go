package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tramxa/appliance/clock"
	"tramxa/replication/link"
	"tramxa/replication/spoke"
	"tramxa/service/machine"
	"tramxa/service/update"
)

// updating looks for new programs on sticks and at the province, fetches them at
// night, and tells the province how they went.
type updating struct {
	n     *stationNode
	store *update.Store

	mu      sync.Mutex
	stage   string // "", checking, fetching; see localui.UpdateStatus
	percent int
	offer   *offered

	wanted chan struct{} // somebody pressed the button: fetch now, by day
}

// offered is a release that may be taken: from a file, or from the province.
type offered struct {
	release update.Release
	file    string        // "" from the province
	after   time.Duration // so long after the night begins, so that not all stations come at once
}

// Paces of the work.
const (
	updateFirst = time.Minute      // after the start, and while a trial lasts: how it went is soon told
	updateEvery = 10 * time.Minute // look at sticks, tell the province
	askEvery    = time.Hour        // ask the province
	nightBegins = 22               // o'clock in the country
	nightEnds   = 5
)

func newUpdating(n *stationNode, s *update.Store) *updating {
	return &updating{n: n, store: s, wanted: make(chan struct{}, 1)}
}

// Run works until ctx ends. Whatever fails is told by log and page, and tried
// again later.
func (u *updating) Run(ctx context.Context) error {
	tick := time.NewTicker(updateFirst)
	defer tick.Stop()
	var asked time.Time
	for {
		byHand := false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-u.wanted:
			byHand = true
		case <-tick.C:
		}
		if u.n.launcher.Trial() || u.n.works.waiting() {
			continue // one at a time
		}
		tick.Reset(updateEvery)
		u.tell(ctx)
		if !byHand && time.Since(asked) < askEvery {
			continue
		}
		asked = time.Now()
		if err := u.round(ctx, byHand); err != nil && ctx.Err() == nil {
			u.n.log.Warn("update", "error", err)
		}
	}
}

// round looks everywhere, and takes what the province offers when it is night or
// somebody asked for it. What lies on a stick is taken when somebody says so.
func (u *updating) round(ctx context.Context, byHand bool) error {
	if err := u.look(ctx); err != nil {
		return err
	}
	u.mu.Lock()
	o := u.offer
	u.mu.Unlock()
	if o == nil || o.file != "" || !byHand && !u.night(o.after) && !u.overdue(o.release) {
		return nil
	}
	return u.take(ctx, o, byHand)
}

// night says whether it is night in the country, and so long after its beginning.
// A clock that cannot be trusted does not know; then any hour is as good.
func (u *updating) night(after time.Duration) bool {
	now, trusted := u.n.Clock().Now()
	return !trusted || isNight(now, after)
}

// overdue says that a release has been out for so long that it is taken by day
// too: many PCs are switched off when the office closes.
func (u *updating) overdue(r update.Release) bool {
	now, trusted := u.n.Clock().Now()
	return trusted && now.Sub(r.Released) > patienceWithNights
}

const patienceWithNights = 7 * 24 * time.Hour

func isNight(now time.Time, after time.Duration) bool {
	const long = (nightEnds + 24 - nightBegins) * time.Hour
	now = now.In(clock.Country)
	since := time.Duration(now.Hour()+24-nightBegins)%24*time.Hour + time.Duration(now.Minute())*time.Minute
	return since < long && since >= min(after, long-2*askEvery) // somebody told to wait for longer gets the end of it
}

// look finds the newest release that may be taken here.
func (u *updating) look(ctx context.Context) error {
	u.set("checking", 0)
	defer u.set("", 0)
	best, err := u.onSticks(ctx)
	hub, hubErr := u.atHub(ctx)
	if hub != nil && (best == nil || hub.release.Sequence > best.release.Sequence) {
		best = hub
	}
	u.mu.Lock()
	u.offer = best
	u.mu.Unlock()
	return errors.Join(err, hubErr)
}

func (u *updating) onSticks(ctx context.Context) (*offered, error) {
	sticks, err := machine.Removable(ctx)
	if err != nil {
		return nil, err
	}
	var places []string
	for _, v := range sticks {
		places = append(places, v.Dir)
	}
	if len(places) == 0 {
		return nil, nil
	}
	found, err := u.store.Find(places...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	f, _, err := u.store.Best(found, update.Choice{ByHand: true})
	if err != nil {
		return nil, nil // none is newer, or none is for this machine: nothing to offer
	}
	return &offered{release: f.Release, file: f.Path}, nil
}

// atHub asks the province; nil when it has nothing, or nobody is there.
func (u *updating) atHub(ctx context.Context) (*offered, error) {
	client, err := u.client()
	if client == nil || err != nil {
		return nil, err
	}
	st, err := u.store.Status()
	if err != nil {
		return nil, err
	}
	a := link.Asking{App: st.Current.Version, Sequence: st.Current.Sequence, Systems: append([]string{update.System()}, rootSystems()...), From: []link.Hash{link.Hash(st.Current.SHA256)}}
	if st.Previous != nil {
		a.From = append(a.From, link.Hash(st.Previous.SHA256))
	}
	offer, err := client.Check(ctx, a)
	if err != nil || offer == nil {
		return nil, err
	}
	trust, err := u.store.Trust()
	if err != nil {
		return nil, err
	}
	r, err := trust.Verify(offer.Manifest, offer.Signatures)
	if err != nil {
		return nil, fmt.Errorf("the province's offer: %w", err)
	}
	if _, err := u.store.Check(r, update.Choice{}); err != nil {
		if no := update.AsRefusal(err); no != nil && no.Reason != update.ReasonFailed { // that it went back is told
			return nil, errors.Join(err, u.store.Refuse(r, no))
		}
		return nil, err
	}
	return &offered{release: r, after: time.Duration(offer.After) * time.Second}, nil
}

// client is the station's way to the hub's releases; nil without a hub.
func (u *updating) client() (*spoke.Updates, error) {
	if len(u.n.config.Hub) == 0 {
		return nil, nil
	}
	dialer, err := u.n.dialer()
	if err != nil {
		return nil, err
	}
	return &spoke.Updates{Dialer: dialer, Addresses: u.n.config.Hub, Log: u.n.log.with("update", u.n.dir),
		Busy: func() bool { sp := u.n.spoke.Load(); return sp != nil && sp.Status().Stage == spoke.StageSending }}, nil
}

// tell sends the reports that the province does not have yet.
func (u *updating) tell(ctx context.Context) {
	reports, err := u.store.Reports()
	if err != nil || len(reports) == 0 {
		return
	}
	client, err := u.client()
	if client == nil || err != nil {
		return
	}
	st, err := u.store.Status()
	if err != nil {
		return
	}
	for _, r := range reports {
		err := client.Report(ctx, link.Report{Sequence: r.Sequence, Stage: r.Outcome, Running: st.Current.Sequence, Version: st.Current.Version, Reason: r.Reason.VI})
		if errors.Is(err, link.ErrSenseless) || errors.Is(err, link.ErrProtocol) {
			u.n.log.Warn("the province does not understand how an update went; it is told nothing more of it", "error", err)
			err = nil
		}
		if err == nil {
			err = u.store.Told(r.Number)
		}
		if err != nil {
			u.n.log.Info("the province is told later how an update went", "error", err)
			return
		}
	}
}

func (u *updating) set(stage string, percent int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stage, u.percent = stage, percent
}
