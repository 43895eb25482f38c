package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Times of a login session.
const (
	Idle     = 15 * time.Minute
	Absolute = 10 * time.Hour
)

// Lockout after failures: the first Free failures cost nothing, then the wait
// doubles from one minute up to MaxLock. It is never permanent.
const (
	Free    = 5
	MaxLock = 15 * time.Minute
)

// maxTracked bounds the table of failures against somebody trying endless
// names.
const maxTracked = 10_000

type sessionKey [32]byte

// Session is a login. Token is known to the browser alone; here only its hash
// is kept.
type Session struct {
	User   uint32
	Login  string
	Device uint32 // device number of the command keys made in this session
	began  time.Time
	seen   time.Time
	forms  uint64
}

type failure struct {
	count int
	until time.Time
}

// Login checks a password. from is the peer's address: lockout counts per
// login and address, so that a stranger cannot lock the officer out of her own
// PC. It returns the token for the cookie.
func (a *Auth) Login(ctx context.Context, login, password, from string) (token string, s Session, err error) {
	login = normLogin(login)
	key := login + "\x00" + from
	// The turn is held from the look at the failures to the counting of this one,
	// so that guesses sent all at once are counted as one after the other.
	done, err := a.hasher.take(ctx)
	if err != nil {
		return "", Session{}, err
	}
	defer done()
	acc, err := a.admit(login, key)
	if err != nil {
		return "", Session{}, err
	}
	// An unknown login costs the same time as a known one.
	right := acc.Secret.opens(password)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !right || acc.User == 0 {
		a.failed(key)
		return "", Session{}, ErrWrong
	}
	delete(a.failures, key)
	dev, err := a.nextDevice()
	if err != nil {
		return "", Session{}, err
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", Session{}, err
	}
	now := a.now()
	s = Session{User: acc.User, Login: acc.Login, Device: dev, began: now, seen: now}
	a.sweep(now)
	kept := s
	a.sessions[sha256.Sum256(raw)] = &kept
	return base64.RawURLEncoding.EncodeToString(raw), s, nil
}

// admit returns the account, or one that no password opens.
func (a *Auth) admit(login, key string) (account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.failures[key]; ok {
		if wait := f.until.Sub(a.now()); wait > 0 {
			return account{}, &LockedError{Wait: wait}
		}
	}
	if i := a.file.find(login); i >= 0 {
		return a.file.Accounts[i], nil
	}
	return account{Secret: secret{Cost: a.cost, Salt: make([]byte, 16), Hash: make([]byte, 32)}}, nil
}

func (a *Auth) failed(key string) {
	now := a.now()
	if len(a.failures) >= maxTracked {
		for k, f := range a.failures {
			if !f.until.After(now) {
				delete(a.failures, k)
			}
		}
		if len(a.failures) >= maxTracked {
			clear(a.failures)
		}
	}
	f := a.failures[key]
	f.count++
	if over := f.count - Free; over >= 0 {
		wait := time.Minute << min(over, 4)
		f.until = now.Add(min(wait, MaxLock))
	}
	a.failures[key] = f
}

func keyOf(token string) (sessionKey, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		return sessionKey{}, false
	}
	return sha256.Sum256(raw), true
}

// Session returns the session of a token and counts as a sign of life, or
// ErrEnded.
func (a *Auth) Session(token string) (Session, error) {
	k, ok := keyOf(token)
	if !ok {
		return Session{}, ErrEnded
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[k]
	now := a.now()
	if !ok || s.over(now) {
		delete(a.sessions, k)
		return Session{}, ErrEnded
	}
	s.seen = now
	return *s, nil
}

// Alive reports whether a token's session goes on, without counting as a sign of
// life: what a page does by itself must not keep a login open.
func (a *Auth) Alive(token string) bool {
	k, ok := keyOf(token)
	if !ok {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[k]
	return ok && !s.over(a.now())
}

func (s *Session) over(now time.Time) bool {
	return now.Sub(s.seen) > Idle || now.Sub(s.began) > Absolute
}

// NextForm grants the sequence of the next command key of a session: each form
// shown carries its own, so that a form sent twice records once.
func (a *Auth) NextForm(token string) (device uint32, seq uint64, err error) {
	k, ok := keyOf(token)
	if !ok {
		return 0, 0, ErrEnded
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[k]
	if !ok {
		return 0, 0, ErrEnded
	}
	s.forms++
	return s.Device, s.forms, nil
}

// Logout ends a session; an unknown token is fine.
func (a *Auth) Logout(token string) {
	if k, ok := keyOf(token); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.sessions, k)
	}
}

// EndSessions ends every session of a user (role changed, disabled).
func (a *Auth) EndSessions(user uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endSessions(user)
}

func (a *Auth) endSessions(user uint32) {
	for k, s := range a.sessions {
		if s.User == user {
			delete(a.sessions, k)
		}
	}
}

func (a *Auth) sweep(now time.Time) {
	for k, s := range a.sessions {
		if s.over(now) {
			delete(a.sessions, k)
		}
	}
}
