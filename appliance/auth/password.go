package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Limits of a password, in runes after NFC.
const (
	MinPassword = 8
	MaxPassword = 128
)

// ErrWeak is returned for a password outside the limits.
var ErrWeak = fmt.Errorf("password must have %d to %d characters", MinPassword, MaxPassword)

// cost are argon2id's parameters, kept with each hash so that they can be
// raised later without locking anybody out.
type cost struct {
	Time    uint32 `json:"t"`
	Memory  uint32 `json:"m"` // KiB
	Threads uint8  `json:"p"`
}

// defaultCost is 32 MiB and three passes: above the minimum that OWASP's
// password storage sheet gives for argon2id (19 MiB, two passes), and bearable
// on a PC with 2 GB when hashes are computed one at a time.
var defaultCost = cost{Time: 3, Memory: 32 << 10, Threads: 1}

// hasher computes one hash at a time, so that many logins cannot take the
// memory of a small PC.
type hasher struct{ turn chan struct{} }

func newHasher() hasher { return hasher{turn: make(chan struct{}, 1)} }

// take waits for the turn; the caller calls done when it is over.
func (h hasher) take(ctx context.Context) (done func(), err error) {
	select {
	case h.turn <- struct{}{}:
		return func() { <-h.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func hash(password string, salt []byte, c cost) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.Time, c.Memory, c.Threads, 32)
}

// secret is what is kept of a password.
type secret struct {
	Cost cost   `json:"cost"`
	Salt []byte `json:"salt"`
	Hash []byte `json:"hash"`
}

func (s secret) valid() bool {
	return len(s.Salt) == 16 && len(s.Hash) == 32 &&
		s.Cost.Time >= 1 && s.Cost.Time <= 16 &&
		s.Cost.Memory >= 8 && s.Cost.Memory <= 1<<20 &&
		s.Cost.Threads >= 1 && s.Cost.Threads <= 16
}

// CheckPassword returns ErrWeak for a password outside the limits, so that a
// caller can refuse it before doing anything else.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(norm.NFC.String(password)); n < MinPassword || n > MaxPassword {
		return ErrWeak
	}
	return nil
}

func (h hasher) seal(ctx context.Context, password string, c cost) (secret, error) {
	if err := CheckPassword(password); err != nil {
		return secret{}, err
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return secret{}, err
	}
	done, err := h.take(ctx)
	if err != nil {
		return secret{}, err
	}
	defer done()
	return secret{Cost: c, Salt: salt, Hash: hash(password, salt, c)}, nil
}

// opens reports whether password is the one of s; the caller has the turn.
func (s secret) opens(password string) bool {
	return utf8.RuneCountInString(password) <= 4*MaxPassword && subtle.ConstantTimeCompare(hash(password, s.Salt, s.Cost), s.Hash) == 1
}
