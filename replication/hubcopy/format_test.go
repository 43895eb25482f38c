package hubcopy_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/replication/hubcopy"
)

var update = flag.Bool("update", false, "write the golden files anew; only for a format that no release has written")

// golden compares with a file of testdata, which is frozen.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: the format has changed:\n%s", name, hex.Dump(got))
	}
}

// TestBytesAreFrozen: key file, header and chunks of version 1.
func TestBytesAreFrozen(t *testing.T) {
	ca, _ := authority()
	k, _ := testKeys(t, ca)
	golden(t, "keys1", k.Marshal())
	back, err := hubcopy.ParseKeys(k.Marshal())
	if err != nil || back != k {
		t.Errorf("the key file does not come back: %v", err)
	}
	salt := [32]byte{9, 8, 7}
	head := hubcopy.EncodeHeader(hubcopy.Header{Number: 12, Made: time.Unix(1_790_000_000, 0)}, k, salt)
	golden(t, "header1", head)
	if len(head) != hubcopy.HeaderSize {
		t.Errorf("header of %d bytes", len(head))
	}
	h, err := hubcopy.ReadHeader(bytes.NewReader(head))
	if err != nil || h.Number != 12 || h.Made.Unix() != 1_790_000_000 || h.Pin != k.Pin {
		t.Errorf("%+v, %v", h, err)
	}
	sealed, err := hubcopy.Chunks(k, head, salt, []byte("sổ của tỉnh"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "chunk1", sealed)
}

// TestCopyOfVersion1StillOpens: a file made by the first program that made any,
// by key and by code.
func TestCopyOfVersion1StillOpens(t *testing.T) {
	name := filepath.Join("testdata", "copy1.tramhub")
	ca, _ := authority()
	k, code := testKeys(t, ca)
	if *update {
		f, _ := state(t, 30)
		b, err := os.ReadFile(take(t, options(t, f, k)).Path())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := hubcopy.Open(name, k)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Prove(t.Context(), t.TempDir(), nil); err != nil {
		t.Error(err)
	}
	m := c.Manifest
	if m.Stations != 1 || m.Records != 30 || m.Node != "n1" || string(m.Accounts) != `{"version":1}` || c.CA != nil {
		t.Errorf("%+v", m)
	}
	if c, err = hubcopy.OpenWithCode(name, code); err != nil {
		t.Fatal(err)
	}
	if !c.CA.Equal(ca) {
		t.Error("the code does not bring the authority back")
	}
}

// TestKeysThatDoNotFit: another code, another key, no authority of this hub.
func TestKeysThatDoNotFit(t *testing.T) {
	name := filepath.Join("testdata", "copy1.tramhub")
	ca, pin := authority()
	_, code := testKeys(t, ca)
	other, err := backups.NewRecoveryCode(newSeeded(9))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hubcopy.OpenWithCode(name, other); !errors.Is(err, hubcopy.ErrWrongCode) {
		t.Errorf("another code: %v", err)
	}
	k, err := hubcopy.CheapKeys(pin, code, nil, newSeeded(77))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hubcopy.Open(name, k); !errors.Is(err, hubcopy.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	pin[0] ^= 1
	if _, err := hubcopy.CheapKeys(pin, code, ca, newSeeded(2)); err == nil {
		t.Error("the authority of another hub was sealed")
	}
	if s := k.String() + " " + k.GoString(); strings.Contains(s, hex.EncodeToString(k.Marshal()[37:45])) {
		t.Error("the key is shown")
	}
}

// TestNewerCopyIsRefused: a header of a version to come, whole, says so and is not
// taken for damage.
func TestNewerCopyIsRefused(t *testing.T) {
	k, _ := testKeys(t, nil)
	head := hubcopy.EncodeHeader(hubcopy.Header{Number: 1, Made: time.Unix(1, 0)}, k, [32]byte{3})
	head[4]++
	body := head[:len(head)-4]
	binary.BigEndian.PutUint32(head[len(body):], crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	if _, err := hubcopy.ReadHeader(bytes.NewReader(head)); !errors.Is(err, hubcopy.ErrNewer) || errors.Is(err, hubcopy.ErrDamaged) {
		t.Errorf("%v", err)
	}
}

// TestChunksCutAndChanged: whatever is not exactly what was sealed does not open,
// cuts at the end of a chunk and exchanged chunks among it.
func TestChunksCutAndChanged(t *testing.T) {
	k, _ := testKeys(t, nil)
	head, salt := []byte("head"), [32]byte{1}
	const whole = hubcopy.ChunkSize + 16
	for _, size := range []int{1, hubcopy.ChunkSize - 1, hubcopy.ChunkSize, hubcopy.ChunkSize + 1, 3 * hubcopy.ChunkSize} {
		plain := bytes.Repeat([]byte{7, 1, 9}, size/3+1)[:size]
		b, err := hubcopy.Chunks(k, head, salt, plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hubcopy.OpenChunks(k, head, salt, b)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes do not come back: %v", size, err)
		}
		bad := map[string][]byte{"nothing": nil, "one byte less": b[:len(b)-1], "one byte more": append(bytes.Clone(b), 0)}
		if len(b) > whole {
			bad["a chunk less"] = b[:len(b)/whole*whole-whole*btoi(len(b)%whole == 0)]
		}
		if size == 3*hubcopy.ChunkSize {
			bad["exchanged"] = append(append(bytes.Clone(b[whole:2*whole]), b[:whole]...), b[2*whole:]...)
			bad["one twice"] = append(append(bytes.Clone(b[:whole]), b[:whole]...), b[whole:]...)
		}
		for what, b := range bad {
			if _, err := hubcopy.OpenChunks(k, head, salt, b); !errors.Is(err, hubcopy.ErrDamaged) {
				t.Errorf("%d bytes, %s: %v", size, what, err)
			}
		}
		if _, err := hubcopy.OpenChunks(k, []byte("hEad"), salt, b); !errors.Is(err, hubcopy.ErrDamaged) {
			t.Errorf("under another header: %v", err)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestBadManifests: unknown fields, bytes behind it and values out of range.
func TestBadManifests(t *testing.T) {
	good := goodManifest(t)
	for what, b := range map[string]string{
		"nothing": "", "a list": "[]", "null": "null", "two": string(good) + string(good), "unknown field": strings.Replace(string(good), `{`, `{"x":1,`, 1),
		"short hash": strings.Replace(string(good), `"state":"ab`, `"state":"`, 1), "later version": strings.Replace(string(good), `"version":1`, `"version":2`, 1),
		"no peer": strings.Replace(string(good), `[{"id":"n1","raft":"a:1","link":"b:2"}]`, `[]`, 1), "no index": strings.Replace(string(good), `"index":5`, `"index":0`, 1),
	} {
		if b == string(good) {
			t.Fatalf("%s: nothing was changed", what)
		}
		if _, err := hubcopy.ParseManifest([]byte(b)); !errors.Is(err, hubcopy.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func goodManifest(t testing.TB) []byte {
	t.Helper()
	_, pin := authority()
	b, err := hubcopy.MarshalManifest(hubcopy.Manifest{Version: 1, Made: "2026-11-22T05:00:00Z", Node: "n1", Pin: pin.String(), Peers: []hubcopy.Peer{{ID: "n1", Raft: "a:1", Link: "b:2"}},
		Program: "1.0.0", Index: 5, Term: 2, Fold: 1, Incarnation: "0102030405060708", State: strings.Repeat("ab", 32), Stations: 3, Records: 9})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzHeader(f *testing.F) {
	k, _ := testKeys(f, nil)
	f.Add(hubcopy.EncodeHeader(hubcopy.Header{Number: 1, Made: time.Unix(1, 0)}, k, [32]byte{3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := hubcopy.ReadHeader(bytes.NewReader(b))
		if err == nil && !bytes.Equal(h.Encode(), b[:hubcopy.HeaderSize]) {
			t.Error("a header that is not written so was taken")
		}
	})
}

func FuzzKeys(f *testing.F) {
	k, _ := testKeys(f, nil)
	f.Add(k.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := hubcopy.ParseKeys(b); err == nil && !bytes.Equal(k.Marshal(), b) {
			t.Error("a key file that is not written so was taken")
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(goodManifest(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := hubcopy.ParseManifest(b)
		if err != nil {
			return
		}
		again, err := hubcopy.MarshalManifest(m)
		if err != nil {
			t.Fatalf("a manifest was read that cannot be written: %v", err)
		}
		if back, err := hubcopy.ParseManifest(again); err != nil || back.State != m.State || back.Index != m.Index {
			t.Errorf("%+v, %v", back, err)
		}
	})
}

func FuzzChunks(f *testing.F) {
	k, _ := testKeys(f, nil)
	b, err := hubcopy.Chunks(k, []byte("h"), [32]byte{}, []byte("plain"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := hubcopy.OpenChunks(k, []byte("h"), [32]byte{}, in); err == nil && !bytes.Equal(in, b) {
			t.Error("forged chunks open")
		}
	})
}
