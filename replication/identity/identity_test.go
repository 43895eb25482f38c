package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
)

var update = flag.Bool("update", false, "rewrite golden files")

func seedKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func newNode(t *testing.T) (*CA, *Node) {
	t.Helper()
	dir := t.TempDir()
	ca, err := CreateCA(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	node, err := ca.CreateNode(dir, "a", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca, node
}

// shake runs a handshake over loopback TCP and one byte in each direction.
func shake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	served := make(chan error, 1)
	go func() {
		raw, err := ln.Accept()
		if err != nil {
			served <- err
			return
		}
		defer raw.Close()
		c := tls.Server(raw, server)
		if err = c.Handshake(); err == nil {
			_, err = c.Write([]byte{1})
		}
		served <- err
	}()
	c, err := tls.Dial("tcp", ln.Addr().String(), client)
	if err == nil {
		defer c.Close()
		_, err = c.Read(make([]byte, 1)) // the server's refusal, and its ticket, arrive here
	}
	if serr := <-served; err == nil || errors.Is(serr, ErrUnknownStation) || errors.Is(serr, ErrFormat) {
		err = serr
	}
	if err != nil {
		return tls.ConnectionState{}, err
	}
	return c.ConnectionState(), nil
}

func TestBothEndsKnowEachOtherAlsoWhenResumed(t *testing.T) {
	_, node := newNode(t)
	known := true
	server := ServerTLS(node, func(s journal.Station, key ed25519.PublicKey) bool {
		return known && s == 7 && key.Equal(seedKey(7).Public())
	})
	client, err := ClientTLS(ClientOptions{Station: 7, Key: seedKey(7), Pin: node.Pin, Metered: true})
	if err != nil {
		t.Fatal(err)
	}
	client.ServerName = "same" // loopback ports differ; sessions are kept by address otherwise
	for i, want := range []bool{false, true, true} {
		cs, err := shake(t, server, client)
		if err != nil {
			t.Fatal(err)
		}
		if cs.DidResume != want || cs.Version != tls.VersionTLS13 || cs.CurveID != tls.X25519 {
			t.Fatalf("connection %d: resumed %v, version %x, curve %v", i, cs.DidResume, cs.Version, cs.CurveID)
		}
		if id, err := NodeOf(cs); err != nil || id != "a" {
			t.Fatalf("node %q, %v", id, err)
		}
	}
	known = false
	if _, err := shake(t, server, client); !errors.Is(err, ErrUnknownStation) {
		t.Fatalf("a withdrawn key was taken on a resumed session: %v", err)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	_, node := newNode(t)
	otherCA, otherNode := newNode(t)
	known := func(s journal.Station, key ed25519.PublicKey) bool {
		return s == 7 && key.Equal(seedKey(7).Public())
	}
	client := func(s journal.Station, key byte, pin Pin) *tls.Config {
		c, err := ClientTLS(ClientOptions{Station: s, Key: seedKey(key), Pin: pin})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if _, err := shake(t, ServerTLS(node, known), client(7, 7, otherCA.Pin())); !errors.Is(err, ErrNotTheHub) {
		t.Fatalf("another authority: %v", err)
	}
	if _, err := shake(t, ServerTLS(node, known), client(7, 8, node.Pin)); !errors.Is(err, ErrUnknownStation) {
		t.Fatalf("another key under the station's number: %v", err)
	}
	if _, err := shake(t, ServerTLS(node, known), client(8, 7, node.Pin)); !errors.Is(err, ErrUnknownStation) {
		t.Fatalf("the key under another number: %v", err)
	}
	// A station posing as a hub: its leaf is not signed by the authority.
	leaf, err := StationLeaf(7, seedKey(7))
	if err != nil {
		t.Fatal(err)
	}
	posing := ServerTLS(&Node{Cert: leaf}, known)
	if _, err := shake(t, posing, client(7, 7, node.Pin)); !errors.Is(err, ErrNotTheHub) {
		t.Fatalf("a station as hub: %v", err)
	}
	// A hub node posing as a station.
	hubAsClient := client(7, 7, node.Pin)
	hubAsClient.Certificates = []tls.Certificate{node.Cert}
	if _, err := shake(t, ServerTLS(node, known), hubAsClient); !errors.Is(err, ErrFormat) {
		t.Fatalf("a node as station: %v", err)
	}
	if _, err := shake(t, PeerTLS(node, Clock{}, nil), PeerTLS(otherNode, Clock{}, nil)); !errors.Is(err, ErrNotTheHub) {
		t.Fatalf("nodes of two hubs: %v", err)
	}
	if _, err := shake(t, PeerTLS(node, Clock{}, nil), PeerTLS(node, Clock{}, func(id string) bool { return id == "b" })); !errors.Is(err, ErrNotTheHub) {
		t.Fatalf("a node that does not belong: %v", err)
	}
	if _, err := shake(t, PeerTLS(node, Clock{}, nil), PeerTLS(node, Clock{}, func(id string) bool { return id == "a" })); err != nil {
		t.Fatal(err)
	}
}

func TestDatesNeverCutOffAStationWithADeadClock(t *testing.T) {
	issued := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	leaf := &x509.Certificate{NotBefore: issued, NotAfter: issued.AddDate(1, 0, 0)}
	year := func(y int) func() time.Time {
		return func() time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	wall := func(y int, trusted bool) func() (time.Time, bool) {
		return func() (time.Time, bool) { return year(y)(), trusted }
	}
	for _, tc := range []struct {
		name  string
		clock Clock
		want  error
	}{
		{"clock at 1970", Clock{Now: wall(1970, false)}, nil},
		{"clock at 1970 and believed", Clock{Now: wall(1970, true)}, nil},
		{"clock at 2080", Clock{Now: wall(2080, true)}, nil},
		{"right", Clock{Now: wall(2028, true)}, nil},
		{"over", Clock{Now: wall(2029, true)}, ErrExpired},
		{"over, but the clock is not trusted", Clock{Now: wall(2029, false)}, nil},
		{"over by the last good time", Clock{Now: wall(1970, false), Floor: year(2030)}, ErrExpired},
	} {
		if err := tc.clock.check(leaf); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestKeyFileIsPrivateAndNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "station.key")
	key, err := CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreateKey(path); !errors.Is(err, ErrExists) {
		t.Fatalf("second key over the first: %v", err)
	}
	again, err := LoadKey(path)
	if err != nil || !again.Equal(key) {
		t.Fatalf("key read back: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("key file has mode %v", info.Mode())
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); !errors.Is(err, ErrFormat) {
		t.Fatalf("nonsense: %v", err)
	}
}

func TestLeavesStaySmall(t *testing.T) {
	leaf, err := StationLeaf(4_000_000_000, seedKey(7))
	if err != nil {
		t.Fatal(err)
	}
	_, node := newNode(t)
	for name, der := range map[string][]byte{"station": leaf.Certificate[0], "node": node.Cert.Certificate[0]} {
		if len(der) > 256 {
			t.Errorf("%s leaf has %d bytes", name, len(der))
		}
	}
}

func testRegistration(t *testing.T) Registration {
	t.Helper()
	g := journal.Genesis{Origin: journal.Origin{Station: 7, Epoch: 1, Mint: 12}, Unit: "23764", Created: 1_772_000_000}
	g.Sign(seedKey(7))
	r, err := NewRegistration(g, journal.Secret{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRegistrationGolden(t *testing.T) {
	got, err := testRegistration(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "registration-v1.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("registration changed:\n%s", got)
	}
	if _, err := ParseRegistration(want); err != nil {
		t.Fatal(err)
	}
}

func TestRegistrationRefusesWhatDoesNotFitTogether(t *testing.T) {
	good, err := testRegistration(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"station":7`, `"station":8`}, {`"epoch":1`, `"epoch":2`}, {`"mint":12`, `"mint":13`}, {`"23764"`, `"23765"`},
		{`"public_key":"`, `"public_key":"AA`}, {`"genesis_hash":"`, `"genesis_hash":"AAAA`}, {`"genesis":"VFhH`, `"genesis":"VFhI`},
		{`registration 1`, `registration 2`}, {`{"format"`, `{"more":1,"format"`}, {"}\n", "}{}"},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Fatalf("%q is not in the registration", change[0])
		}
		if _, err := ParseRegistration([]byte(bad)); err == nil {
			t.Errorf("%q in place of %q was taken", change[1], change[0])
		}
	}
}

func TestPinTextIsExact(t *testing.T) {
	ca, _ := newNode(t)
	if p, err := ParsePin(ca.Pin().String()); err != nil || p != ca.Pin() {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "txhub1-", ca.Pin().String() + "a", strings.ToUpper(ca.Pin().String()), ca.Pin().String()[:58] + "z"} {
		if p, err := ParsePin(bad); err == nil && p.String() != bad {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzRegistration(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "registration-v1.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRegistration(b)
		if err != nil {
			return
		}
		again, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseRegistration(again); err != nil || back.Secret != r.Secret || back.GenesisHash != r.GenesisHash {
			t.Fatalf("a registration taken did not survive: %v", err)
		}
		var plain bytes.Buffer
		if err := json.Compact(&plain, b); err != nil || plain.String()+"\n" != string(again) {
			t.Fatalf("taken as %s, written as %s, %v", b, again, err)
		}
	})
}

func FuzzPin(f *testing.F) {
	f.Add(NewCA(seedKey(9)).Pin().String())
	f.Add("txhub1-")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParsePin(s); err == nil && p.String() != s {
			t.Errorf("%q is written as %q", s, p)
		}
	})
}
