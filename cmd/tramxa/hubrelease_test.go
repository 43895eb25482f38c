package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/spoke"
	"tramxa/service/update"
)

// signedRelease makes a bundle of real parts, signed by two of three new keys,
// and the trust in them. The program is linux/amd64's.
func signedRelease(t *testing.T, sequence uint64) (bundle string, trust update.Trust) {
	t.Helper()
	var keys []*update.PrivateKey
	var public []update.PublicKey
	for range 3 {
		k, err := update.NewPrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		keys, public = append(keys, k), append(public, k.Public())
	}
	set, err := update.NewKeySet(1, 2, public...)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := update.NewChain(set)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "tramxa")
	program := make([]byte, 400_000)
	if _, err := rand.Read(program); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	released := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	draft := update.Draft{Channel: update.DefaultChannel, Sequence: sequence, Version: "1.9.0", Commit: strings.Repeat("a", 40), Released: released,
		Expires: released.AddDate(2, 0, 0), Formats: update.ThisFormats, Files: []update.DraftFile{{System: "linux/amd64", Kind: update.KindProgram, Path: file}}}
	bundle = filepath.Join(dir, "release"+update.BundleExt)
	if _, err := update.BuildBundle(t.Context(), draft, dir, bundle, chain, keys[0], keys[2]); err != nil {
		t.Fatal(err)
	}
	return bundle, update.NewTrust(set)
}

// loneHub is a hub of one node that serves its verbs, and a station it knows.
func loneHub(t *testing.T, trust update.Trust) (dir string, n *hubNode, client *spoke.Updates) {
	t.Helper()
	dir = t.TempDir()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	raft, links := listen(), listen()
	c := hubConfig{ID: "n1", Raft: raft.Addr().String(), Link: links.Addr().String(), Page: "127.0.0.1:0"}
	c.Peers = []hubPeer{{ID: c.ID, Raft: c.Raft, Link: c.Link}}
	pin, err := initHub(dir, filepath.Join(t.TempDir(), "authority.key"), c)
	if err != nil {
		t.Fatal(err)
	}
	quick := hub.Times{Heartbeat: 500 * time.Millisecond, Election: 500 * time.Millisecond, Lease: 250 * time.Millisecond, Commit: 10 * time.Millisecond}
	n, err = openHub(t.Context(), dir, c, hubTuning{Times: quick, BlockCache: 4 << 20, IndexCache: 4 << 20, LogSegment: 4 << 20, WatchDisk: -1, OpenBundle: bundleFor(trust), Raft: raft, Links: links},
		newLogger(io.Discard, slog.LevelError))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.close(); err != nil {
			t.Error(err)
		}
	})
	stop, err := serveControl(dir, hubHandler(n))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := n.WaitLeader(ctx); err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	g := journal.Genesis{Origin: journal.Origin{Station: 7, Epoch: 1, Mint: 17}, Unit: "23764", Created: 1}
	g.Sign(key)
	reg, err := identity.NewRegistration(g, journal.Secret{1})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.RegisterStation(ctx, reg, "Trạm mẫu"); err != nil {
		t.Fatal(err)
	}
	conf, err := identity.ClientTLS(identity.ClientOptions{Station: 7, Key: key, Pin: pin, Metered: true})
	if err != nil {
		t.Fatal(err)
	}
	return dir, n, &spoke.Updates{Dialer: &link.Dialer{TLS: conf}, Addresses: []string{c.Link}, MinBackoff: 10 * time.Millisecond, MaxBackoff: 100 * time.Millisecond}
}

// typed runs a verb as it would be typed.
func typed(t *testing.T, want int, words ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), words, stdio{in: strings.NewReader(""), out: &out, err: &errs}); code != want {
		t.Fatalf("%q: exit code %d, want %d\n%s%s", words, code, want, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

// TestHubReleaseVerbs: a signed bundle is published, offered, fetched and
// verified by its station, stopped by what the station says, and let go on; what
// is not signed by the keys, altered or senseless is refused with a hint.
func TestHubReleaseVerbs(t *testing.T) {
	bundle, trust := signedRelease(t, 9)
	dir, n, station := loneHub(t, trust)
	foreign, _ := signedRelease(t, 9)
	if got := typed(t, exitRefused, "hub", "release", "publish", foreign, "--dir", dir); !strings.Contains(got, "not signed by the keys") {
		t.Error(got)
	}
	raw, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	altered := filepath.Join(t.TempDir(), "altered"+update.BundleExt)
	raw[len(raw)-5] ^= 1
	if err := os.WriteFile(altered, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := typed(t, exitRefused, "hub", "release", "publish", altered, "--dir", dir); !strings.Contains(got, "copy it again") {
		t.Error(got)
	}
	if got := typed(t, exitDone, "hub", "release", "list", "--dir", dir, "--json"); strings.TrimSpace(got) != "[]" {
		t.Error(got)
	}
	if got := typed(t, exitDone, "hub", "release", "publish", bundle, "--by", "lan", "--dir", dir); !strings.Contains(got, `"release":9`) {
		t.Error(got)
	}
	typed(t, exitDone, "hub", "release", "publish", bundle, "--dir", dir) // again: nothing changes

	offer, err := station.Check(t.Context(), link.Asking{App: "1.8.2", Sequence: 8, Systems: []string{"linux/amd64"}})
	if err != nil || offer == nil {
		t.Fatal(offer, err)
	}
	r, err := trust.Verify(offer.Manifest, offer.Signatures)
	if err != nil || r.Version != "1.9.0" || len(r.Parts()) != len(offer.Parts) {
		t.Fatalf("%+v %v", r.Manifest, err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "part"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if have, err := station.Fetch(t.Context(), offer.Parts[0], f, 0); err != nil || have != r.Parts()[0].Size {
		t.Fatal(have, err)
	}
	if err := station.Report(t.Context(), link.Report{Sequence: 9, Stage: update.OutcomeRolledBack, Running: 8, Version: "1.8.2", Reason: "trang không trả lời"}); err != nil {
		t.Fatal(err)
	}
	if got := typed(t, exitDone, "hub", "release", "list", "--dir", dir); !strings.Contains(got, "stopped: ring 1: 1 of 1") || !strings.Contains(got, "trang không trả lời") {
		t.Error(got)
	}
	if offer, err := station.Check(t.Context(), link.Asking{Sequence: 8, Systems: []string{"linux/amd64"}}); err != nil || offer != nil {
		t.Errorf("a stopped release is offered: %+v %v", offer, err)
	}
	if _, err := station.Fetch(t.Context(), offer.Parts[0], f, 0); !errors.Is(err, link.ErrNoPart) {
		t.Errorf("a part of a stopped release: %v", err)
	}
	typed(t, exitDone, "hub", "release", "resume", "9", "--dir", dir, "--by", "lan")
	typed(t, exitDone, "hub", "release", "ring", "9", "3", "--dir", dir)
	typed(t, exitDone, "hub", "release", "ring", "9", "stop", "--reason", "chờ xem", "--by", "lan", "--dir", dir)
	var list []hub.ReleaseStatus
	if err := json.Unmarshal([]byte(typed(t, exitDone, "hub", "release", "list", "--json", "--dir", dir)), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Why != "stopped by lan: chờ xem" || list[0].Ring != 3 || list[0].Held != list[0].Parts || list[0].By != "lan" {
		t.Errorf("%+v", list)
	}
	for _, words := range [][]string{{"ring", "9", "4"}, {"ring", "nine", "1"}, {"promote", "9"}, {"publish"}} {
		typed(t, exitWrongUse, append(append([]string{"hub", "release"}, words...), "--dir", dir)...)
	}
	if got := typed(t, exitRefused, "hub", "release", "resume", "12", "--dir", dir); !strings.Contains(got, "release 12 is not known") {
		t.Error(got)
	}
	lines, err := shelf{n}.List(t.Context())
	if err != nil || len(lines) != 1 || !lines[0].Stopped || lines[0].Stop.By != "lan" || lines[0].Rings[0].Bad != 1 {
		t.Errorf("%+v %v", lines, err)
	}
	stations, err := board{n}.Stations(t.Context())
	if err != nil || stations[0].Update == nil || stations[0].Update.Outcome != "rolled_back" || stations[0].Version != "1.8.2" {
		t.Errorf("%+v %v", stations, err)
	}
	if got := typed(t, exitDone, "hub", "stations", "--json", "--dir", dir); !strings.Contains(got, `"outcome":"rolled_back"`) {
		t.Error(got)
	}
}

// TestDevelopmentHubPublishesNothing: without keys in the program there is
// nothing to verify by.
func TestDevelopmentHubPublishesNothing(t *testing.T) {
	if update.Released() {
		t.Skip("skipped: this build has release keys")
	}
	bundle, _ := signedRelease(t, 9)
	f, err := os.Open(bundle)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := openBundle(f, 1<<20); !errors.Is(err, update.ErrDevelopment) {
		t.Error(err)
	}
}
