//go:build linux

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/replication/hub"
	"tramxa/replication/replicationtest"
	"tramxa/service/place"
)

// TestHubNodeUpdates: a node of the hub is a service like a station. A bad
// release is left by itself, a good one proves itself, and the node leads and
// has its state each time.
func TestHubNodeUpdates(t *testing.T) {
	longOnly(t)
	r := buildReleases(t)
	base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
	noError(t, os.MkdirAll(string(base), 0o755))
	s := &installed{releases: r, base: base, hub: true, log: &lockedBuffer{},
		killing: &killing{t: t, dir: base.Hub(), program: filepath.Join(r.dir, "one"), random: rand.New(rand.NewPCG(20260701, 8))}}
	t.Cleanup(s.cleanUp)
	s.do("hub", "init", "--dir", s.dir, "--ca", filepath.Join(t.TempDir(), "authority.key"),
		"--peer", "n1="+replicationtest.FreeAddress(t)+","+replicationtest.FreeAddress(t), "--page", "127.0.0.1:0")
	s.start()
	s.leads(s.runs(patience, "one"))
	s.apply(r.bundle(t, 2, r.bad(t, "crashes")))
	s.left("2.0.0")
	s.leads(s.runs(patience, "one"))

	s.apply(r.bundle(t, 3, filepath.Join(r.dir, "two")))
	s.leads(s.runs(patience, "two"))
	s.confirmed("3.0.0", func() {})
	if out := string(s.do("update", "rollback", "--base", string(s.base))); !strings.Contains(out, "starts again now") {
		t.Error(out)
	}
	s.leads(s.runs(patience, "one"))
}

// leads waits until the node leads.
func (s *installed) leads(c *serving) {
	s.t.Helper()
	var st hub.Status
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c.get(s.t.Context(), "/v1/status", nil, &st) == nil && st.State == "leader" && st.Error == "" {
			return
		}
	}
	s.t.Fatalf("does not lead: %+v", st)
}
