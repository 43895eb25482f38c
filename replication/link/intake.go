package link

import (
	"context"
	"time"

	"tramxa/appliance/journal"
)

// Intake is the hub behind a link. Its methods are called from the goroutines
// of many links at once.
type Intake interface {
	// Hello answers a station that has proved its key. The welcome's Status
	// says whether batches may follow. An error means the hub cannot answer
	// now; the link is closed and the station comes again.
	Hello(ctx context.Context, h Hello) (Welcome, error)
	// Take decides about one batch, and answers after it is committed and
	// applied. batch is one whole batch of the station's own, not yet verified;
	// Take may keep it. An error means the outcome is unknown: the link is
	// closed and the station sends the same batch again.
	Take(ctx context.Context, batch []byte) (Verdict, error)
}

// VerdictKind is what the hub says about a batch.
type VerdictKind uint8

// The verdicts; the numbers are part of the format.
const (
	VerdictAccepted      VerdictKind = 1  // committed and applied
	VerdictDuplicate     VerdictKind = 2  // was committed before, with the same hash
	VerdictGap           VerdictKind = 3  // send from Want
	VerdictFork          VerdictKind = 4  // other records are committed at these sequences
	VerdictFenced        VerdictKind = 5  // the epoch has been succeeded by another
	VerdictUnregistered  VerdictKind = 6  // station or epoch never granted
	VerdictBadSignature  VerdictKind = 7  // not signed with the key of the epoch
	VerdictBadChain      VerdictKind = 8  // records do not lead to the hash they state
	VerdictWrongMint     VerdictKind = 9  // not the mint number granted to the epoch
	VerdictNotUnderstood VerdictKind = 10 // malformed, or newer than the hub
	VerdictNotLeader     VerdictKind = 11 // ask Leader
	VerdictUnknown       VerdictKind = 12 // outcome unknown: send the same batch again
	VerdictBusy          VerdictKind = 13 // send again after RetryAfter
)

// String names the verdict for logs and status.
func (k VerdictKind) String() string {
	names := [...]string{"none", "accepted", "duplicate", "gap", "fork", "fenced", "unregistered", "bad-signature",
		"bad-chain", "wrong-mint", "not-understood", "not-leader", "unknown", "busy"}
	if int(k) < len(names) {
		return names[k]
	}
	return "newer"
}

// Verdict is the hub's answer about a batch.
type Verdict struct {
	Kind       VerdictKind
	Seq        journal.Seq   // the watermark: the last sequence committed in this lane
	Hash       journal.Hash  // the chain there
	Want       journal.Seq   // the sequence the hub wants next; 0: Seq+1
	Leader     string        // NotLeader: link address of the leader, "" when unknown
	RetryAfter time.Duration // Busy, NotLeader without address: not before; whole milliseconds
}

// Status is the hub's answer to a hello.
type Status uint8

// The statuses; the numbers are part of the format.
const (
	StatusWelcome      Status = 1 // batches may follow
	StatusNotLeader    Status = 2 // go to Leader
	StatusFenced       Status = 3 // the epoch, or this copy of it, may not send
	StatusRewound      Status = 4 // the station's head is below the watermark
	StatusForked       Status = 5 // the station's head has another hash than the hub's record there
	StatusUnregistered Status = 6 // station, epoch or key not known
	StatusUpgrade      Status = 7 // no common protocol version
	StatusBusy         Status = 8 // come again after RetryAfter
)

// String names the status for logs.
func (s Status) String() string {
	names := [...]string{"none", "welcome", "not-leader", "fenced", "rewound", "forked", "unregistered", "upgrade", "busy"}
	if int(s) < len(names) {
		return names[s]
	}
	return "newer"
}
