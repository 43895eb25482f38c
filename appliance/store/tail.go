package store

import (
	"fmt"

	"tramxa/appliance/journal"
)

// checkTail refuses a journal of lane 0 that ends, at head, before the record that
// it is known to have held. A flipped bit in the last group looks like the tail of a
// power cut, and a segment missing at the end like nothing at all; only what was
// written elsewhere tells: the cursor, the clean marker, the checkpoints.
func checkTail(head, known journal.Seq, source string) error {
	if known <= head {
		return nil
	}
	return fmt.Errorf("%s record %d: %w", source, known, &journal.Damage{
		Segment: "the newest segment", From: head + 1, To: known, Open: true, Cause: "the journal ends too early, seen",
	})
}

// knownDurable is the highest record that something beside the journal says was
// durable, and what says so.
func knownDurable(fsys journal.FS, dir string, origin journal.Origin) (known journal.Seq, source string, err error) {
	c, _, err := readCursor(fsys, dir)
	if err != nil {
		return 0, "", err
	}
	known, source = c.Seq, "the hub has acknowledged"
	m, ok, err := readMarker(fsys, dir)
	if err != nil {
		return 0, "", err
	}
	if ok && m.Seq > known {
		known, source = m.Seq, "the last clean stop had"
	}
	seqs, err := checkpoints(fsys, dir)
	if err != nil {
		return 0, "", err
	}
	for _, seq := range seqs {
		info, err := readCheckpointInfo(fsys, ckptPath(dir, seq))
		if err == nil && info.Origin == origin && info.Seq > known {
			known, source = info.Seq, "a checkpoint has"
		}
	}
	return known, source, nil
}
