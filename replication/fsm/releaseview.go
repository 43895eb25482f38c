package fsm

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
)

// Release returns the row of a release.
func (v *View) Release(sequence uint64) (ReleaseRow, bool, error) {
	return row(v, releaseKey(tableRelease, sequence), func(b []byte) (ReleaseRow, error) { return decodeRelease(sequence, b) })
}

// Releases calls fn for every release, oldest first.
func (v *View) Releases(fn func(ReleaseRow) error) error {
	prefix := stateKey(tableRelease)
	return v.each(prefix, true, func(key, value []byte) error {
		if len(key) != len(prefix)+8 {
			return fmt.Errorf("release key of %d bytes", len(key))
		}
		r, err := decodeRelease(binary.BigEndian.Uint64(key[len(prefix):]), value)
		if err != nil {
			return fmt.Errorf("row of table %q: %w", tableRelease, err)
		}
		return fn(r)
	})
}

// Manifest returns the signed text of a release.
func (v *View) Manifest(sequence uint64) (Manifest, bool, error) {
	return row(v, releaseKey(tableManifest, sequence), decodeManifest)
}

// Parts returns the parts of a release.
func (v *View) Parts(sequence uint64) ([]ReleasePart, error) {
	parts, _, err := row(v, releaseKey(tableParts, sequence), decodeParts)
	return parts, err
}

// Update returns what a station said last about its program.
func (v *View) Update(s journal.Station) (UpdateRow, bool, error) {
	return row(v, updateKey(s), func(b []byte) (UpdateRow, error) { return decodeUpdate(s, b) })
}

// Outcome returns how far a station came with a release.
func (v *View) Outcome(sequence uint64, s journal.Station) (OutcomeRow, bool, error) {
	return row(v, outcomeKey(sequence, s), func(b []byte) (OutcomeRow, error) { return decodeOutcome(s, b) })
}

// Outcomes calls fn for every station that said something about a release.
func (v *View) Outcomes(sequence uint64, fn func(OutcomeRow) error) error {
	prefix := releaseKey(tableOutcome, sequence)
	return v.each(prefix, true, func(key, value []byte) error {
		if len(key) != len(prefix)+4 {
			return fmt.Errorf("outcome key of %d bytes", len(key))
		}
		o, err := decodeOutcome(journal.Station(binary.BigEndian.Uint32(key[len(prefix):])), value)
		if err != nil {
			return fmt.Errorf("row of table %q: %w", tableOutcome, err)
		}
		return fn(o)
	})
}

// forever is a sequence above every release.
const forever = uint64(math.MaxUint64)

// Offers calls fn for the releases that a station which runs release running may
// have now, newest first, until fn says that it is enough: those that are open to
// it, that it may go to directly, and that it has not gone back from since the
// release was last let go on.
func (v *View) Offers(s journal.Station, running uint64, fn func(ReleaseRow) (enough bool, err error)) error {
	it := v.txn.NewIterator(badger.IteratorOptions{Prefix: stateKey(tableRelease), Reverse: true, PrefetchValues: true, PrefetchSize: 8})
	defer it.Close()
	prefix := stateKey(tableRelease)
	for it.Seek(releaseKey(tableRelease, forever)); it.Valid(); it.Next() {
		sequence := binary.BigEndian.Uint64(it.Item().Key()[len(prefix):])
		if sequence <= running {
			return nil
		}
		b, err := it.Item().ValueCopy(nil)
		if err != nil {
			return err
		}
		r, err := decodeRelease(sequence, b)
		if err != nil {
			return fmt.Errorf("row of table %q: %w", tableRelease, err)
		}
		if !r.Open(s) || running < r.MinFrom {
			continue
		}
		o, tried, err := v.Outcome(sequence, s)
		if err != nil {
			return err
		}
		if tried && o.Stage.Bad() && o.Index > r.Resumed {
			continue
		}
		if enough, err := fn(r); err != nil || enough {
			return err
		}
	}
	return nil
}
