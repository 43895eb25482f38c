//go:build linux

package main

import (
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/service/place"
)

// TestUpdateBeforeTheSetup: a technician installs an old package, brings a newer
// bundle, and sets the station up while that is on trial. A version that is bad
// is left before there is a station, too.
func TestUpdateBeforeTheSetup(t *testing.T) {
	longOnly(t)
	r := buildReleases(t)
	base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
	noError(t, os.MkdirAll(string(base), 0o755))
	s := &installed{releases: r, base: base, log: &lockedBuffer{}, env: []string{"TRAMXA_LISTEN=127.0.0.1:0", "TRAMXA_LAN=127.0.0.1:0", "TRAMXA_LAN_HELP=127.0.0.1:0"},
		killing: &killing{t: t, dir: base.Station(), program: filepath.Join(r.dir, "one"), random: rand.New(rand.NewPCG(20260701, 9))}}
	t.Cleanup(s.cleanUp)
	s.start()
	s.runs(patience, "one")
	s.apply(r.bundle(t, 2, r.bad(t, "crashes")))
	s.left("2.0.0")
	s.runs(patience, "one")
	s.apply(r.bundle(t, 3, filepath.Join(r.dir, "two")))
	s.runs(patience, "two")

	c := s.browser("/cai-dat/ngon-ngu")
	c.get("/cai-dat/phieu")
	f := &firstStart{t: t, base: base}
	f.through(c)
	c.post("/cai-dat/mo", nil)
	c.waitFor("/dang-nhap")
	c.post("/dang-nhap", url.Values{"_login": {"huong"}, "_password": {"con mèo ăn khế"}})
	if page := c.get("/ky-thuat"); !strings.Contains(page, "2.0.0") || !strings.Contains(page, "Đang thử bản mới") {
		t.Errorf("the page says nothing of the trial:\n%s", page)
	}
	s.confirmed("3.0.0", func() {})
	s.powerCut()
	s.start()
	s.runs(patience, "two")
	if st := s.slots(); st.Current.Version != "3.0.0" {
		t.Errorf("%+v", st)
	}
}
