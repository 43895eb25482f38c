package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"

	"tramxa/service/place"
)

// User is the system user that the services run as on Linux.
const User = "tramxa"

// ErrBadConfig is wrapped by every error about a Config.
var ErrBadConfig = errors.New("the service cannot be set up like this")

// Config says which service is meant. The zero value is the station at the
// place of this system, run by the running executable.
type Config struct {
	Hub     bool       // the hub node instead of the station
	Base    place.Base // "": place.Default()
	Program string     // the launcher, an absolute path; "": the running executable
}

// Name is what the service manager calls the service.
func (c Config) Name() string {
	if c.Hub {
		return place.HubService
	}
	return place.StationService
}

// title is one line for people.
func (c Config) title() string {
	if c.Hub {
		return "tramxa: máy chủ tỉnh / province hub"
	}
	return "tramxa: trạm dân số xã / commune station"
}

// withDefaults fills in what is not given.
func (c Config) withDefaults() (Config, error) {
	if c.Base == "" {
		c.Base = place.Default()
	}
	if c.Program == "" {
		exe, err := os.Executable()
		if err != nil {
			return c, fmt.Errorf("where this program lies: %w", err)
		}
		if resolved, err := filepath.EvalSymlinks(exe); err == nil {
			exe = resolved
		}
		c.Program = exe
	}
	return c, c.check()
}

// check refuses what a service manager would misread or could not reach.
// It judges by the rules of the system it runs on.
func (c Config) check() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrBadConfig}, a...)...)
	}
	if c.Hub && runtime.GOOS == "windows" {
		return bad("the hub runs on Linux only")
	}
	for what, path := range map[string]string{"base": string(c.Base), "program": c.Program} {
		switch {
		case !filepath.IsAbs(path):
			return bad("%s %q is not an absolute path; a service starts in a directory of its own", what, path)
		case filepath.Clean(path) != path:
			return bad("%s %q is not a plain path, write %q", what, path, filepath.Clean(path))
		case strings.ContainsFunc(path, unicode.IsControl) || strings.ContainsAny(path, "\"'$%"):
			return bad("%s %q has a character that service managers misread", what, path)
		case len(path) > 200:
			return bad("%s is longer than 200 bytes", what)
		}
	}
	return nil
}

// reachable refuses places that the installed service is shut out of: homes and
// temporary directories are hidden from it.
func (c Config) reachable() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	for _, closed := range []string{"/home", "/root", "/tmp", "/var/tmp", "/run/user", "/dev", "/proc", "/sys"} {
		for what, path := range map[string]string{"base": string(c.Base), "program": c.Program} {
			if path == closed || strings.HasPrefix(path, closed+"/") {
				return fmt.Errorf("%w: the %s lies in %s, which is closed to the service; put it at %s", ErrBadConfig, what, closed, properPlace(what))
			}
		}
	}
	return nil
}

func properPlace(what string) string {
	if what == "base" {
		return string(place.Default())
	}
	return place.Program()
}

// launcherArgs are the arguments that the service manager gives to the program.
// Windows names itself, because a program cannot tell everywhere that the
// service manager has started it.
func (c Config) launcherArgs(windows bool) []string {
	args := []string{"service", "run"}
	if windows {
		args = append(args, "--service")
	}
	if c.Hub {
		args = append(args, "--hub")
	}
	return append(args, "--base", string(c.Base))
}

// ProgramArgs are the arguments that the launcher gives to the program it
// starts: the station with its key file outside the data, or the hub node.
func (c Config) ProgramArgs() []string {
	if c.Hub {
		return []string{"hub", "run", "--dir", c.Base.Hub()}
	}
	return []string{"station", "run", "--dir", c.Base.Station(), "--key", c.Base.StationKey(), "--base", string(c.Base)}
}
