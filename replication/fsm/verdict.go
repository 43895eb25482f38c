package fsm

import "tramxa/appliance/journal"

// Outcome is what the state machine decided about a command.
type Outcome uint8

// The outcomes. They never enter a snapshot; the link has numbers of its own.
const (
	Done          Outcome = iota // a command that is no batch took effect, now or earlier
	Accepted                     // the watermark moved
	Duplicate                    // taken before, the same acknowledgement again
	Gap                          // records are missing; Want says from where
	Fork                         // another history of the same epoch is known
	Fenced                       // this epoch is over
	Unregistered                 // station or epoch never granted
	WrongMint                    // the origin states a mint number that is not the epoch's
	BadSignature                 // not signed by the epoch's key
	BadChain                     // records do not lead from pre-hash to post-hash
	Malformed                    // not a batch, or over its limits
	NotUnderstood                // a batch version above what the cluster agreed on
	Refused                      // a command that is no batch contradicts the state; Reason says why
)

var outcomeNames = [...]string{"done", "accepted", "duplicate", "gap", "fork", "fenced", "unregistered",
	"wrong mint", "bad signature", "bad chain", "malformed", "not understood", "refused"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "unknown outcome"
}

// Verdict is the answer to a command. For Accepted and Duplicate, Seq and Hash
// are the end of the batch: what the station may consider safe for ever. For Gap
// and Fork they are the hub's watermark, and Want the sequence it waits for.
type Verdict struct {
	Outcome Outcome
	Seq     journal.Seq
	Hash    journal.Hash
	Want    journal.Seq
	Reason  string // plain English, lower case, no personal data
}

// Safe reports whether the hub holds the whole batch.
func (v Verdict) Safe() bool { return v.Outcome == Accepted || v.Outcome == Duplicate }
