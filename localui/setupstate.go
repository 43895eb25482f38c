package localui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"
)

// setupVersion is the version of the kept state that this program reads and
// writes. Another version is not read: the setup begins anew, nothing but some
// typing is lost.
const setupVersion = 1

// maxSetupState bounds the kept state, in bytes.
const maxSetupState = 64 << 10

// setupState is what is kept of the setup between two requests and over a
// restart: what was typed, never a password and never the recovery code.
type setupState struct {
	Version  int        `json:"version"`
	Known    setupKnown `json:"known"` // offered, not yet agreed to
	Language string     `json:"language,omitempty"`
	Unit     string     `json:"unit,omitempty"`
	UnitName string     `json:"unit_name,omitempty"`
	Province string     `json:"province,omitempty"`
	Place    string     `json:"place,omitempty"`
	Clock    setupClock `json:"clock"`
	Machine  bool       `json:"machine,omitempty"` // the page about this PC was left
	Station  uint32     `json:"station,omitempty"`
	Mint     uint32     `json:"mint,omitempty"`
	Hub      []string   `json:"hub,omitempty"`
	HubPin   string     `json:"hub_pin,omitempty"`
	KeyFile  bool       `json:"key_file,omitempty"`
	Name     string     `json:"name,omitempty"` // of the head
	Login    string     `json:"login,omitempty"`
	Sheet    string     `json:"sheet,omitempty"` // mark of the recovery code that was shown to be on paper
	Data     string     `json:"data,omitempty"`
}

// setupKnown is SetupPrefill as it is kept.
type setupKnown struct {
	Language string   `json:"language,omitempty"`
	Station  uint32   `json:"station,omitempty"`
	Mint     uint32   `json:"mint,omitempty"`
	Unit     string   `json:"unit,omitempty"`
	Place    string   `json:"place,omitempty"`
	Hub      []string `json:"hub,omitempty"`
	HubPin   string   `json:"hub_pin,omitempty"`
}

// setupClock is the answer about the clock: the moment agreed on in Unix
// seconds, how far the PC was off in seconds, and whether it was set then.
type setupClock struct {
	At      int64 `json:"at,omitempty"`
	Off     int64 `json:"off,omitempty"`
	Set     bool  `json:"set,omitempty"`
	Battery bool  `json:"battery,omitempty"`
}

var errSetupState = errors.New("kept setup is not understood")

// parseSetup reads a kept state; nothing kept is a new state.
func parseSetup(b []byte) (setupState, error) {
	if len(b) == 0 {
		return setupState{Version: setupVersion}, nil
	}
	if len(b) > maxSetupState {
		return setupState{}, fmt.Errorf("%w: %d bytes, at most %d", errSetupState, len(b), maxSetupState)
	}
	var st setupState
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&st); err != nil {
		return setupState{}, fmt.Errorf("%w: %w", errSetupState, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return setupState{}, fmt.Errorf("%w: something follows it", errSetupState)
	}
	if err := st.check(); err != nil {
		return setupState{}, err
	}
	// What is read must be readable when it is kept again, where a sign can take
	// more bytes than it had.
	if out, err := json.Marshal(st); err != nil || len(out) > maxSetupState {
		return setupState{}, fmt.Errorf("%w: %d bytes when written, at most %d", errSetupState, len(out), maxSetupState)
	}
	return st, nil
}

func (st *setupState) check() error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", errSetupState, what) }
	switch {
	case st.Version != setupVersion:
		return bad(fmt.Sprintf("version %d, this program reads %d", st.Version, setupVersion))
	case st.Language != known(st.Language) || st.Known.Language != known(st.Known.Language):
		return bad("language")
	case st.Unit != "" && (!isUnitCode(st.Unit) || st.UnitName == "" || st.Place == ""):
		return bad("unit")
	case (len(st.Hub) == 0) != (st.HubPin == ""):
		return bad("hub and its key belong together")
	case st.Station > maxStation || st.Mint > maxStation:
		return bad("station number")
	case st.Login != "" && !loginFormed(st.Login):
		return bad("login")
	case st.Data != "" && !slices.Contains(setupData, st.Data):
		return bad("data")
	case st.Clock.At < 0 || st.Clock.At > 1<<40 || st.Clock.Off > 1<<40 || st.Clock.Off < -1<<40:
		return bad("clock")
	}
	for _, s := range append([]string{st.UnitName, st.Province, st.Place, st.Name, st.Sheet}, st.Hub...) {
		if len(s) > 4*maxPlace || !utf8.ValidString(s) {
			return bad("text")
		}
	}
	return nil
}

// merge takes over what a file says; its zero fields leave what was there.
func (k *setupKnown) merge(p SetupPrefill) {
	k.Language = first(known(p.Language), k.Language)
	k.Unit = first(p.Unit, k.Unit)
	k.Place = first(p.Place, k.Place)
	k.HubPin = first(p.HubPin, k.HubPin)
	if p.Station != 0 {
		k.Station, k.Mint = p.Station, p.Mint
	}
	if len(p.Hub) > 0 {
		k.Hub = slices.Clone(p.Hub)
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// agreed is the moment agreed on, counted on by the PC's clock; ok is false when
// none was, or when that clock has since gone back (a PC without battery that was
// switched off forgets); a network that sets it straight by minutes is no such
// thing.
func (c setupClock) agreed(now time.Time) (time.Time, bool) {
	if !c.Set {
		now = now.Add(time.Duration(c.Off) * time.Second)
	}
	return now, c.At != 0 && now.Unix() > c.At-600
}

// sheetMark tells recovery codes apart without telling anything of them: forty
// bits of a hash of a hundred and more.
func sheetMark(code string) string {
	sum := sha256.Sum256([]byte("tramxa setup sheet\x00" + code))
	return hex.EncodeToString(sum[:5])
}
