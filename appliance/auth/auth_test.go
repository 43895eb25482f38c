package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// world is an Auth on a real directory with a clock the test moves. Hashing is
// made cheap: its strength is argon2's business, not this package's.
type world struct {
	*Auth
	file string
	now  time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{file: filepath.Join(t.TempDir(), "accounts.json"), now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	w.open(t)
	return w
}

func (w *world) open(t *testing.T) {
	t.Helper()
	a, err := Open(Options{File: w.file, Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	a.cost = cost{Time: 1, Memory: 64, Threads: 1}
	w.Auth = a
}

func TestLoginOpensAndAccountsSurviveRestart(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	if !w.Empty() {
		t.Fatal("a new station has an account")
	}
	if err := w.Add(ctx, 1, " Lan.H ", "mật khẩu dài"); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	// The same password in decomposed form, as another keyboard sends it.
	token, s, err := w.Login(ctx, "lan.h", "mật khẩu dài", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if s.User != 1 || s.Device == 0 {
		t.Fatalf("session %+v", s)
	}
	before := s.Device
	if _, err := w.Session(token); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	if _, s, err = w.Login(ctx, "lan.h", "mật khẩu dài", "127.0.0.1"); err != nil || s.Device <= before {
		t.Fatalf("device number given twice over a restart: %+v, %v", s, err)
	}
}

func TestWeakDoubledAndUnknownAreRefused(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	if err := w.Add(ctx, 1, "lan", "1234567"); !errors.Is(err, ErrWeak) {
		t.Fatalf("seven characters: %v", err)
	}
	if err := w.Add(ctx, 1, "lan", strings.Repeat("a", 129)); !errors.Is(err, ErrWeak) {
		t.Fatalf("129 characters: %v", err)
	}
	if err := w.Add(ctx, 1, "lan", "12345678"); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(ctx, 2, "LAN", "12345678"); !errors.Is(err, ErrTaken) {
		t.Fatalf("doubled login: %v", err)
	}
	if _, _, err := w.Login(ctx, "nobody", "12345678", "x"); !errors.Is(err, ErrWrong) {
		t.Fatalf("unknown login: %v", err)
	}
	if err := w.SetPassword(ctx, "nobody", "12345678"); !errors.Is(err, ErrUnknown) {
		t.Fatalf("unknown login: %v", err)
	}
}

func TestLockoutGrowsEndsAndKnowsTheAddress(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	if err := w.Add(ctx, 1, "lan", "12345678"); err != nil {
		t.Fatal(err)
	}
	for range Free {
		if _, _, err := w.Login(ctx, "lan", "wrong-wrong", "10.0.0.9"); !errors.Is(err, ErrWrong) {
			t.Fatalf("want wrong, got %v", err)
		}
	}
	var locked *LockedError
	if _, _, err := w.Login(ctx, "lan", "12345678", "10.0.0.9"); !errors.As(err, &locked) || locked.Wait != time.Minute {
		t.Fatalf("after %d failures: %v", Free, err)
	}
	if _, _, err := w.Login(ctx, "lan", "12345678", "127.0.0.1"); err != nil {
		t.Fatalf("the officer's own PC is locked by a stranger: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if _, _, err := w.Login(ctx, "lan", "wrong-wrong", "10.0.0.9"); !errors.Is(err, ErrWrong) {
		t.Fatalf("lock did not end: %v", err)
	}
	if _, _, err := w.Login(ctx, "lan", "12345678", "10.0.0.9"); !errors.As(err, &locked) || locked.Wait != 2*time.Minute {
		t.Fatalf("lock did not grow: %v", err)
	}
	w.now = w.now.Add(MaxLock)
	if _, _, err := w.Login(ctx, "lan", "12345678", "10.0.0.9"); err != nil {
		t.Fatalf("lock is permanent: %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	if err := w.Add(ctx, 1, "lan", "12345678"); err != nil {
		t.Fatal(err)
	}
	login := func() string {
		t.Helper()
		token, _, err := w.Login(ctx, "lan", "12345678", "x")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	idle := login()
	w.now = w.now.Add(Idle + time.Second)
	if _, err := w.Session(idle); !errors.Is(err, ErrEnded) {
		t.Fatalf("idle session lives: %v", err)
	}
	long := login()
	for range int(Absolute/Idle) + 2 {
		w.now = w.now.Add(Idle - time.Second)
		_, _ = w.Session(long)
	}
	if _, err := w.Session(long); !errors.Is(err, ErrEnded) {
		t.Fatalf("session outlives its absolute time: %v", err)
	}
	out, other := login(), login()
	w.Logout(out)
	if _, err := w.Session(out); !errors.Is(err, ErrEnded) {
		t.Fatalf("logged out session lives: %v", err)
	}
	if err := w.SetPassword(ctx, "lan", "87654321"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Session(other); !errors.Is(err, ErrEnded) {
		t.Fatalf("session outlives a new password: %v", err)
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 5000)} {
		if _, err := w.Session(bad); !errors.Is(err, ErrEnded) {
			t.Fatalf("token %.8q opens: %v", bad, err)
		}
	}
}

func TestFormsOfASessionNeverShareAKey(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	if err := w.Add(ctx, 1, "lan", "12345678"); err != nil {
		t.Fatal(err)
	}
	seen := make(map[[2]uint64]bool)
	for range 3 {
		token, _, err := w.Login(ctx, "lan", "12345678", "x")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			d, s, err := w.NextForm(token)
			if err != nil || seen[[2]uint64{uint64(d), s}] {
				t.Fatalf("key %d:%d given twice or refused: %v", d, s, err)
			}
			seen[[2]uint64{uint64(d), s}] = true
		}
	}
}

func TestDamagedFileIsRefusedNotReplaced(t *testing.T) {
	w := newWorld(t)
	if err := w.Add(context.Background(), 1, "lan", "12345678"); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"cut":      string(good[:len(good)/2]),
		"trailing": string(good) + "{}",
		"bracket":  string(good) + "}",
		"version":  strings.Replace(string(good), `"version": 1`, `"version": 9`, 1),
		"field":    strings.Replace(string(good), `"login"`, `"logon"`, 1),
		"memory":   strings.Replace(string(good), `"m": 64`, `"m": 4000000000`, 1),
		"empty":    "",
	} {
		if err := os.WriteFile(w.file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{File: w.file}); err == nil {
			t.Errorf("%s: opened", name)
		}
		if now, _ := os.ReadFile(w.file); string(now) != bad {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func FuzzAccountsFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"last_device":3,"accounts":[]}`))
	f.Add([]byte(`{"version":1,"accounts":[{"user":1,"login":"a","secret":{"cost":{"t":1,"m":64,"p":1},"salt":"AAAAAAAAAAAAAAAAAAAAAA==","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parse(b)
		if err == nil && got.Version != fileVersion {
			t.Fatalf("accepted version %d", got.Version)
		}
	})
}
