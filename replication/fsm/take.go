package fsm

import (
	"errors"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

// offer is a batch judged against the state, with what applying it needs.
type offer struct {
	verdict Verdict
	batch   *batch.Batch
	station StationRow
	epoch   EpochRow
}

// batchVersions says up to which batch version a fold version accepts, so that
// nodes of an old and a new program decide alike during an update.
func batchVersions(fold uint32) byte { return 1 }

// Judge says what would become of a batch now. Only the state machine's own
// verdict binds; this one saves the raft log from what would be refused anyway.
func (v *View) Judge(raw []byte) (Verdict, error) {
	o, err := v.judge(raw)
	return o.verdict, err
}

// judge takes the cheap checks first. Every error is this node's disk.
func (v *View) judge(raw []byte) (offer, error) {
	no := func(o Outcome, reason string) (offer, error) {
		return offer{verdict: Verdict{Outcome: o, Reason: reason}}, nil
	}
	fold, err := v.Fold()
	if err != nil {
		return offer{}, err
	}
	if len(raw) > 3 && string(raw[:3]) == "TXB" && raw[3] > batchVersions(fold) {
		return no(NotUnderstood, "the hub must be updated before it can take this batch")
	}
	h, err := batch.Peek(raw)
	if err != nil {
		return no(unreadable(err), "not a batch within its bounds")
	}
	st, ok, err := v.Station(h.Origin.Station)
	if err != nil {
		return offer{}, err
	}
	switch {
	case !ok || h.Origin.Epoch > st.Epoch || h.Origin.Lane >= Lanes:
		return no(Unregistered, "station, epoch or lane is not registered")
	case h.Origin.Epoch < st.Epoch || st.Fenced:
		return no(Fenced, "this epoch of the station is over")
	case h.Origin.Mint != st.Mint:
		return no(WrongMint, "the mint number is not the epoch's")
	}
	ep, ok, err := v.Epoch(st.Station, st.Epoch)
	if err != nil {
		return offer{}, err
	}
	if !ok {
		return offer{}, errors.New("epoch row of a registered station is missing")
	}
	// What the header alone decides is decided without unpacking: records too
	// far ahead, and records held already. Neither changes anything, so neither
	// needs the signature.
	mark := st.Lane[h.Origin.Lane]
	known := func(s journal.Seq) (journal.Hash, error) { return v.HashAt(st.Station, st.Epoch, h.Origin.Lane, s) }
	if h.First > mark.Seq+1 || h.Last <= mark.Seq {
		early, err := place(mark, claim{First: h.First, Last: h.Last, Pre: h.PreHash, Post: h.PostHash}, known)
		if err != nil || early.Outcome != Fork {
			return offer{verdict: early}, err
		}
	}
	b, err := v.unpacked.decode(raw)
	if err != nil {
		return no(unreadable(err), "not a batch within its bounds")
	}
	if b.VerifySignature(ep.Key) != nil {
		return no(BadSignature, "not signed by the station's key")
	}
	if b.VerifyChain(ep.Secret) != nil {
		return no(BadChain, "records do not fit the chain the batch states")
	}
	o := offer{batch: b, station: st, epoch: ep}
	o.verdict, err = place(mark, claim{First: b.First, Last: b.Last, Pre: b.PreHash, Post: b.PostHash,
		At: func(s journal.Seq) journal.Hash { return hashInside(b, ep.Secret, s) }}, known)
	return o, err
}

func unreadable(err error) Outcome {
	if errors.Is(err, batch.ErrNewer) {
		return NotUnderstood
	}
	return Malformed
}
