package replicationtest

import (
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"sync"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/replication/batch"
	"tramxa/replication/identity"
)

// Station is a writer with its journal in memory. Its methods may be called from
// several goroutines.
type Station struct {
	Origin  journal.Origin // of the register lane
	Genesis journal.Genesis
	Secret  journal.Secret
	Key     ed25519.PrivateKey

	mu    sync.Mutex
	rng   *rand.Rand
	lanes [2]lane
	made  made
}

type lane struct {
	records []journal.Record
	hashes  []journal.Hash // [n] after record n; [0] the base
}

// NewStation makes station number, deterministically: the same number and seed
// give the same key, genesis and records.
func NewStation(number journal.Station, seed uint64) *Station {
	rng := rand.New(rand.NewPCG(seed, uint64(number)))
	s := &Station{Origin: journal.Origin{Station: number, Epoch: 1, Mint: uint32(number) + 10}, rng: rng}
	var ks [ed25519.SeedSize]byte
	fill(rng, ks[:])
	fill(rng, s.Secret[:])
	s.Key = ed25519.NewKeyFromSeed(ks[:])
	s.Genesis = journal.Genesis{Origin: s.Origin, Unit: "23764", Created: 1_772_000_000}
	s.Genesis.Sign(s.Key)
	for l := range s.lanes {
		s.lanes[l].hashes = []journal.Hash{journal.Base(s.Genesis, journal.Lane(l))}
	}
	return s
}

func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}

// Clone returns a copy of the station as a copied disk would be: same identity,
// and from now on a history of its own.
func (s *Station) Clone(seed uint64) *Station {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Station{Origin: s.Origin, Genesis: s.Genesis, Secret: s.Secret, Key: s.Key, rng: rand.New(rand.NewPCG(seed, seed)), made: s.made.clone()}
	for l := range s.lanes {
		c.lanes[l].records = append(c.lanes[l].records, s.lanes[l].records...)
		c.lanes[l].hashes = append(c.lanes[l].hashes, s.lanes[l].hashes...)
	}
	return c
}

// Registration is what the hub must know of the station.
func (s *Station) Registration() identity.Registration {
	r, err := identity.NewRegistration(s.Genesis, s.Secret)
	if err != nil {
		panic("replicationtest: internal error: " + err.Error())
	}
	return r
}

// Append writes a record with the given envelope and body.
func (s *Station) Append(l journal.Lane, e journal.Envelope, body []byte) journal.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.append(l, e, body)
}

func (s *Station) append(l journal.Lane, e journal.Envelope, body []byte) journal.Seq {
	j := &s.lanes[l]
	rec := journal.Record{Seq: journal.Seq(len(j.records) + 1), Head: e.Append(nil), Body: body}
	chain := journal.Chain{Secret: s.Secret, Lane: l, Seq: rec.Seq - 1, Hash: j.hashes[len(j.hashes)-1]}
	j.records = append(j.records, rec)
	j.hashes = append(j.hashes, chain.Add(rec.Head, rec.Body))
	return rec.Seq
}

// Write appends entries to the register lane.
func (s *Station) Write(entries ...population.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		if err := s.write(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Station) write(e population.Entry) error {
	kind, version, body, err := population.EncodeBody(population.Mint(s.Origin.Mint), e)
	if err != nil {
		return fmt.Errorf("%T: %w", e, err)
	}
	n := uint64(len(s.lanes[0].records) + 1)
	s.append(journal.LaneRegister, journal.Envelope{Trusted: true, At: 1_772_000_000 + int64(n)*60,
		Kind: uint16(kind), Version: version, Actor: 1, Device: 1, DeviceSeq: n}, body)
	return nil
}

// Head returns the newest sequence of a lane and the chain there.
func (s *Station) Head(l journal.Lane) (journal.Seq, journal.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.lanes[l].records)
	return journal.Seq(n), s.lanes[l].hashes[n]
}

// HashAt returns the chain at a sequence from 0 to the head.
func (s *Station) HashAt(l journal.Lane, at journal.Seq) journal.Hash {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lanes[l].hashes[at]
}

// Batch encodes records from first, at most n of them and what the limits of a
// batch allow. It returns the last sequence in it.
func (s *Station) Batch(l journal.Lane, first journal.Seq, n int) ([]byte, journal.Seq, error) {
	s.mu.Lock()
	recs := s.lanes[l].records[first-1:]
	pre := s.lanes[l].hashes[first-1]
	s.mu.Unlock()
	origin := s.Origin
	origin.Lane = l
	b, taken, err := batch.Cut(batch.Source{Origin: origin, Secret: s.Secret, PreHash: pre, Records: recs}, s.Key, batch.Limits{Records: n})
	return b, first + journal.Seq(taken) - 1, err
}
