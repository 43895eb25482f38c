package fsm

import "tramxa/appliance/journal"

// claim is what a verified batch states about its place in the chain.
type claim struct {
	First, Last journal.Seq
	Pre, Post   journal.Hash
	// At returns the batch's own hash at a sequence from First-1 to Last.
	At func(journal.Seq) journal.Hash
}

// place is the acceptance table: where a batch whose signature and chain are
// good stands against the watermark. known returns the hash the hub holds at a
// sequence up to the watermark.
//
//	last ≤ watermark, same hash there         duplicate
//	last ≤ watermark, other hash              fork
//	first = watermark+1, pre-hash is its hash accepted
//	first = watermark+1, other pre-hash       fork
//	first > watermark+1                       gap, want watermark+1
//	across the watermark, same hash there     gap, want watermark+1
//	across the watermark, other hash          fork
func place(w Watermark, c claim, known func(journal.Seq) (journal.Hash, error)) (Verdict, error) {
	behind := Verdict{Outcome: Gap, Seq: w.Seq, Hash: w.Hash, Want: w.Seq + 1}
	fork := behind
	fork.Outcome = Fork
	end := Verdict{Outcome: Accepted, Seq: c.Last, Hash: c.Post}
	switch {
	case c.First > w.Seq+1:
		return behind, nil
	case c.First == w.Seq+1:
		if c.Pre != w.Hash {
			return fork, nil
		}
		return end, nil
	case c.Last > w.Seq:
		if c.At(w.Seq) != w.Hash {
			return fork, nil
		}
		return behind, nil
	}
	h, err := known(c.Last)
	if err != nil {
		return Verdict{}, err
	}
	if h != c.Post {
		return fork, nil
	}
	end.Outcome = Duplicate
	return end, nil
}
