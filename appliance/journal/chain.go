package journal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// The functions of this file are pure and are what a hub verifies with. Their
// bytes are frozen: numbers are big-endian, lengths in front of a head are
// unsigned LEB128.
const (
	saltDomain = "tramxa salt v1"
	baseDomain = "tramxa chain base v1"
)

// Salt returns the salt of the body at (lane, seq): the first 16 bytes of
// HMAC-SHA256(secret, "tramxa salt v1" ‖ lane ‖ be64 seq). It keeps a short body
// from being guessed by its hash once the body is withheld.
func Salt(secret Secret, lane Lane, seq Seq) [16]byte {
	m := make([]byte, 0, len(saltDomain)+9)
	m = append(m, saltDomain...)
	m = append(m, byte(lane))
	m = binary.BigEndian.AppendUint64(m, uint64(seq))
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(m)
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return [16]byte(sum[:16])
}

// BodyHash is SHA-256(salt ‖ body): what stands in the chain for a body.
func BodyHash(salt [16]byte, body []byte) Hash {
	h := sha256.New()
	h.Write(salt[:])
	h.Write(body)
	var sum Hash
	h.Sum(sum[:0])
	return sum
}

// Next is SHA-256(prev ‖ be64 seq ‖ uvarint len(head) ‖ head ‖ body): the chain
// after the record seq, whose body has the given BodyHash.
func Next(prev Hash, seq Seq, head []byte, body Hash) Hash {
	m := make([]byte, 0, 32+8+2+MaxHead+32)
	m = append(m, prev[:]...)
	m = binary.BigEndian.AppendUint64(m, uint64(seq))
	m = binary.AppendUvarint(m, uint64(len(head)))
	m = append(m, head...)
	m = append(m, body[:]...)
	return sha256.Sum256(m)
}

// Base is h(0) of a lane: SHA-256("tramxa chain base v1" ‖ be32 station ‖ be32
// epoch ‖ lane ‖ SHA-256(the marshalled, signed genesis)).
func Base(g Genesis, lane Lane) Hash {
	sum := sha256.Sum256(g.Marshal())
	m := make([]byte, 0, len(baseDomain)+9+32)
	m = append(m, baseDomain...)
	m = binary.BigEndian.AppendUint32(m, uint32(g.Origin.Station))
	m = binary.BigEndian.AppendUint32(m, uint32(g.Origin.Epoch))
	m = append(m, byte(lane))
	m = append(m, sum[:]...)
	return sha256.Sum256(m)
}

// Chain follows the chain of one lane. Seq and Hash are the last record added,
// or 0 and Base at the start.
type Chain struct {
	Secret Secret
	Lane   Lane
	Seq    Seq
	Hash   Hash
}

// Add takes the next record in and returns the new hash.
func (c *Chain) Add(head, body []byte) Hash {
	return c.AddHashed(head, BodyHash(Salt(c.Secret, c.Lane, c.Seq+1), body))
}

// AddHashed takes the next record in when only the hash of its body is known.
func (c *Chain) AddHashed(head []byte, body Hash) Hash {
	c.Seq++
	c.Hash = Next(c.Hash, c.Seq, head, body)
	return c.Hash
}
