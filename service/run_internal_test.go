package service

import (
	"testing"

	"tramxa/service/place"
)

func TestStatusFileKeepsWhatTheLauncherSaidLast(t *testing.T) {
	c := Config{Base: place.Base(t.TempDir())}
	if got := readStatusFile(c); got != "" {
		t.Errorf("%q before anything was said", got)
	}
	n := statusFile(c)
	n.say(sdStatus("starting v1"), sdWatchdog)
	n.say(sdStatus(statusDown+"v1: ended\nwith 3"), sdReady)
	s := Status{State: StateRunning, Text: readStatusFile(c)}
	s.lookBehindLauncher()
	if s.Text != "not running: v1: ended with 3" || s.State != StateFailed {
		t.Errorf("%+v", s)
	}
	n.say(sdStatus("running v1"))
	s = Status{State: StateRunning, Text: readStatusFile(c)}
	if s.lookBehindLauncher(); s.State != StateRunning {
		t.Errorf("%+v", s)
	}
}
