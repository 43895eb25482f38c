//go:build linux

package main

import (
	"strings"
	"testing"
	"time"

	"tramxa/service/update"
)

// longOnly skips what waits for the three minutes of proof.
func longOnly(t *testing.T) {
	t.Helper()
	if !long() {
		t.Skip("skipped: takes minutes, TRAMXA_LONG=1 runs it")
	}
	t.Parallel()
}

// TestUpdateByFileProvesItself applies a file that was carried in; the new
// version is tried, proves itself and stays, and what was answered meanwhile is
// there.
func TestUpdateByFileProvesItself(t *testing.T) {
	longOnly(t)
	r := buildReleases(t)
	s := install(t, r)
	s.start()
	c := s.runs(patience, "one")
	s.write(c.control, 5)
	bundle := r.bundle(t, 2, r.dir+"/two")
	began := time.Now()
	s.apply(bundle)
	c = s.runs(patience, "two")
	t.Logf("the new version serves %v after apply began", time.Since(began).Round(time.Millisecond))
	if st := s.slots(); st.Trial == nil || st.Trial.Version != "2.0.0" || st.Current.Version != "1.0.0" {
		t.Fatalf("%+v", st)
	}
	if page := s.page().get("/ky-thuat"); !strings.Contains(page, "2.0.0") || !strings.Contains(page, "Đang thử bản mới") {
		t.Errorf("the page says nothing of the trial:\n%s", page)
	}
	if took := s.confirmed("2.0.0", func() { s.write(c.control, 1) }); took < 150*time.Second {
		t.Errorf("confirmed after %v, which proves too little", took)
	}
	s.asked(c.control)
	if out := string(s.do("update", "status", "--base", string(s.base))); !strings.Contains(out, "runs: 2.0.0 (2)") || !strings.Contains(out, "before: 1.0.0 (1)") {
		t.Error(out)
	}
	if page := s.page().get("/ky-thuat"); !strings.Contains(page, "2.0.0") || strings.Contains(page, "Đang thử bản mới") {
		t.Errorf("the page still tells of a trial:\n%s", page)
	}
	s.powerCut()
	s.start()
	c = s.runs(patience, "two")
	s.asked(c.control)
}

// TestBadReleasesGoByThemselves: after two tries with the deadlines of the product,
// or one that took long, a bad release is left, for the reason that these deadlines
// give. It tells how long the station is without a page; that three minutes are
// enough is held by TestABadVersionIsLeftInThreeMinutes of service, whose clock no
// busy machine stretches.
func TestBadReleasesGoByThemselves(t *testing.T) {
	longOnly(t)
	r := buildReleases(t)
	for behaviour, why := range map[string]string{
		"crashes": "exit status 2", "hangs": "no sign of progress for 1m0s before it was ready", "broken-page": "not healthy for 45s",
	} {
		bundle := r.bundle(t, 2, r.bad(t, behaviour))
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			s := install(t, r)
			s.start()
			s.write(s.runs(patience, "one").control, 5)
			s.apply(bundle)
			bad := s.left("2.0.0")
			c := s.runs(proofPatience, "one")
			took := s.said(patience, `msg=ready version=1\.0\.0$`, 2).Sub(bad)
			t.Logf("%s: the version before serves again %v after the bad one's first start", behaviour, took.Round(10*time.Millisecond))
			s.asked(c.control)
			st := s.slots()
			if st.Current.Version != "1.0.0" || len(st.Left) != 1 || len(st.Untold) == 0 || st.Untold[len(st.Untold)-1].Outcome != update.OutcomeRolledBack {
				t.Fatalf("%+v", st)
			}
			if page := s.page().get("/ky-thuat"); !strings.Contains(page, st.Left[0].Reason.VI) {
				t.Errorf("the page does not say why:\n%s", page)
			}
			if got := st.Left[0].Reason.EN; !strings.Contains(got, why) {
				t.Errorf("left because %q, not because %q", got, why)
			}
		})
	}
}
