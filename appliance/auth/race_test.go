package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestGuessesAtOnceAreCounted: many guesses sent at the same moment get no more
// tries than the same guesses one after the other.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	if err := w.Add(ctx, 1, "lan", "12345678"); err != nil {
		t.Fatal(err)
	}
	var tried atomic.Int32
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if _, _, err := w.Login(ctx, "lan", "wrong-wrong", "10.0.0.9"); errors.Is(err, ErrWrong) {
				tried.Add(1)
			}
		})
	}
	all.Wait()
	if n := tried.Load(); n != Free {
		t.Fatalf("%d of 60 guesses were tried before the lock, %d are free", n, Free)
	}
}

// TestALostFileStartsElsewhere: the device numbers of a station whose accounts
// were lost, or put back to an older state, are not those the book has already:
// a form with an old key would pass for one saved long ago.
func TestALostFileStartsElsewhere(t *testing.T) {
	seen := make(map[uint32]bool)
	for range 20 {
		a, err := Open(Options{File: filepath.Join(t.TempDir(), "accounts.json")})
		if err != nil {
			t.Fatal(err)
		}
		n, err := a.NextDevice()
		if err != nil {
			t.Fatal(err)
		}
		if seen[n] || n == 0 || n >= 1<<31 {
			t.Fatalf("device %d was given before, or is none", n)
		}
		seen[n] = true
	}
	w := newWorld(t)
	first, err := w.NextDevice()
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	given := 0
	for range 20 { // each time the file is put back to what it was at first
		if err := os.WriteFile(w.file, old, 0o600); err != nil {
			t.Fatal(err)
		}
		w.open(t)
		n, err := w.NextDevice()
		if err != nil || n <= first || n > first+1<<oldDevices {
			t.Fatalf("device %d after %d: %v", n, first, err)
		}
		if seen[n] {
			given++
		}
		seen[n] = true
	}
	if given > 2 { // twenty of 32,768: even one is rare
		t.Fatalf("%d of 20 device numbers were given before", given)
	}
}
