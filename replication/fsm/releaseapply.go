package fsm

import (
	"errors"
	"slices"

	"tramxa/appliance/journal"
)

// recent is how long ago a station may have been heard of, at publishing, to be
// counted for rings 1 and 2: who tries first must be there to tell.
const recent = 14 * 24 * 3600

// publish makes a release known and opens ring 1.
func (w *work) publish(c PublishRelease) (Verdict, error) {
	if err := c.Check(); err != nil {
		return refuse("%v", err)
	}
	newest := uint64(0)
	if err := w.Releases(func(r ReleaseRow) error { newest = r.Sequence; return nil }); err != nil {
		return Verdict{}, err
	}
	if c.Sequence < newest {
		return refuse("release %d is newer than %d", newest, c.Sequence)
	}
	if c.Sequence == newest {
		m, _, err := w.Manifest(c.Sequence)
		if err == nil && string(m.Text) != string(c.Manifest) {
			return refuse("release %d is known with another manifest", c.Sequence)
		}
		return done(err)
	}
	cut, err := w.cuts(c)
	if err != nil {
		return Verdict{}, err
	}
	r := ReleaseRow{Sequence: c.Sequence, MinFrom: c.MinFrom, Version: c.Version, At: c.At, By: c.By, Ring: RingOne, Since: c.At, Cut: cut}
	return done(errors.Join(
		w.set(releaseKey(tableRelease, c.Sequence), r.encode()),
		w.set(releaseKey(tableManifest, c.Sequence), Manifest{Text: c.Manifest, Signatures: c.Signatures}.encode()),
		w.set(releaseKey(tableParts, c.Sequence), encodeParts(c.Parts)),
	))
}

// cuts finds the scores at which rings 1 and 2 end: one in a hundred and one in
// ten of the stations that are there, at least one in ring 1.
func (w *work) cuts(c PublishRelease) ([2]uint64, error) {
	var there, known []uint64
	err := w.Stations(func(s StationRow) error {
		if s.Fenced {
			return nil
		}
		n := score(s.Station, c.Sequence)
		known = append(known, n)
		if s.Contact > 0 && s.Contact >= c.At-recent {
			there = append(there, n)
		}
		return nil
	})
	if len(there) == 0 {
		there = known
	}
	if err != nil || len(there) == 0 {
		const all = uint64(1) << 60 // scores are below
		return [2]uint64{all / 100, all / 10}, err
	}
	slices.Sort(there)
	return [2]uint64{there[ceil(len(there), 100)-1], there[ceil(len(there), 10)-1]}, nil
}

func ceil(n, by int) int { return (n + by - 1) / by }

// ring moves a release onwards, back, or stops it.
func (w *work) ring(c SetRing) (Verdict, error) {
	r, ok, err := w.Release(c.Sequence)
	if err != nil {
		return Verdict{}, err
	}
	if !ok {
		return refuse("release %d is not known", c.Sequence)
	}
	if !plain(c.By, maxLogin) || !plain(c.Reason, MaxReason) {
		return refuse("who and why are plain text")
	}
	switch {
	case c.Ring == RingStop && c.By == "":
		return refuse("an operator stops a release, or the stations' reports do")
	case c.Ring == RingStop && r.Stopped, c.Ring == r.Ring && !r.Stopped:
		return done(nil)
	case c.Ring == RingStop:
		r.Stopped, r.Stop = true, Stop{By: c.By, Text: c.Reason}
	case c.By == "" && r.Stopped:
		return refuse("release %d is stopped; only an operator lets it go on", c.Sequence)
	case c.By == "" && c.Ring != r.Ring+1:
		return refuse("ring %d does not follow ring %d", c.Ring, r.Ring)
	default:
		if r.Stopped {
			r.Resumed = w.index
		}
		r.Ring, r.Since, r.Stopped, r.Stop = c.Ring, c.At, false, Stop{}
	}
	return done(w.set(releaseKey(tableRelease, c.Sequence), r.encode()))
}

// update keeps what a station says, and stops the release when that makes its
// ring unhealthy.
func (w *work) update(c UpdateReport) (Verdict, error) {
	st, _, v, err := w.current(c.Station, c.Epoch)
	if err != nil || v.Outcome != Done {
		return v, err
	}
	if st.Fenced {
		return Verdict{Outcome: Fenced, Reason: "this epoch of the station is fenced"}, nil
	}
	if err := c.Check(); err != nil {
		return refuse("%v", err)
	}
	known, ok, err := w.Update(c.Station)
	if err != nil || ok && c.Repeats(known) {
		return done(err)
	}
	u := UpdateRow{Station: c.Station, Epoch: c.Epoch, Sequence: c.Sequence, Stage: c.Stage, Running: c.Running, Version: c.Version, Reason: c.Reason, At: c.At}
	o := OutcomeRow{Station: c.Station, Stage: c.Stage, At: c.At, Index: w.index}
	err = errors.Join(w.set(updateKey(c.Station), u.encode()), w.set(outcomeKey(c.Sequence, c.Station), o.encode()))
	if err != nil || !c.Stage.Bad() {
		return done(err)
	}
	return done(w.halt(c))
}

// Repeats reports whether the report says nothing new.
func (c UpdateReport) Repeats(u UpdateRow) bool {
	return u.Epoch == c.Epoch && u.Sequence == c.Sequence && u.Stage == c.Stage && u.Running == c.Running && u.Version == c.Version && u.Reason == c.Reason
}

// halt stops the release a bad report is about when its ring's health has
// fallen. No clock, no share of silence: the reports alone decide.
func (w *work) halt(c UpdateReport) error {
	r, ok, err := w.Release(c.Sequence)
	if err != nil || !ok || r.Stopped {
		return err
	}
	ring := r.RingOf(c.Station)
	bad, settled := 0, 0
	err = w.Outcomes(c.Sequence, func(o OutcomeRow) error {
		if r.RingOf(o.Station) != ring || !o.Stage.settled() {
			return nil
		}
		if !o.Stage.Bad() {
			settled++
		} else if o.Index > r.Resumed {
			settled++
			bad++
		}
		return nil
	})
	if err != nil || !unhealthy(min(ring, r.Ring), bad, settled) {
		return err
	}
	r.Stopped = true
	r.Stop = Stop{Ring: ring, Bad: uint64(bad), Tried: uint64(settled), Station: c.Station, Text: c.Reason}
	return w.set(releaseKey(tableRelease, c.Sequence), r.encode())
}

// unhealthy is the rule: in ring 1, and for as long as a release has not left
// it, one bad report is enough; later more than one and more than a tenth of
// those in the same ring that tried it.
func unhealthy(ring Ring, bad, settled int) bool {
	if ring <= RingOne {
		return bad >= 1
	}
	return bad > 1 && bad*10 > settled
}

// Tally counts the stations of one ring of a release.
type Tally struct {
	Stations  int // that may get it
	Confirmed int
	Bad       int // rolled back or failed
	Refused   int
	Underway  int // staged or trying
}

// Tally counts how far the stations are with a release, by ring; element 0 is
// not used.
func (v *View) Tally(r ReleaseRow) (t [RingAll + 1]Tally, err error) {
	stages := map[journal.Station]Stage{}
	err = v.Outcomes(r.Sequence, func(o OutcomeRow) error { stages[o.Station] = o.Stage; return nil })
	if err != nil {
		return t, err
	}
	err = v.Stations(func(s StationRow) error {
		if s.Fenced {
			return nil
		}
		c := &t[r.RingOf(s.Station)]
		c.Stations++
		switch stage := stages[s.Station]; {
		case stage == StageConfirmed:
			c.Confirmed++
		case stage.Bad():
			c.Bad++
		case stage == StageRefused:
			c.Refused++
		case stage != 0:
			c.Underway++
		}
		return nil
	})
	return t, err
}

// Health is what moving a release onwards needs to know of its rings.
type Health struct {
	Members   int // stations of the rings it goes out to whose word is awaited
	Confirmed int // of them: proved it long enough ago
}

// Health looks at the stations in the ring r has reached and those below:
// awaited is who was heard of at heard or later, and who has confirmed; not who
// refused it for its machine, nor who went back and was forgiven. confirmed is
// the latest time that is long enough ago. For the leader only: it judges by a
// clock.
func (v *View) Health(r ReleaseRow, heard, confirmed int64) (h Health, err error) {
	stages := map[journal.Station]OutcomeRow{}
	err = v.Outcomes(r.Sequence, func(o OutcomeRow) error { stages[o.Station] = o; return nil })
	if err != nil {
		return h, err
	}
	err = v.Stations(func(s StationRow) error {
		o := stages[s.Station]
		forgiven := o.Stage.Bad() && o.Index <= r.Resumed
		switch {
		case s.Fenced || r.RingOf(s.Station) > r.Ring || o.Stage == StageRefused || forgiven:
		case o.Stage == StageConfirmed && o.At <= confirmed:
			h.Members++
			h.Confirmed++
		case s.Contact >= heard:
			h.Members++
		}
		return nil
	})
	return h, err
}
