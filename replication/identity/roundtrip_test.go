package identity

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
)

// What is written is read, and what is read is written as it was. Each test has a
// fixed seed.

// anyUnit is a unit code, mostly one that must not be.
func anyUnit(r *rand.Rand) string {
	alphabets := []string{"0123456789", "0123456789", "\xff\xfe0\x80", "Ủy ban\u2028<&>\"\\", "\x00\n\t 7"}
	from := alphabets[r.IntN(len(alphabets))]
	b := make([]byte, []int{0, 1, 5, 16, 17, 255, 256, 261}[r.IntN(8)])
	for i := range b {
		b[i] = from[r.IntN(len(from))]
	}
	return string(b)
}

func anyGenesis(r *rand.Rand) journal.Genesis {
	small := func() uint32 { return []uint32{0, 1, 7, 1<<32 - 1}[r.IntN(4)] }
	g := journal.Genesis{
		Origin: journal.Origin{Station: journal.Station(small()), Epoch: journal.Epoch(small()), Lane: journal.Lane(r.IntN(8) / 7), Mint: small()},
		Unit:   anyUnit(r), Created: int64(r.Uint64()),
	}
	for range []int{0, 0, 1, 64, 65, 255, 256, 257}[r.IntN(8)] {
		g.Parents = append(g.Parents, journal.Parent{Station: 7, Epoch: journal.Epoch(small()), Last: journal.Seq(r.Uint64())})
	}
	if r.IntN(8) > 0 {
		g.Sign(seedKey(byte(r.IntN(250) + 1)))
	}
	return g
}

func TestARegistrationWrittenIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	taken := 0
	for i := range 1_000 {
		reg, err := NewRegistration(anyGenesis(r), journal.Secret{byte(i), 3})
		if err != nil {
			if b, err := reg.Marshal(); err == nil {
				t.Fatalf("case %d: refused when made, written all the same: %s", i, b)
			}
			continue
		}
		taken++
		b, err := reg.Marshal()
		if err != nil {
			t.Fatalf("case %d: made and not written: %v", i, err)
		}
		got, err := ParseRegistration(b)
		if err != nil || !reflect.DeepEqual(got, reg) {
			t.Fatalf("case %d: written %s, read %+v, %v", i, b, got, err)
		}
		if again, err := got.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("case %d: written again as %s, %v", i, again, err)
		}
	}
	if taken < 20 {
		t.Errorf("only %d registrations were made", taken)
	}
}

// TestARegistrationReadIsWrittenIdentically: only spaces between the parts are
// free, for a file may have been through somebody's editor.
func TestARegistrationReadIsWrittenIdentically(t *testing.T) {
	b, err := testRegistration(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	var indented bytes.Buffer
	if err := json.Indent(&indented, b, "\t", "  "); err != nil {
		t.Fatal(err)
	}
	for _, spaced := range []string{good, strings.TrimSpace(good), strings.ReplaceAll(good, "\n", "\r\n"), indented.String()} {
		r, err := ParseRegistration([]byte(spaced))
		if err != nil {
			t.Fatalf("%s: %v", spaced, err)
		}
		if again, err := r.Marshal(); err != nil || string(again) != good {
			t.Errorf("written as %s, %v", again, err)
		}
	}
	for _, change := range [][2]string{
		{`"station":7`, `"STATION":7`}, {`"station":7`, `"station":9,"station":7`}, {`"unit":"23764"`, `"unit":"\u00323764"`},
		{`"public_key":"`, `"public_key":"\n`}, {`{"format":"tramxa station registration 1","station":7`, `{"station":7,"format":"tramxa station registration 1"`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%q is not in the registration", change[0])
		}
		if _, err := ParseRegistration([]byte(bad)); err == nil {
			t.Errorf("%q in place of %q was taken", change[1], change[0])
		}
	}
}

// TestALeafWrittenIsRead: a station's number and key, as its certificate says.
func TestALeafWrittenIsRead(t *testing.T) {
	broken := bytes.Clone(seedKey(7))
	broken[40] ^= 1
	for _, c := range []struct {
		station journal.Station
		key     ed25519.PrivateKey
		ok      bool
	}{
		{1, seedKey(7), true}, {1<<32 - 1, seedKey(8), true}, {0, seedKey(7), false}, {7, nil, false}, {7, seedKey(7)[:40], false}, {7, broken, false},
	} {
		leaf, err := StationLeaf(c.station, c.key)
		if (err == nil) != c.ok {
			t.Errorf("station %d: %v", c.station, err)
		}
		if err != nil {
			continue
		}
		station, key, err := stationOf(leaf.Leaf)
		if err != nil || station != c.station || !key.Equal(c.key.Public()) {
			t.Errorf("station %d is read as %d, %v", c.station, station, err)
		}
	}
}

// TestAKeyKeptIsRead: also one that came out of a copy of a hub.
func TestAKeyKeptIsRead(t *testing.T) {
	broken := bytes.Clone(seedKey(7)) // its halves do not belong together
	broken[40] ^= 1
	for name, key := range map[string]ed25519.PrivateKey{
		"good": seedKey(7), "none": nil, "short": seedKey(7)[:40], "long": append(bytes.Clone(seedKey(7)), 0), "halves of two": broken,
	} {
		path := filepath.Join(t.TempDir(), "a.key")
		err := KeepKey(path, key)
		got, rerr := LoadKey(path)
		if (err == nil) != (name == "good") || (err == nil) != (rerr == nil) || err == nil && !got.Equal(key) {
			t.Errorf("%s: kept %v, read %v", name, err, rerr)
		}
	}
}

// TestANodeWrittenIsRead: what a node may be called is the same for both.
func TestANodeWrittenIsRead(t *testing.T) {
	ca := NewCA(seedKey(9))
	at := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	for id, ok := range map[string]bool{
		"a": true, "node-1.example": true, strings.Repeat("a", 32): true,
		"": false, "A": false, "-a": false, "a/b": false, "a b": false, "trạm": false, "a\n": false, "\xff": false, strings.Repeat("a", 33): false,
	} {
		dir := t.TempDir()
		node, err := ca.CreateNode(dir, id, at)
		if (err == nil) != ok || err == nil && (node.ID != id || node.Pin != ca.Pin()) {
			t.Errorf("%q: %+v, %v", id, node, err)
		}
		der, err := sign(nodePrefix+id, seedKey(7).Public().(ed25519.PublicKey), ca.key, at)
		if err != nil {
			continue // not even a certificate
		}
		cert, err := certificate(der, seedKey(7))
		if err != nil {
			continue
		}
		if got, err := ca.Pin().node(cert.Leaf); (err == nil) != ok || err == nil && got != id {
			t.Errorf("certificate of %q is read as %q, %v", id, got, err)
		}
	}
	dir := t.TempDir()
	if _, err := ca.CreateNode(dir, "a", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("a certificate that ends after the year 9999 was made")
	}
	if _, err := ca.CreateNode(dir, "a", at); err != nil {
		t.Errorf("what was refused has left something behind: %v", err)
	}
}
