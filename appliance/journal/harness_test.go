package journal_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

// dir is where tests on crashfs keep their journal.
const dir = "/station/journal/0"

var signer = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func genesis() journal.Genesis {
	g := journal.Genesis{
		Origin:  journal.Origin{Station: 12, Epoch: 3, Mint: 4711},
		Unit:    "23764",
		Created: 1_790_000_000,
		Parents: []journal.Parent{{Station: 12, Epoch: 2, Last: 99, Hash: journal.Hash{1, 2, 3}}},
	}
	g.Sign(signer)
	return g
}

func options(fsys journal.FS, dir string) journal.Options {
	return journal.Options{
		FS: fsys, Dir: dir, Genesis: genesis(), Signer: signer,
		Key:    journal.Key{ID: 5, Bytes: [32]byte{9, 8, 7}},
		Secret: journal.Secret{1, 1, 2, 3, 5},
	}
}

// small makes segments short, so that a few groups fill several.
func small(o journal.Options) journal.Options {
	o.SegmentSize = 2048
	return o
}

// draft is the n-th record of every test: any reader can tell what it must be.
func draft(n journal.Seq) journal.Draft {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	body := make([]byte, rng.IntN(120))
	if rng.IntN(40) == 0 {
		body = make([]byte, 1500) // more than two sectors
	}
	for i := range body {
		body[i] = byte(rng.Uint32())
	}
	return journal.Draft{
		Envelope: journal.Envelope{
			Class: journal.Class(rng.IntN(2)), Trusted: rng.IntN(2) == 0, At: 1_790_000_000 + int64(n),
			Kind: uint16(1 + rng.IntN(30)), Version: 1, Actor: 2, Device: 3, DeviceSeq: uint64(n),
		},
		Body: body,
	}
}

func drafts(after journal.Seq, n int) []journal.Draft {
	ds := make([]journal.Draft, n)
	for i := range ds {
		ds[i] = draft(after + 1 + journal.Seq(i))
	}
	return ds
}

func create(t testing.TB, o journal.Options) {
	t.Helper()
	if err := journal.Create(o); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, o journal.Options) (*journal.Journal, journal.Recovery) {
	t.Helper()
	j, r, err := journal.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return j, r
}

// fill appends groups of 1 to 5 until the head is at or beyond upTo.
func fill(t testing.TB, j *journal.Journal, upTo journal.Seq) {
	t.Helper()
	for n := 1; ; n = n%5 + 1 {
		head, _ := j.Head()
		if head >= upTo {
			return
		}
		if _, err := j.Append(drafts(head, n)); err != nil {
			t.Fatalf("append after %d: %v", head, err)
		}
	}
}

func closeJournal(t testing.TB, j *journal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// check reads everything from the sequence from and compares it with what draft
// says, and the chain with one computed here.
func check(j *journal.Journal, o journal.Options, from journal.Seq) error {
	head, hash := j.Head()
	pre, err := j.HashAt(from - 1)
	if err != nil {
		return err
	}
	chain := journal.Chain{Secret: o.Secret, Lane: o.Lane, Seq: from - 1, Hash: pre}
	err = j.Read(context.Background(), from, func(r journal.Record) error {
		want := draft(r.Seq)
		if r.Seq != chain.Seq+1 {
			return fmt.Errorf("record %d after %d", r.Seq, chain.Seq)
		}
		if !bytes.Equal(r.Head, want.Envelope.Append(nil)) || !bytes.Equal(r.Body, want.Body) {
			return fmt.Errorf("record %d is not what was appended", r.Seq)
		}
		chain.Add(r.Head, r.Body)
		return nil
	})
	if err != nil {
		return err
	}
	if chain.Seq != head || chain.Hash != hash {
		return fmt.Errorf("read ends at %d, the head is %d, or the chains differ", chain.Seq, head)
	}
	return nil
}

// build returns a disk with a journal of two closed segments and, when open, a
// third that was never closed.
func build(t testing.TB, records journal.Seq, closed bool) (*crashfs.FS, journal.Options) {
	t.Helper()
	return buildSalted(t, records, closed, saltSeed(t))
}

// buildSalted is build with segments whose salts come from seed: the same seed makes
// the same bytes.
func buildSalted(t testing.TB, records journal.Seq, closed bool, seed uint64) (*crashfs.FS, journal.Options) {
	t.Helper()
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	disk := crashfs.New(crashfs.Options{})
	o := journal.WithSalts(small(options(disk, dir)), rand.NewChaCha8(key))
	create(t, o)
	j, _ := open(t, o)
	fill(t, j, records)
	if closed {
		closeJournal(t, j)
	}
	return disk.Clone(), o
}

// campaignSeed is drawn once a run.
var campaignSeed = rand.Uint64()

// saltSeed is what the salts of build come from: always the same in the quick form,
// other ones in every campaign, or those of TRAMXA_SEED, to see a failure again.
func saltSeed(t testing.TB) uint64 {
	t.Helper()
	if again := os.Getenv("TRAMXA_SEED"); again != "" {
		seed, err := strconv.ParseUint(again, 10, 64)
		if err != nil {
			t.Fatalf("TRAMXA_SEED: %v", err)
		}
		return seed
	}
	if !long() {
		return 2
	}
	t.Logf("salts come from seed %d; TRAMXA_SEED=%d makes them again", campaignSeed, campaignSeed)
	return campaignSeed
}

func on(o journal.Options, disk *crashfs.FS) journal.Options {
	o.FS = disk
	return o
}

func long() bool { return os.Getenv("TRAMXA_LONG") == "1" }

func damageIn(t testing.TB, err error) *journal.Damage {
	t.Helper()
	var d *journal.Damage
	if !errors.As(err, &d) || !errors.Is(err, journal.ErrDamaged) {
		t.Fatalf("want damage, got %v", err)
	}
	return d
}
