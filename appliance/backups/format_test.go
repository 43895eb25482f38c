package backups_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"flag"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

var update = flag.Bool("update", false, "write the golden files anew; only for a format that no release has written")

// golden compares with a file of testdata, which is frozen.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: other bytes are written than in version 1", name)
	}
}

func fixedKeys(t testing.TB) store.Keys {
	t.Helper()
	k, err := store.NewKeys(7, 1, bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 6)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedKeysOfVersion1StillOpen(t *testing.T) {
	keys, code := fixedKeys(t), fixedCode(t)
	b, err := backups.SealKeys(keys, code, bytes.NewReader(bytes.Repeat([]byte{0xa5}, 28)))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "keys1.sealed", b)
	got, err := backups.OpenKeys(b, code)
	if err != nil || !reflect.DeepEqual(got, keys) {
		t.Errorf("opened: %v", err)
	}
	info, err := backups.ReadSealed(b)
	if err != nil || info != (backups.SealedInfo{Station: 7, Epoch: 1}) {
		t.Errorf("read without the code: %+v, %v", info, err)
	}
}

func TestSealedKeysOpenWithTheirCodeOnly(t *testing.T) {
	keys, code := fixedKeys(t), fixedCode(t)
	b, err := backups.SealCheaply(keys, code, bytes.NewReader(make([]byte, 28)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := backups.NewRecoveryCode(bytes.NewReader(bytes.Repeat([]byte{7}, 20)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := backups.OpenKeys(b, other); !errors.Is(err, backups.ErrWrongCode) {
		t.Errorf("another code: %v", err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		if _, err := backups.OpenKeys(bad, code); !errors.Is(err, backups.ErrBadSealed) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
		if i >= len(b)-4 {
			continue
		}
		// somebody who mends the checksum gains nothing
		if _, err := backups.OpenKeys(summed(bad), code); !errors.Is(err, backups.ErrBadSealed) && !errors.Is(err, backups.ErrWrongCode) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	huge := bytes.Clone(b)
	binary.BigEndian.PutUint32(huge[20:], 1<<31) // 2 TiB of memory
	if _, err := backups.OpenKeys(summed(huge), code); !errors.Is(err, backups.ErrBadSealed) {
		t.Errorf("a cost nobody can pay: %v", err)
	}
	if _, err := backups.SealKeys(keys, backups.RecoveryCode{}, bytes.NewReader(make([]byte, 28))); err == nil {
		t.Error("sealed without a code")
	}
}

func summed(b []byte) []byte {
	n := len(b) - 4
	return binary.BigEndian.AppendUint32(bytes.Clone(b[:n]), crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)))
}

func FuzzReadSealed(f *testing.F) {
	b, err := os.ReadFile("testdata/keys1.sealed")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if info, err := backups.ReadSealed(b); err == nil && (info.Station == 0 || len(b) != backups.SealedSize) {
			t.Errorf("read %+v", info)
		}
		if len(b) == backups.SealedSize {
			_, _ = backups.ReadSealed(summed(b))
		}
	})
}

func fixedInfo() backups.Info {
	g := journal.Genesis{Origin: journal.Origin{Station: 7, Epoch: 1, Mint: 12}, Unit: "23764", Created: 1772481600}
	g.Sign(ed25519.NewKeyFromSeed(make([]byte, 32)))
	return backups.Info{Version: 1, Station: 7, Unit: "23764", Name: "Xã Ia Grai", Language: "vi", Hub: []string{"hub1.example:8470"},
		HubPin: "pin", Metered: true, Program: "1.0.0", Genesis: g.Marshal()}
}

func TestInfoOfVersion1StillReads(t *testing.T) {
	b, err := fixedInfo().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "station1.json", b)
	got, err := backups.ParseInfo(b)
	if err != nil || !reflect.DeepEqual(got, fixedInfo()) {
		t.Errorf("%+v, %v", got, err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 4
		if _, err := backups.ParseInfo(bad); !errors.Is(err, backups.ErrBadInfo) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
}

func fixedCopy() backups.Copy {
	return backups.Copy{Number: 3, Manifest: store.Manifest{Version: 1, Station: 7, Epoch: 1, Mint: 12, Unit: "23764", Seq: 41,
		Made:  "2026-03-02T20:00:00Z",
		Files: []store.ManifestFile{{Name: "journal/e1/lane0/genesis.txg", Size: 200}}},
		State: store.State{Fold: 1, Rows: 500, Hash: journal.Hash{1, 2, 3}}}
}

func TestCopyOfVersion1StillReads(t *testing.T) {
	b, err := fixedCopy().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "copy1.json", b)
	got, err := backups.ParseCopy(b)
	if err != nil || !reflect.DeepEqual(got, fixedCopy()) {
		t.Errorf("%+v, %v", got, err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 4
		if _, err := backups.ParseCopy(bad); !errors.Is(err, store.ErrBadBackup) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
	evil := fixedCopy()
	evil.Manifest.Files[0].Name = "../../station.key"
	if b, err = evil.Marshal(); err != nil {
		t.Fatal(err)
	}
	if _, err := backups.ParseCopy(b); !errors.Is(err, store.ErrBadBackup) {
		t.Errorf("a name that leads out: %v", err)
	}
}

func TestStatusOfVersion1StillReads(t *testing.T) {
	st := backups.Status{Version: 1, Station: 7, Tried: day1, Places: []backups.PlaceStatus{{Dir: "/media/a/tramxa-backup", Label: "KINGSTON",
		Kind: backups.Stick, There: true, Copies: 3, Bytes: 12345, Sequence: 41, Made: day1, Proven: backups.Restored, ProvenAt: day1,
		Oldest: day1.Add(-time.Hour), Problem: backups.NoRoom, Error: "no room", HasKeys: true}}}
	b, err := store.Seal(st)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status1.json", b)
	got, err := backups.ParseStatus(b)
	if err != nil || !reflect.DeepEqual(got, st) {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParseFiles(f *testing.F) {
	for _, name := range []string{"station1.json", "copy1.json", "status1.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-16]) // the fuzzer gets a checksum below
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range [][]byte{b, withSum(b)} {
			if i, err := backups.ParseInfo(in); err == nil {
				if _, err := i.Marshal(); err != nil {
					t.Errorf("read and not written: %v", err)
				}
			}
			if c, err := backups.ParseCopy(in); err == nil && c.Number < 1 {
				t.Errorf("copy %d", c.Number)
			}
			_, _ = backups.ParseStatus(in)
		}
	})
}

// withSum ends b as the small files end.
func withSum(b []byte) []byte {
	out := bytes.Clone(b)
	sum := crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli))
	return append(out, []byte("crc32c "+hex8(sum)+"\n")...)
}

func hex8(v uint32) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 8)
	for i := range out {
		out[i] = digits[v>>(28-4*i)&15]
	}
	return string(out)
}
