//go:build linux

package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tramxa/service/update"
)

// TestPowerCutsWhileUpdating cuts the power of an installed station at any moment
// while one verb puts a release in place and while that is on trial. Each time a
// whole, signed program serves, and all that was answered is there.
func TestPowerCutsWhileUpdating(t *testing.T) {
	longOnly(t)
	r := buildReleases(t)
	s := install(t, r)
	bundle := r.bundle(t, 2, filepath.Join(r.dir, "two"))
	known := map[update.Hash]string{sumOf(t, filepath.Join(r.dir, "one")): "1.0.0", sumOf(t, filepath.Join(r.dir, "two")): "2.0.0"}
	seen := map[string]int{}
	s.start()
	s.write(s.until(patience, anyone).control, 5)
	for range 20 {
		c := s.until(patience, anyone)
		sum, _, err := update.HashFile(c.file)
		noError(t, err)
		if known[sum] == "" {
			t.Fatalf("%s serves, which nobody signed", c.file)
		}
		st := s.slots()
		state := known[sum]
		if st.Trial != nil {
			state += " on trial"
		}
		seen[state]++
		s.asked(c.control)
		done := make(chan struct{})
		go func() { s.clerks[2].work(c.control); close(done) }()
		verb := s.applying(bundle, st)
		time.Sleep(time.Duration(s.random.IntN(4000)) * time.Millisecond)
		s.powerCut()
		_ = verb.Process.Kill()
		_ = verb.Wait()
		<-done
		s.start()
	}
	t.Logf("served after the cuts: %v", seen)
	s.asked(s.until(patience, anyone).control)
}

// applying begins to put the release in place, or, when it is there, to take it
// back by hand, so that the next round begins anew.
func (s *installed) applying(bundle string, st update.Status) *exec.Cmd {
	s.t.Helper()
	words := []string{"update", "apply", "--from", bundle, "--again", "--base", string(s.base)}
	if st.Trial != nil && s.random.IntN(2) == 0 || st.Current.Version == "2.0.0" {
		words = []string{"update", "rollback", "--base", string(s.base)}
	}
	cmd := exec.Command(s.program, words...)
	noError(s.t, cmd.Start())
	return cmd
}
