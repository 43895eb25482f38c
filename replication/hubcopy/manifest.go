package hubcopy

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/identity"
)

const (
	maxManifest = 2 << 20
	maxPeers    = 64
	maxText     = 256
	maxAccounts = 1 << 20
)

// Peer is a node of the hub that was copied.
type Peer struct {
	ID   string `json:"id"`
	Raft string `json:"raft"`
	Link string `json:"link"`
}

// Manifest says what a copy holds. See FORMAT.md.
type Manifest struct {
	Version     int    `json:"version"`
	Made        string `json:"made"`
	Node        string `json:"node"`
	Pin         string `json:"pin"`
	Peers       []Peer `json:"peers"`
	Program     string `json:"program"`
	Index       uint64 `json:"index"`
	Term        uint64 `json:"term"`
	Fold        uint32 `json:"fold"`
	Incarnation string `json:"incarnation"`
	State       string `json:"state"`
	Stations    int    `json:"stations"`
	Records     uint64 `json:"records"`
	CutOff      bool   `json:"cut_off,omitempty"`
	Accounts    []byte `json:"accounts,omitempty"`
}

// StateHash is the hash of the state in the copy.
func (m Manifest) StateHash() journal.Hash {
	b, _ := hex.DecodeString(m.State) // check has seen it
	var h journal.Hash
	copy(h[:], b)
	return h
}

func (m Manifest) check() error {
	state, err1 := hex.DecodeString(m.State)
	incarnation, err2 := hex.DecodeString(m.Incarnation)
	_, err3 := identity.ParsePin(m.Pin)
	_, err4 := time.Parse(time.RFC3339, m.Made)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	if m.Version != version || len(state) != len(journal.Hash{}) || len(incarnation) != 8 || m.Index == 0 || m.Term == 0 || m.Fold == 0 || m.Stations < 0 {
		return errors.New("a field is out of its range")
	}
	if len(m.Peers) == 0 || len(m.Peers) > maxPeers || len(m.Accounts) > maxAccounts || len(m.Program) > maxText || len(m.Node) > maxText {
		return errors.New("a field is out of its range")
	}
	for _, p := range m.Peers {
		if p.ID == "" || max(len(p.ID), len(p.Raft), len(p.Link)) > maxText {
			return errors.New("a peer is out of its range")
		}
	}
	return nil
}

func (m Manifest) marshal() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("manifest of the copy: %w", err)
	}
	return json.Marshal(m)
}

// parseManifest decodes a manifest; ErrDamaged.
func parseManifest(b []byte) (m Manifest, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err = d.Decode(&m); err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			err = m.check()
		} else {
			err = errors.New("bytes after the end")
		}
	}
	if err != nil {
		return m, fmt.Errorf("%w: manifest: %w", ErrDamaged, err)
	}
	return m, nil
}
