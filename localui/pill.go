package localui

import (
	"time"
)

// Stages of the line to the hub, as Status.Line has them.
const (
	LineNone       = ""           // no hub is configured
	LineIdle       = "idle"       // connected or between two exchanges, nothing to send
	LineConnecting = "connecting" // dialling
	LineSending    = "sending"    // a batch is under way
	LineWaiting    = "waiting"    // for the next attempt after a failure
	LineStopped    = "stopped"    // Problem says why; people must act
)

// pill is the state of the station's data in one place: a sign, a text and a
// colour, never one alone. Mere offline is grey: it is normal.
type pill struct {
	Class string `json:"class"` // good, wait, off, bad
	Sign  string `json:"sign"`
	Text  string `json:"text"`
}

func (w words) pill(s Status) pill {
	waiting := s.waiting()
	switch {
	case s.Failed != "" || s.Full || s.Line == LineStopped:
		return pill{"bad", "⚠", w.text("pill.act")}
	case s.Rebuilding:
		return pill{"wait", "↻", w.text("pill.rebuilding")}
	case s.Line == LineNone:
		return pill{"off", "✓", w.text("pill.local")}
	case s.Line == LineSending && waiting > 0:
		return pill{"wait", "↻", w.text("pill.sending", "n", w.num(waiting))}
	case waiting == 0 && s.Acked > 0:
		return pill{"good", "✓", w.text("pill.received", "at", w.clock(s.AckedAt, s.Now))}
	case s.Connected:
		return pill{"wait", "●", w.text("pill.waiting", "n", w.num(waiting))}
	}
	if days := int(s.Now.Sub(s.AckedAt) / (24 * time.Hour)); !s.AckedAt.IsZero() && days > 0 {
		return pill{"off", "⌁", w.text("pill.offline_days", "days", w.num(days), "n", w.num(waiting))}
	}
	return pill{"off", "⌁", w.text("pill.offline", "n", w.num(waiting))}
}
