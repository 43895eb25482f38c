package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A copy is proven by restoring it into a temporary folder, in clear. A process
// that is killed leaves the folder behind, so the next one removes it.
const (
	verifyPrefix = "tramxa-verify-"
	verifyYoung  = 10 * time.Minute // a proof under way touches its folder this often
	verifyOld    = time.Hour        // one that was not touched for so long is nobody's
)

// verifyFolder makes a folder in temp to prove a copy in, after it has removed
// what killed proofs of this user left there. done removes the folder.
func verifyFolder(temp string, now time.Time) (work string, done func(), err error) {
	sweepVerify(temp, now)
	if work, err = os.MkdirTemp(temp, verifyPrefix); err != nil {
		return "", nil, err
	}
	over := make(chan struct{})
	go func() {
		tick := time.NewTicker(verifyYoung)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case now := <-tick.C:
				_ = os.Chtimes(work, now, now) // else it may look old after an hour
			}
		}
	}()
	return work, func() {
		close(over)
		_ = os.RemoveAll(work) // else the next one does
	}, nil
}

func sweepVerify(temp string, now time.Time) {
	entries, err := os.ReadDir(temp)
	if err != nil {
		return // then no folder can be made there either
	}
	for _, e := range entries {
		info, err := e.Info() // of the entry itself, not of what it may point to
		if err != nil || !strings.HasPrefix(e.Name(), verifyPrefix) || !info.IsDir() || !isMine(info) {
			continue
		}
		if now.Sub(info.ModTime()) > verifyOld {
			_ = os.RemoveAll(filepath.Join(temp, e.Name())) // else the next one tries
		}
	}
}
