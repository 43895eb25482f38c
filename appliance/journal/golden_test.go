package journal_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew; never for a released version")

// golden compares got with a file of testdata, byte for byte.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs: the format is frozen, a change needs a new version\n got %x\nwant %x", name, got, want)
	}
}

func TestGoldenEnvelopesAndRecords(t *testing.T) {
	var heads, recs []byte
	for i, e := range envelopes() {
		head := e.Append(nil)
		heads = fmt.Appendf(heads, "%x\n", head)
		recs = journal.AppendRecord(recs, journal.Record{Head: head, Body: bytes.Repeat([]byte{byte(i)}, i*60)})
	}
	golden(t, "envelopes-v1.txt", heads)
	golden(t, "records-v1.bin", recs)
	golden(t, "genesis-v1.txg", genesis().Marshal())

	for i, line := range bytes.Fields(heads) {
		head, err := hex.DecodeString(string(line))
		if err != nil {
			t.Fatal(err)
		}
		if e, err := journal.ParseEnvelope(head); err != nil || e != envelopes()[i] {
			t.Errorf("envelope %d: %+v, %v", i, e, err)
		}
	}
}

// goldenJournal writes the journal of the golden files: two segments, the first
// ended by a stop, the second by the next.
func goldenJournal(t *testing.T) (*crashfs.FS, journal.Options) {
	t.Helper()
	disk := crashfs.New(crashfs.Options{})
	o := journal.WithSalts(options(disk, dir), rand.NewChaCha8([32]byte{1}))
	create(t, o)
	for _, upTo := range []journal.Seq{6, 15} {
		j, _ := open(t, o)
		fill(t, j, upTo)
		closeJournal(t, j)
	}
	return disk, o
}

func TestGoldenJournalIsStillWritten(t *testing.T) {
	disk, o := goldenJournal(t)
	for _, file := range disk.Files() {
		b, err := journal.ReadFile(disk, file, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "journal-v1/"+filepath.Base(file), b)
		if filepath.Base(file) == journal.SegmentName(1) {
			golden(t, "header-v1.bin", b[:journal.HeaderLen])
		}
	}
	j, _ := open(t, o)
	var text []byte
	for seq := range journal.Seq(17) {
		h, err := j.HashAt(seq)
		if err != nil {
			t.Fatal(err)
		}
		text = fmt.Appendf(text, "%d %x\n", seq, h)
	}
	golden(t, "chain-v1.txt", text)
}

func TestGoldenJournalStillOpens(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	o := options(disk, dir)
	if err := disk.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{journal.GenesisName, journal.SegmentName(1), journal.SegmentName(2)} {
		b, err := os.ReadFile(filepath.Join("testdata", "journal-v1", name))
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, disk, dir+"/"+name, b)
	}
	if r, err := journal.Verify(context.Background(), o, nil); err != nil || r.Records != 16 || r.Sealed != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	j, _ := open(t, o)
	if err := check(j, o, 1); err != nil {
		t.Fatal(err)
	}
	fill(t, j, 20)
	if err := check(j, o, 1); err != nil {
		t.Fatal(err)
	}
}
