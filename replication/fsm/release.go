package fsm

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
)

// A release is a signed update of the program, as the state machine knows it: a
// growing number, a manifest and signatures it does not read, and the hashes of
// the files (parts) that every node keeps beside its state. It goes out ring by
// ring, and the state machine itself stops it when a ring's health falls.

// Bounds of what is said about releases.
const (
	MaxManifest = 64 << 10 // bytes of manifest and signatures together
	MaxParts    = 256      // of one release
	MaxPart     = 4 << 30  // bytes of one part
	MaxReason   = 500      // bytes
	maxSystem   = 64
	maxVersion  = 64
	maxLogin    = 64
)

// Ring says how far a release goes out: 1 to one station in a hundred, 2 to one
// in ten, 3 to all. The numbers are part of the format.
type Ring uint8

// RingStop, in SetRing, stops a release; no release stands in it.
const (
	RingStop Ring = 0
	RingOne  Ring = 1
	RingTen  Ring = 2
	RingAll  Ring = 3
)

// Stage is how far a station is with a release. The numbers are part of the
// format.
type Stage uint8

// The stages. Refused is the station's own check before anything is touched (no
// room, too little memory) and says nothing about the release's health; rolled
// back and failed do.
const (
	StageStaged     Stage = 1 // fetched and verified, not started yet
	StageTrying     Stage = 2 // runs, not proved yet
	StageConfirmed  Stage = 3 // runs and has proved itself
	StageRolledBack Stage = 4 // ran, did not prove itself, the one before is back
	StageRefused    Stage = 5 // not taken: the machine does not suit it
	StageFailed     Stage = 6 // could not be put in place

	lastStage = StageFailed
)

var stageNames = [...]string{"", "staged", "trying", "confirmed", "rolled_back", "refused", "failed"}

func (s Stage) String() string {
	if s >= 1 && s <= lastStage {
		return stageNames[s]
	}
	return "unknown"
}

// ParseStage is the opposite of String.
func ParseStage(s string) (Stage, bool) {
	for i := StageStaged; i <= lastStage; i++ {
		if stageNames[i] == s {
			return i, true
		}
	}
	return 0, false
}

// Bad reports whether the stage speaks against the release.
func (s Stage) Bad() bool { return s == StageRolledBack || s == StageFailed }

// settled reports whether the release was tried to an end.
func (s Stage) settled() bool { return s == StageConfirmed || s.Bad() }

// ReleasePart is a file of a release.
type ReleasePart struct {
	Hash   [32]byte // SHA-256 of the file; nodes keep it under this name
	Size   int64
	System string   // which machines need it, e.g. "linux/amd64"
	From   [32]byte // of the file it is a difference to; zero: it is whole
}

// PublishRelease makes a release known. The whole state of its parts is on the
// nodes' disks, not in the command.
type PublishRelease struct {
	At         int64
	By         string // the operator
	Sequence   uint64 // growing; above 0
	MinFrom    uint64 // stations below this one need another release first
	Version    string // for people
	Manifest   []byte
	Signatures []byte
	Parts      []ReleasePart
}

// SetRing moves a release to a ring, or stops it. Without By it is the leader's
// own step onwards, which never starts a stopped release again and never skips a
// ring; an operator may do both.
type SetRing struct {
	At       int64
	Sequence uint64
	Ring     Ring
	By       string
	Reason   string // of a stop
}

// UpdateReport is what a station says about a release.
type UpdateReport struct {
	At       int64
	Station  journal.Station
	Epoch    journal.Epoch
	Sequence uint64 // the release it is about; the hub may not know it (a stick carried it)
	Stage    Stage
	Running  uint64 // the release that runs now; 0 unknown
	Version  string // of the program that runs now
	Reason   string // plain, no personal data
}

func (PublishRelease) kind() commandKind { return kindPublish }
func (SetRing) kind() commandKind        { return kindRing }
func (UpdateReport) kind() commandKind   { return kindUpdate }

func (c PublishRelease) body(w *tuple.Writer) {
	w.Int(c.At)
	w.String(c.By)
	w.Uint(c.Sequence)
	w.Uint(c.MinFrom)
	w.String(c.Version)
	w.Bytes(c.Manifest)
	w.Bytes(c.Signatures)
	writeParts(w, c.Parts)
}

func (c SetRing) body(w *tuple.Writer) {
	w.Int(c.At)
	w.Uint(c.Sequence)
	w.Uint(uint64(c.Ring))
	w.String(c.By)
	w.String(c.Reason)
}

func (c UpdateReport) body(w *tuple.Writer) {
	w.Int(c.At)
	w.Uint(uint64(c.Station))
	w.Uint(uint64(c.Epoch))
	w.Uint(c.Sequence)
	w.Uint(uint64(c.Stage))
	w.Uint(c.Running)
	w.String(c.Version)
	w.String(c.Reason)
}

func readPublish(r *tuple.Reader) PublishRelease {
	return PublishRelease{At: readSecond(r), By: r.String(maxLogin), Sequence: r.Uint(tuple.MaxInt), MinFrom: r.Uint(tuple.MaxInt),
		Version: r.String(maxVersion), Manifest: clone(r.Bytes(MaxManifest)), Signatures: clone(r.Bytes(MaxManifest)), Parts: readParts(r)}
}

func readRing(r *tuple.Reader) SetRing {
	return SetRing{At: readSecond(r), Sequence: r.Uint(tuple.MaxInt), Ring: Ring(r.Uint(uint64(RingAll))), By: r.String(maxLogin), Reason: r.String(MaxReason)}
}

func readUpdate(r *tuple.Reader) UpdateReport {
	return UpdateReport{At: readSecond(r), Station: readStation(r), Epoch: readEpoch(r), Sequence: r.Uint(tuple.MaxInt),
		Stage: Stage(r.Uint(uint64(lastStage))), Running: r.Uint(tuple.MaxInt), Version: r.String(maxVersion), Reason: r.String(MaxReason)}
}

func writeParts(w *tuple.Writer, parts []ReleasePart) {
	w.List(len(parts))
	for _, p := range parts {
		w.List(4)
		w.Bytes(p.Hash[:])
		w.Uint(uint64(p.Size))
		w.String(p.System)
		if p.From == ([32]byte{}) {
			w.Bytes(nil)
		} else {
			w.Bytes(p.From[:])
		}
	}
}

func readParts(r *tuple.Reader) (parts []ReleasePart) {
	for range r.List(MaxParts) {
		if n := r.List(4); n != 4 {
			r.Fail(fmt.Errorf("%w: part of %d fields", tuple.ErrMalformed, n))
			break
		}
		p := ReleasePart{Hash: readHash(r), Size: int64(r.Uint(MaxPart)), System: r.String(maxSystem)}
		if b := r.Bytes(len(p.From)); b != nil {
			fill(r, p.From[:], b)
			if p.From == ([32]byte{}) { // nothing has one spelling
				r.Fail(fmt.Errorf("%w: part of an empty origin", tuple.ErrMalformed))
			}
		}
		r.End()
		parts = append(parts, p)
	}
	r.End()
	return parts
}

// Check says what is wrong with a release before anything is proposed; the state
// machine asks the same.
func (c PublishRelease) Check() error {
	switch {
	case c.Sequence == 0:
		return fmt.Errorf("a release needs a number above 0")
	case c.MinFrom > c.Sequence:
		return fmt.Errorf("a release cannot ask for one above itself")
	case c.Version == "" || !plain(c.Version, maxVersion) || !plain(c.By, maxLogin):
		return fmt.Errorf("a release needs a version of at most %d bytes", maxVersion)
	case len(c.Manifest) == 0 || len(c.Signatures) == 0 || len(c.Manifest)+len(c.Signatures) > MaxManifest:
		return fmt.Errorf("manifest and signatures have %d bytes, between 2 and %d are right", len(c.Manifest)+len(c.Signatures), MaxManifest)
	case len(c.Parts) == 0 || len(c.Parts) > MaxParts:
		return fmt.Errorf("a release has 1 to %d parts, not %d", MaxParts, len(c.Parts))
	}
	sizes := map[[32]byte]int64{}
	for _, p := range c.Parts {
		known, twice := sizes[p.Hash]
		if p.Size <= 0 || p.Size > MaxPart || p.System == "" || !plain(p.System, maxSystem) || twice && known != p.Size {
			return fmt.Errorf("a part of %d bytes for %q is not within bounds", p.Size, p.System)
		}
		sizes[p.Hash] = p.Size
	}
	return nil
}

// Check says what is wrong with a report before it is proposed; the state
// machine asks the same.
func (c UpdateReport) Check() error {
	switch {
	case c.Sequence == 0 || c.Stage == 0 || c.Stage > lastStage:
		return fmt.Errorf("a report names a release and how far it is")
	case !plain(c.Version, maxVersion) || !plain(c.Reason, MaxReason):
		return fmt.Errorf("version and reason are plain text of at most %d and %d bytes", maxVersion, MaxReason)
	}
	return nil
}

// plain reports whether s is text of at most max bytes without control
// characters.
func plain(s string, max int) bool {
	return len(s) <= max && utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

// score spreads the stations evenly and anew for each release, below 2^60: the
// same stations must not always be the ones that try first.
func score(s journal.Station, sequence uint64) uint64 {
	b := be32(be64([]byte("tramxa release ring v1\x00"), sequence), s)
	h := sha256.Sum256(b)
	return binary.BigEndian.Uint64(h[:8]) >> 4
}
