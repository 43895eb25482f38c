package grubenv

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Size is the length of every environment block: GRUB writes it in place, so
// that saving never has to allocate anything on the file system.
const Size = 1024

const header = "# GRUB Environment Block\n"

// ErrBad is wrapped by every error about the content of a block.
var ErrBad = errors.New("boot state is not understood")

// Slot is one of the two places for a root file system: 'A' or 'B'.
type Slot byte

// The two slots.
const (
	A Slot = 'A'
	B Slot = 'B'
)

// Other is the slot that is not s.
func (s Slot) Other() Slot {
	if s == A {
		return B
	}
	return A
}

func (s Slot) String() string { return string(rune(s)) }

// MaxTries bounds how often a slot on trial is started.
const MaxTries = 3

// Env is the whole state. Its zero value is not valid; New is.
type Env struct {
	Slot   Slot   // the one to start
	Good   bool   // it has proved itself: tries do not count
	Tries  int    // starts left while not Good, 0 to MaxTries
	Rolled bool   // the loader left a slot that failed; said until the next trial
	Seq    uint64 // sequence of the root update tried last: it runs in Slot, or with Rolled it failed; 0: none yet
}

// New is the state of a fresh image: slot A, good.
func New() Env { return Env{Slot: A, Good: true} }

// Trial is the state after an update with sequence seq was written into the
// other slot: that one is started, at most MaxTries times until Confirm.
func (e Env) Trial(seq uint64) Env {
	return Env{Slot: e.Slot.Other(), Tries: MaxTries, Seq: seq}
}

// Confirm says that the running slot has proved itself. It changes nothing that
// is confirmed already, so it may be said again after a power cut.
func (e Env) Confirm() Env {
	if e.Good {
		return e
	}
	e.Good, e.Tries, e.Rolled = true, 0, false
	return e
}

// Back leaves the slot for the other one, which was good before it.
func (e Env) Back() Env {
	return Env{Slot: e.Slot.Other(), Good: true, Rolled: true, Seq: e.Seq}
}

// Boot is what the loader does at a start: the slot it takes and the state it
// leaves. It is the rule that the script in grub.cfg spells out; has says
// whether a slot's kernel is there.
func (e Env) Boot(has func(Slot) bool) (Slot, Env) {
	if !e.Good {
		if e.Tries == 0 {
			e = e.Back()
		} else {
			e.Tries--
		}
	}
	if !has(e.Slot) {
		e = e.Back()
	}
	return e.Slot, e
}

// Parse reads a block; ErrBad. Variables it does not know are refused: who
// writes the block back would lose them.
func Parse(b []byte) (Env, error) {
	bad := func(format string, a ...any) (Env, error) {
		return Env{}, fmt.Errorf("%w: "+format, append([]any{ErrBad}, a...)...)
	}
	if len(b) != Size {
		return bad("%d bytes instead of %d", len(b), Size)
	}
	rest, ok := bytes.CutPrefix(b, []byte(header))
	if !ok {
		return bad("it does not begin as GRUB's block does")
	}
	var e Env
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimRight(string(rest), "#"), "\n") {
		if line == "" {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		if seen[name] {
			return bad("%q stands twice", name)
		}
		seen[name] = true
		if err := e.set(name, value); err != nil {
			return bad("%v", err)
		}
	}
	if e.Slot == 0 {
		return bad("slot is missing")
	}
	return e, nil
}

func (e *Env) set(name, value string) error {
	var err error
	switch name {
	case "slot":
		if value != "A" && value != "B" {
			return fmt.Errorf("slot is A or B, not %q", value)
		}
		e.Slot = Slot(value[0])
	case "good":
		e.Good, err = flag(name, value)
	case "rolled":
		e.Rolled, err = flag(name, value)
	case "tries":
		n, perr := strconv.ParseUint(value, 10, 8)
		if perr != nil || n > MaxTries {
			return fmt.Errorf("tries is 0 to %d, not %q", MaxTries, value)
		}
		e.Tries = int(n)
	case "root_seq":
		e.Seq, err = strconv.ParseUint(value, 10, 64)
	default:
		return fmt.Errorf("unknown variable %q", name)
	}
	return err
}

func flag(name, value string) (bool, error) {
	if value != "0" && value != "1" {
		return false, fmt.Errorf("%s is 0 or 1, not %q", name, value)
	}
	return value == "1", nil
}

// Marshal writes the block: always Size bytes, the same for the same state.
func (e Env) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(header)
	fmt.Fprintf(&b, "slot=%s\ngood=%d\ntries=%d\nrolled=%d\nroot_seq=%d\n", e.Slot, bit(e.Good), e.Tries, bit(e.Rolled), e.Seq)
	b.Write(bytes.Repeat([]byte{'#'}, Size-b.Len()))
	return b.Bytes()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
