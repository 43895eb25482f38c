package fsm

import (
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
)

// ReleaseRow is what the hub keeps of a release, for ever; its manifest and its
// parts have rows of their own.
type ReleaseRow struct {
	Sequence uint64
	MinFrom  uint64
	Version  string
	At       int64  // published, by the leader's clock
	By       string // the operator
	Ring     Ring   // it goes out to this one and those below
	Since    int64  // in this ring, by the leader's clock
	Stopped  bool
	Stop     Stop   // why, when it is stopped
	Resumed  uint64 // raft index of the operator's resumption: bad reports up to there are forgiven
	// Cut are the highest scores of rings 1 and 2. They are fixed when the
	// release is published, so that a station never changes its ring.
	Cut [2]uint64
}

// Stop says why a release was stopped: an operator did it, or the reports did.
type Stop struct {
	By string // the operator; "": the reports of ring Ring
	// Of those of the ring that tried it to an end, so many went back, the last
	// of them Station.
	Ring       Ring
	Bad, Tried uint64
	Station    journal.Station
	Text       string // the operator's or the station's own words
}

// String tells it in English.
func (s Stop) String() string {
	text := "stopped by " + s.By
	if s.By == "" {
		text = fmt.Sprintf("ring %d: %d of %d stations that tried it went back, the last was station %d", s.Ring, s.Bad, s.Tried, s.Station)
	}
	if s.Text != "" {
		text += ": " + s.Text
	}
	return text
}

func (s Stop) write(w *tuple.Writer) {
	w.Begin()
	w.String(s.By)
	w.Uint(uint64(s.Ring))
	w.Uint(s.Bad)
	w.Uint(s.Tried)
	w.Uint(uint64(s.Station))
	w.String(s.Text)
	w.End()
}

func readStop(r *tuple.Reader) Stop {
	r.Begin(6)
	s := Stop{By: r.String(maxLogin), Ring: Ring(r.Uint(uint64(RingAll))), Bad: r.Uint(tuple.MaxInt), Tried: r.Uint(tuple.MaxInt),
		Station: readStation(r), Text: r.String(MaxReason)}
	r.End()
	return s
}

// RingOf says in which ring a station gets the release.
func (r ReleaseRow) RingOf(s journal.Station) Ring {
	switch n := r.Score(s); {
	case n <= r.Cut[0]:
		return RingOne
	case n <= r.Cut[1]:
		return RingTen
	}
	return RingAll
}

// Score is the station's place in the order of this release, below 2^60; it
// spreads stations over time too.
func (r ReleaseRow) Score(s journal.Station) uint64 { return score(s, r.Sequence) }

// Open reports whether the release goes out to a station now.
func (r ReleaseRow) Open(s journal.Station) bool { return !r.Stopped && r.RingOf(s) <= r.Ring }

func (r ReleaseRow) encode() []byte {
	var w tuple.Writer
	w.Uint(r.MinFrom)
	w.String(r.Version)
	w.Int(r.At)
	w.String(r.By)
	w.Uint(uint64(r.Ring))
	w.Int(r.Since)
	w.Bool(r.Stopped)
	r.Stop.write(&w)
	w.Uint(r.Resumed)
	w.Uint(r.Cut[0])
	w.Uint(r.Cut[1])
	return w.Tuple()
}

func decodeRelease(sequence uint64, b []byte) (ReleaseRow, error) {
	r := tuple.NewReader(b)
	x := ReleaseRow{Sequence: sequence, MinFrom: r.Uint(tuple.MaxInt), Version: r.String(maxVersion), At: r.Int(), By: r.String(maxLogin),
		Ring: Ring(r.Uint(uint64(RingAll))), Since: r.Int(), Stopped: r.Bool(), Stop: readStop(r), Resumed: r.Uint(tuple.MaxInt),
		Cut: [2]uint64{r.Uint(tuple.MaxInt), r.Uint(tuple.MaxInt)}}
	return x, r.Close()
}

// Manifest is the signed text of a release, as it came.
type Manifest struct{ Text, Signatures []byte }

func (m Manifest) encode() []byte {
	var w tuple.Writer
	w.Bytes(m.Text)
	w.Bytes(m.Signatures)
	return w.Tuple()
}

func decodeManifest(b []byte) (Manifest, error) {
	r := tuple.NewReader(b)
	m := Manifest{Text: clone(r.Bytes(MaxManifest)), Signatures: clone(r.Bytes(MaxManifest))}
	return m, r.Close()
}

func encodeParts(parts []ReleasePart) []byte {
	var w tuple.Writer
	writeParts(&w, parts)
	return w.Tuple()
}

func decodeParts(b []byte) ([]ReleasePart, error) {
	r := tuple.NewReader(b)
	parts := readParts(r)
	return parts, r.Close()
}

// UpdateRow is the newest thing a station said about its program.
type UpdateRow struct {
	Station  journal.Station
	Epoch    journal.Epoch
	Sequence uint64 // the release it spoke of
	Stage    Stage
	Running  uint64
	Version  string
	Reason   string
	At       int64 // by the leader's clock
}

func (u UpdateRow) encode() []byte {
	var w tuple.Writer
	w.Uint(uint64(u.Epoch))
	w.Uint(u.Sequence)
	w.Uint(uint64(u.Stage))
	w.Uint(u.Running)
	w.String(u.Version)
	w.String(u.Reason)
	w.Int(u.At)
	return w.Tuple()
}

func decodeUpdate(s journal.Station, b []byte) (UpdateRow, error) {
	r := tuple.NewReader(b)
	u := UpdateRow{Station: s, Epoch: readEpoch(r), Sequence: r.Uint(tuple.MaxInt), Stage: Stage(r.Uint(uint64(lastStage))),
		Running: r.Uint(tuple.MaxInt), Version: r.String(maxVersion), Reason: r.String(MaxReason), At: r.Int()}
	return u, r.Close()
}

// OutcomeRow is how far a station came with one release.
type OutcomeRow struct {
	Station journal.Station
	Stage   Stage
	At      int64  // since when, by the leader's clock
	Index   uint64 // raft index of the report
}

func (o OutcomeRow) encode() []byte {
	var w tuple.Writer
	w.Uint(uint64(o.Stage))
	w.Int(o.At)
	w.Uint(o.Index)
	return w.Tuple()
}

func decodeOutcome(s journal.Station, b []byte) (OutcomeRow, error) {
	r := tuple.NewReader(b)
	o := OutcomeRow{Station: s, Stage: Stage(r.Uint(uint64(lastStage))), At: r.Int(), Index: r.Uint(tuple.MaxInt)}
	if err := r.Close(); err != nil {
		return o, err
	}
	if o.Stage == 0 {
		return o, fmt.Errorf("%w: outcome without a stage", tuple.ErrMalformed)
	}
	return o, nil
}

func releaseKey(table byte, sequence uint64) []byte { return be64(stateKey(table), sequence) }

func updateKey(s journal.Station) []byte { return be32(stateKey(tableUpdate), s) }

func outcomeKey(sequence uint64, s journal.Station) []byte {
	return be32(releaseKey(tableOutcome, sequence), s)
}
