package hub

import (
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/link"
)

// contact is what this node heard last from a station. It lives in memory: the
// state machine keeps a coarser one.
type contact struct {
	at   time.Time
	head [fsm.Lanes]journal.Seq
	app  string // version it says it runs
}

func (h *Hub) heard(hello link.Hello) {
	c := contact{at: h.o.Now(), app: hello.App}
	for _, m := range hello.Heads {
		if int(m.Lane) < len(c.head) {
			c.head[m.Lane] = m.Seq
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.contacts[hello.Station] = c
}

// runs notes the version that a station says it runs.
func (h *Hub) runs(s journal.Station, app string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.contacts[s]
	c.app = app
	h.contacts[s] = c
}

// StationStatus is a line of the board.
type StationStatus struct {
	Station     journal.Station `json:"station"`
	Epoch       journal.Epoch   `json:"epoch"`
	Name        string          `json:"name,omitempty"`
	Unit        string          `json:"unit"`
	UnitName    string          `json:"unit_name,omitempty"`
	LastContact time.Time       `json:"last_contact,omitzero"` // by the leader's clock
	Watermark   journal.Seq     `json:"watermark"`             // of the register lane
	Waiting     journal.Seq     `json:"waiting"`               // records the station had beyond it when last heard here
	Access      journal.Seq     `json:"access"`                // watermark of the access log
	Batches     uint64          `json:"batches"`
	Fenced      bool            `json:"fenced"`
	Quarantined uint64          `json:"quarantined"`
	Version     string          `json:"version,omitempty"` // of its program
	Update      *UpdateStatus   `json:"update,omitempty"`  // what it said last about a release
}

// UpdateStatus is what a station said last about a release.
type UpdateStatus struct {
	Sequence uint64    `json:"sequence"`
	Outcome  string    `json:"outcome"`
	Running  uint64    `json:"running,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at"`
}

// Stations returns the board, by station number, as this node knows it.
func (h *Hub) Stations() ([]StationStatus, error) {
	board := []StationStatus{} // never null in JSON
	err := h.fsm.View(func(v *fsm.View) error {
		return v.Stations(func(s fsm.StationRow) error {
			u, _, err := v.Unit(s.Unit)
			if err != nil {
				return err
			}
			l := h.line(s, u.Name)
			up, ok, err := v.Update(s.Station)
			if ok {
				l.Version = or(l.Version, up.Version)
				l.Update = &UpdateStatus{Sequence: up.Sequence, Outcome: up.Stage.String(), Running: up.Running, Reason: up.Reason, At: time.Unix(up.At, 0).UTC()}
			}
			board = append(board, l)
			return err
		})
	})
	return board, err
}

func (h *Hub) line(s fsm.StationRow, unit string) StationStatus {
	l := StationStatus{Station: s.Station, Epoch: s.Epoch, Name: s.Name, Unit: s.Unit, UnitName: unit,
		Watermark: s.Lane[0].Seq, Access: s.Lane[1].Seq, Batches: s.Lane[0].Batches + s.Lane[1].Batches,
		Fenced: s.Fenced, Quarantined: s.Quarantined}
	if s.Contact > 0 {
		l.LastContact = time.Unix(s.Contact, 0).UTC()
	}
	h.mu.Lock()
	c, ok := h.contacts[s.Station]
	h.mu.Unlock()
	if ok && c.at.After(l.LastContact) {
		l.LastContact = c.at.UTC()
	}
	l.Version = c.app
	if ok && c.head[0] > l.Watermark {
		l.Waiting = c.head[0] - l.Watermark
	}
	return l
}

// Status is how this node is.
type Status struct {
	Node     string `json:"node"`
	State    string `json:"state"` // "leader", "follower", "candidate", "stopped"
	Leader   string `json:"leader,omitempty"`
	Term     uint64 `json:"term"`
	Applied  uint64 `json:"applied"`   // newest command in the state
	LogFirst uint64 `json:"log_first"` // raft indexes held
	LogLast  uint64 `json:"log_last"`
	Fold     uint32 `json:"fold"`
	Stations int    `json:"stations"`
	Damage   string `json:"damage,omitempty"`   // why the state was set aside at the start
	Diverged string `json:"diverged,omitempty"` // the state has parted from the leader's
	Error    string `json:"error,omitempty"`    // why the node stopped
}

// Status returns how this node is; what cannot be read is told in Error.
func (h *Hub) Status() Status {
	s := Status{Node: h.o.Node.ID, Term: h.raft.CurrentTerm(), Applied: h.fsm.Applied().Index,
		State:  map[string]string{"Leader": "leader", "Follower": "follower", "Candidate": "candidate", "Shutdown": "stopped"}[h.raft.State().String()],
		Damage: text(h.fsm.Damage()), Diverged: text(h.fsm.Diverged()), Error: text(h.Err())}
	if p, ok := h.Leader(); ok {
		s.Leader = p.ID
	}
	s.LogFirst, _ = h.logs.FirstIndex() // 0 when the log is closed: Error says so
	s.LogLast, _ = h.logs.LastIndex()
	err := h.fsm.View(func(v *fsm.View) (err error) {
		if s.Fold, err = v.Fold(); err != nil {
			return err
		}
		return v.Stations(func(fsm.StationRow) error { s.Stations++; return nil })
	})
	if err != nil && s.Error == "" {
		s.Error = err.Error()
	}
	return s
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
