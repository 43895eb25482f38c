package journal

import "fmt"

// Damage is a place in the journal where bytes do not verify although a power
// cut does not explain it. Nothing is cut off there and the file stays as it is:
// the range can be fetched from the hub or a backup. It is an error, and
// errors.Is(err, ErrDamaged).
type Damage struct {
	Segment string // file name in the journal's directory; of a missing segment, the file after the hole
	From    Seq    // first sequence lost; 0 when no record is lost
	To      Seq    // last sequence lost, as far as is known; never below From
	Open    bool   // at the journal's end: records after To may be lost with it
	Offset  int64  // of the first byte that does not verify
	Length  int64  // bytes until the next that do, or the end of the file; 0 for a missing segment
	Cause   string // what does not verify, in a few words
}

// Error names the place, never a content.
func (d *Damage) Error() string {
	if d.From == 0 {
		return fmt.Sprintf("%v: %s at byte %d of %s; no record is lost", ErrDamaged, d.Cause, d.Offset, d.Segment)
	}
	return fmt.Sprintf("%v: records %d to %d, %s at byte %d of %s; keep the file, restore the range from the hub or a backup",
		ErrDamaged, d.From, d.To, d.Cause, d.Offset, d.Segment)
}

// Unwrap makes errors.Is(d, ErrDamaged) true.
func (d *Damage) Unwrap() error { return ErrDamaged }
