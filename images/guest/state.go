package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Places of an image machine.
const (
	Run     = "/run/tramxa"   // state of this start
	BootDir = Run + "/boot"   // the boot partition, read-only
	Sticks  = Run + "/sticks" // sticks plugged in, a folder each
	Data    = "/data"         // the data partition
	machine = Run + "/machine.json"

	user = 900 // number of the user tramxa, the same in every image
)

// StateVersion is the version of machine.json.
const StateVersion = 1

// State is what the preparation found at this start. Others read it from
// machine.json.
type State struct {
	Version    int      `json:"version"`
	Slot       string   `json:"slot"`  // A, B
	Disk       string   `json:"disk"`  // device of the whole disk: /dev/sda
	Parts      []string `json:"parts"` // devices of boot, root A, root B, data
	Removable  bool     `json:"removable"`
	Data       string   `json:"data"` // "": mounted; else why not
	Seed       string   `json:"seed"` // "": none or taken; else why not
	SSH        bool     `json:"ssh"`
	Unattended bool     `json:"unattended"`
	Memory     int64    `json:"memory_kb"`
}

// ErrNoImage says that this machine does not run an image.
var ErrNoImage = errors.New("this machine does not run from a tramxa image")

// ReadState reads what Prepare found; ErrNoImage elsewhere.
func ReadState() (State, error) { return readState(machine) }

func readState(name string) (State, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return State{}, ErrNoImage
	}
	if err != nil {
		return State{}, err
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return State{}, fmt.Errorf("%s: %w", name, err)
	}
	if s.Version != StateVersion {
		return State{}, fmt.Errorf("%s: version %d, this program reads %d", name, s.Version, StateVersion)
	}
	return s, nil
}

func (s State) write(name string) error {
	s.Version = StateVersion
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
