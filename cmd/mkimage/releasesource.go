package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// source is the state of the sources that a release is made from.
type source struct {
	root   string    // directory of go.mod
	commit string    // full hash; "+dirty" behind it when files differ
	at     time.Time // of the commit: the only clock a release knows
	count  uint64    // commits up to here; 0: unknown
}

var errSource = errors.New("sources are not fit for a release")

// readSource asks git. A tree that differs from its commit is refused unless
// dirty is allowed: such a release could not be made again.
func readSource(ctx context.Context, dirty bool) (source, error) {
	root, err := moduleRoot()
	if err != nil {
		return source{}, err
	}
	git := func(args ...string) string {
		if err != nil {
			return ""
		}
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = root
		var out []byte
		if out, err = cmd.Output(); err != nil {
			err = fmt.Errorf("%w: git %s: %w", errSource, strings.Join(args, " "), err)
		}
		return strings.TrimSpace(string(out))
	}
	s := source{root: root, commit: git("rev-parse", "HEAD")}
	seconds := git("log", "-1", "--format=%ct")
	changed := git("status", "--porcelain")
	shallow := git("rev-parse", "--is-shallow-repository")
	count := git("rev-list", "--count", "HEAD")
	if err != nil {
		return source{}, err
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return source{}, fmt.Errorf("%w: time of the commit %q", errSource, seconds)
	}
	s.at = time.Unix(n, 0).UTC()
	if shallow == "false" {
		s.count, _ = strconv.ParseUint(count, 10, 64)
	}
	if changed == "" {
		return s, nil
	}
	if !dirty {
		return source{}, fmt.Errorf("%w: files differ from the commit:\n%s\nhint: commit them, or say --dirty for a trial that nobody else can make again", errSource, changed)
	}
	s.commit += "+dirty"
	return s, nil
}

// moduleRoot walks up to go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("%w: no go.mod here or above; run this inside the repository", errSource)
		}
		dir = up
	}
}
