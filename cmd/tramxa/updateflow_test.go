//go:build linux

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestUpdateFlow goes through the life of an installed station with real
// programs and the real launcher, but for the three minutes of proof, which a
// technician cuts short: a release that crashes is left by itself, a good one
// stays, an antivirus does not stop it and nervous power does not demote it.
func TestUpdateFlow(t *testing.T) {
	t.Parallel()
	r := buildReleases(t)
	s := install(t, r)
	s.start()
	c := s.runs(patience, "one")
	s.write(c.control, 5)
	s.apply(r.bundle(t, 2, r.bad(t, "crashes")))
	bad := s.left("2.0.0")
	c = s.runs(patience, "one")
	t.Logf("crash: the version before serves again %v after the first start of the bad one", time.Since(bad).Round(10*time.Millisecond))
	s.asked(c.control)
	if st := s.slots(); st.Current.Version != "1.0.0" || len(st.Left) != 1 || st.Left[0].Version != "2.0.0" {
		t.Fatalf("%+v", st)
	}

	s.apply(r.bundle(t, 3, r.dir+"/two"))
	c = s.runs(patience, "two")
	s.write(c.control, 5)
	s.do("update", "confirm", "--base", string(s.base))
	s.antivirus()
	cuts := 3
	if long() {
		cuts = 30
	}
	s.nervousPower(cuts)
}

// antivirus removes the running program, and ends it. The second copy is what
// comes back.
func (s *installed) antivirus() {
	s.t.Helper()
	c := s.runs(patience, "two")
	s.quarantine(c.file)
	began := time.Now()
	noError(s.t, syscall.Kill(c.pid, syscall.SIGKILL))
	c = s.runs(patience, "two")
	s.t.Logf("antivirus: the same version serves again after %v, from %s", time.Since(began).Round(10*time.Millisecond), strings.TrimPrefix(c.file, string(s.base)))
	s.asked(c.control)
}

// nervousPower cuts the power again and again, soon after the start, while the
// clerks write. The confirmed version stays.
func (s *installed) nervousPower(cuts int) {
	s.t.Helper()
	for n := range cuts {
		if n%3 == 0 {
			time.Sleep(time.Duration(s.random.IntN(300)) * time.Millisecond) // maybe it does not even serve
		} else {
			c := s.runs(patience, "two")
			done := make(chan struct{})
			go func() { s.clerks[1].work(c.control); close(done) }()
			time.Sleep(time.Duration(s.random.IntN(400)) * time.Millisecond)
			s.powerCut()
			<-done
		}
		if s.launcher != nil {
			s.powerCut()
		}
		s.start()
	}
	c := s.runs(patience, "two")
	s.asked(c.control)
	if st := s.slots(); st.Trial != nil || st.Current.SHA256 != sumOf(s.t, s.releases.dir+"/two") {
		s.t.Fatalf("demoted: %+v", st)
	}
	s.t.Logf("%d power cuts, the confirmed version stays", cuts)
}
