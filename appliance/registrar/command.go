package registrar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/rules"
)

// Limits of a command.
const (
	MaxEntries = 16
	MaxConfirm = 32
)

// Errors a caller decides on, beside those of the store.
var (
	ErrForbidden  = errors.New("this user may not write this")
	ErrBadCommand = errors.New("command is not understood")
	ErrDecided    = errors.New("the book changed meanwhile") // ask again
)

// Key makes a command recognisable: a device number given by the station and
// the device's own running number, from 1. The zero Key is none: such a command
// is never recognised.
type Key struct {
	Device uint32
	Seq    uint64
}

// String returns "device:seq", "" for the zero Key.
func (k Key) String() string {
	if k == (Key{}) {
		return ""
	}
	return strconv.FormatUint(uint64(k.Device), 10) + ":" + strconv.FormatUint(k.Seq, 10)
}

// ParseKey reads what String writes; "" is the zero Key.
func ParseKey(s string) (Key, error) {
	if s == "" {
		return Key{}, nil
	}
	d, n, ok := strings.Cut(s, ":")
	device, err1 := strconv.ParseUint(d, 10, 32)
	seq, err2 := strconv.ParseUint(n, 10, 56)
	k := Key{Device: uint32(device), Seq: seq}
	if !ok || err1 != nil || err2 != nil || device == 0 || seq == 0 || k.String() != s {
		return Key{}, fmt.Errorf(`%w: a key is "device:number", both from 1`, ErrBadCommand)
	}
	return k, nil
}

// Command is what is to be written, all or nothing.
//
// A zero id where an entry creates a person, household or area asks the
// registrar to mint one. NewID names it in the later entries of the same
// command.
type Command struct {
	Key     Key
	Entries []population.Entry
	Confirm []population.Confirmation // answers to soft findings
	// ConfirmAll, not empty, is the reason given for every soft finding; for
	// series only, where nobody can be asked.
	ConfirmAll string
	Op         journal.Seq // the operation it belongs to; 0 none
}

// NewID stands for the n-th id (from 1) that the command itself mints.
func NewID(n int) population.ID { return population.ID(n) }

// Status of an answer.
type Status string

// The statuses.
const (
	StatusRecorded Status = "recorded" // durable
	StatusAsk      Status = "ask"      // soft findings want a reason; nothing written
	StatusRefused  Status = "refused"  // a hard finding; nothing written
	StatusPassed   Status = "passed"   // Check only: would be recorded
)

// Answer says what became of a command.
type Answer struct {
	Status   Status          `json:"status"`
	Seqs     []uint64        `json:"seqs,omitempty"`     // sequences of its entries
	IDs      []population.ID `json:"ids,omitempty"`      // minted for it, in order
	Findings []rules.Finding `json:"findings,omitempty"` // with several entries, Field begins "entries[i]."
	Repeat   bool            `json:"repeat,omitempty"`   // this key was answered before; the same records
}
