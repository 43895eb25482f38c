package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"tramxa/appliance/journal"
)

// Errors callers decide on.
var (
	ErrWrong   = errors.New("login or password is wrong")
	ErrLocked  = errors.New("too many failed logins; wait and try again")
	ErrTaken   = errors.New("login is taken already")
	ErrUnknown = errors.New("no such login")
	ErrEnded   = errors.New("login session has ended")
)

// LockedError says how long a login stays locked; it is an ErrLocked.
type LockedError struct{ Wait time.Duration }

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s (%s)", ErrLocked, e.Wait.Round(time.Second))
}

// Is makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// Options of Open.
type Options struct {
	FS   journal.FS       // nil: the real file system
	File string           // the sealed file; created when absent
	Now  func() time.Time // nil: time.Now; only differences count
}

const fileVersion = 1

// maxFile bounds the file: some thousand users.
const maxFile = 4 << 20

type account struct {
	User   uint32 `json:"user"`
	Login  string `json:"login"`
	Secret secret `json:"secret"`
}

type file struct {
	Version    int       `json:"version"`
	LastDevice uint32    `json:"last_device"`
	Accounts   []account `json:"accounts"`
}

// Auth is the door. It is safe for concurrent use.
type Auth struct {
	fs     journal.FS
	name   string
	now    func() time.Time
	hasher hasher
	cost   cost

	mu       sync.Mutex
	file     file
	sessions map[sessionKey]*Session
	failures map[string]failure
}

// Open reads the file, or starts with no accounts when it is absent.
func Open(o Options) (*Auth, error) {
	if o.FS == nil {
		o.FS = journal.OS
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &Auth{fs: o.FS, name: o.File, now: o.Now, hasher: newHasher(), cost: defaultCost,
		file:     file{Version: fileVersion},
		sessions: make(map[sessionKey]*Session), failures: make(map[string]failure)}
	b, err := journal.ReadFile(o.FS, o.File, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return a, a.skip(newDevices)
	}
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	if a.file, err = parse(b); err != nil {
		return nil, fmt.Errorf("accounts file %s: %w; restore it, or remove it and give new passwords with 'tramxa station user reset'", o.File, err)
	}
	return a, a.skip(oldDevices)
}

// How far, in bits, the device numbers leap at the start: without a file, and
// with one. The file may be lost, or be an older one than the book: a number the
// book has already would make a new form pass for one saved long ago. They stay
// below 1<<31, where the registrar's series begin, for 50,000 starts at least.
const (
	newDevices = 28
	oldDevices = 15
)

// skip leaves out a random run of device numbers, of less than 1<<bits.
func (a *Auth) skip(bits int) error {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	a.file.LastDevice += binary.LittleEndian.Uint32(b[:]) >> (32 - bits)
	return nil
}

func parse(b []byte) (file, error) {
	var f file
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return file{}, err
	}
	if _, err := dec.Token(); err != io.EOF { // More takes a bracket too many for an end
		return file{}, errors.New("trailing data")
	}
	if f.Version != fileVersion {
		return file{}, fmt.Errorf("version %d not understood", f.Version)
	}
	seen := make(map[string]bool)
	for _, acc := range f.Accounts {
		if acc.User == 0 || acc.Login == "" || seen[acc.Login] || !acc.Secret.valid() {
			return file{}, errors.New("account is incomplete or doubled")
		}
		seen[acc.Login] = true
	}
	return f, nil
}

// save writes the file with f in it and keeps f only when that succeeded.
func (a *Auth) save(f file) error {
	b, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	if err := journal.WriteFileAtomic(a.fs, a.name, b, 0o600); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	a.file = f
	return nil
}

// normLogin makes logins comparable: NFC, lower case, no surrounding space.
func normLogin(login string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(login)))
}

func (f file) find(login string) int {
	for i, acc := range f.Accounts {
		if acc.Login == login {
			return i
		}
	}
	return -1
}

// Empty reports whether there is no account yet: then, and only then, a first
// account may be made without a login.
func (a *Auth) Empty() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.file.Accounts) == 0
}

// Add makes an account for a user of the book.
func (a *Auth) Add(ctx context.Context, user uint32, login, password string) error {
	login = normLogin(login)
	if user == 0 || login == "" || len(login) > 64 {
		return errors.New("login must have 1 to 64 characters")
	}
	s, err := a.hasher.seal(ctx, password, a.cost)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file.find(login) >= 0 {
		return ErrTaken
	}
	f := a.file
	f.Accounts = append(append([]account(nil), f.Accounts...), account{User: user, Login: login, Secret: s})
	return a.save(f)
}

// SetPassword gives a login a new password and ends its sessions.
func (a *Auth) SetPassword(ctx context.Context, login, password string) error {
	s, err := a.hasher.seal(ctx, password, a.cost)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.file.find(normLogin(login))
	if i < 0 {
		return ErrUnknown
	}
	f := a.file
	f.Accounts = append([]account(nil), f.Accounts...)
	f.Accounts[i].Secret = s
	if err := a.save(f); err != nil {
		return err
	}
	a.endSessions(f.Accounts[i].User)
	return nil
}

// Set gives a user of the book a password, with or without an account so far,
// and ends the sessions of the login. An account of that login that was another user's
// (the book was put back to an older state since) is this user's from then on.
func (a *Auth) Set(ctx context.Context, user uint32, login, password string) error {
	err := a.Add(ctx, user, login, password)
	if !errors.Is(err, ErrTaken) {
		return err
	}
	s, err := a.hasher.seal(ctx, password, a.cost)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.file.find(normLogin(login))
	if i < 0 {
		return ErrUnknown
	}
	f := a.file
	f.Accounts = append([]account(nil), f.Accounts...)
	f.Accounts[i].User, f.Accounts[i].Secret = user, s
	if err := a.save(f); err != nil {
		return err
	}
	for k, session := range a.sessions { // the login's, and not all of the number's
		if session.Login == f.Accounts[i].Login {
			delete(a.sessions, k)
		}
	}
	return nil
}

// Logins returns user number by login.
func (a *Auth) Logins() map[string]uint32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := make(map[string]uint32, len(a.file.Accounts))
	for _, acc := range a.file.Accounts {
		m[acc.Login] = acc.User
	}
	return m
}

// NextDevice grants a device number that was never granted before here; the
// grant is on disk before it is returned.
func (a *Auth) NextDevice() (uint32, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.nextDevice()
}

func (a *Auth) nextDevice() (uint32, error) {
	f := a.file
	if f.LastDevice++; f.LastDevice >= 1<<31 {
		return 0, errors.New("device numbers are used up")
	}
	if err := a.save(f); err != nil {
		return 0, err
	}
	return f.LastDevice, nil
}
