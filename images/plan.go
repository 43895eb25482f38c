package images

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"tramxa/images/disk"
	"tramxa/service/seed"
)

// PlanVersion is the version of the plan format this program reads.
const PlanVersion = 1

// MaxPlan bounds a plan file in bytes.
const MaxPlan = 64 << 10

// ErrPlan is wrapped by every error about the content of a plan.
var ErrPlan = errors.New("plan is not understood")

// Plan says what an image is made of. Only Version, Name, Release, Time and
// Program must be given; the last three not where the image is part of a release.
type Plan struct {
	Version int       `toml:"version"`
	Name    string    `toml:"name"`    // of the files: small letters, digits, dashes
	Release string    `toml:"release"` // version of the image, shown in the boot menu
	Time    time.Time `toml:"time"`    // every time stamp in the image; also how old its clock can be
	Program string    `toml:"program"` // the tramxa binary for linux/amd64, relative to the plan

	Sequence uint64 `toml:"sequence,omitempty"` // of the release the image belongs to; 0: none, and its first root update is fetched whole

	Hostname   string   `toml:"hostname,omitempty"`   // "": tramxa
	Suite      string   `toml:"suite,omitempty"`      // "": trixie
	Mirror     string   `toml:"mirror,omitempty"`     // of Debian; a dated snapshot gives the same bytes for ever; "": the building machine's own
	Components []string `toml:"components,omitempty"` // none: main and non-free-firmware
	Packages   []string `toml:"packages,omitempty"`   // beside those every image has

	Console       []string `toml:"console,omitempty"`        // of the kernel, the last one leads; none: tty1
	AuthorizedKey string   `toml:"authorized_key,omitempty"` // one line; "": SSH is off until a stick brings a key
	SignKeys      []string `toml:"sign_keys,omitempty"`      // files with Ed25519 keys (PEM) that sign the manifest
	Zone          string   `toml:"zone,omitempty"`           // "": Asia/Ho_Chi_Minh

	Size Size       `toml:"size,omitempty"`
	Seed *seed.Seed `toml:"seed,omitempty"` // what the station knows before its first start

	dir string // of the plan file: relative paths begin there
}

// Size is the lengths of the partitions in MB; 0 takes the default.
type Size struct {
	Boot int `toml:"boot,omitempty"` // 160
	Root int `toml:"root,omitempty"` // 288 for each of two slots
	Data int `toml:"data,omitempty"` // 64; it grows to the end of the disk at the first start
}

var (
	nameRule    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)
	packageRule = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]{1,62}$`)
	consoleRule = regexp.MustCompile(`^tty[A-Z]{0,3}[0-9]{1,2}(,[0-9]+)?$`)
	releaseRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+~-]{0,40}$`)
	zoneRule    = regexp.MustCompile(`^[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_]+)?$`)
)

// ReadPlan reads and checks a plan file; ErrPlan for its content.
func ReadPlan(name string) (Plan, error) {
	return readPlan(name, func(*Plan) error { return nil })
}

// OfRelease is what a release says of its image.
type OfRelease struct {
	Version  string
	At       time.Time
	Sequence uint64
	Program  string // the absolute path of the program of the release
}

// ReadPlanOfRelease reads a plan that leaves to the release what is the
// release's to say; ErrPlan when it says so itself.
func ReadPlanOfRelease(name string, r OfRelease) (Plan, error) {
	return readPlan(name, func(p *Plan) error {
		if p.Release != "" || !p.Time.IsZero() || p.Program != "" || p.Sequence != 0 {
			return fmt.Errorf("%w: release, time, program and sequence come from the release: take them out", ErrPlan)
		}
		p.Release, p.Time, p.Program, p.Sequence = r.Version, r.At, r.Program, r.Sequence
		return nil
	})
}

func readPlan(name string, complete func(*Plan) error) (Plan, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return Plan{}, err
	}
	p, err := parsePlan(b, complete)
	if err != nil {
		return Plan{}, fmt.Errorf("%s: %w", name, err)
	}
	p.dir = filepath.Dir(name)
	return p, nil
}

// ParsePlan decodes a plan, refuses unknown fields and fills in the defaults;
// ErrPlan.
func ParsePlan(b []byte) (Plan, error) {
	return parsePlan(b, func(*Plan) error { return nil })
}

func parsePlan(b []byte, complete func(*Plan) error) (Plan, error) {
	if len(b) > MaxPlan {
		return Plan{}, fmt.Errorf("%w: %d bytes, at most %d", ErrPlan, len(b), MaxPlan)
	}
	var p Plan
	if err := seed.DecodeStrict(b, &p); err != nil {
		return Plan{}, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if p.Time.Location() == time.Local { // TOML's local time would be another moment on each machine
		return Plan{}, fmt.Errorf("%w: time without a zone: give it like 2026-11-01T00:00:00Z", ErrPlan)
	}
	if err := complete(&p); err != nil {
		return Plan{}, err
	}
	p.defaults()
	return p, p.check()
}

func (p *Plan) defaults() {
	set := func(v *string, def string) {
		if *v == "" {
			*v = def
		}
	}
	set(&p.Hostname, "tramxa")
	set(&p.Suite, "trixie")
	set(&p.Zone, "Asia/Ho_Chi_Minh")
	if len(p.Components) == 0 {
		p.Components = []string{"main", "non-free-firmware"}
	}
	if len(p.Console) == 0 {
		p.Console = []string{"tty1"}
	}
	for v, def := range map[*int]int{&p.Size.Boot: 160, &p.Size.Root: 288, &p.Size.Data: 64} {
		if *v == 0 {
			*v = def
		}
	}
}

func (p Plan) check() error {
	bad := func(format string, a ...any) error { return fmt.Errorf("%w: "+format, append([]any{ErrPlan}, a...)...) }
	switch {
	case p.Version != PlanVersion:
		return bad("version %d, this program reads %d", p.Version, PlanVersion)
	case !nameRule.MatchString(p.Name):
		return bad("name is made of small letters, digits and dashes, not %q", p.Name)
	case !releaseRule.MatchString(p.Release):
		return bad("release is a version like 1.2.0, not %q", p.Release)
	case p.Time.Year() < 2020 || p.Time.Year() > 2100:
		return bad("time is missing or far away: give it like 2026-11-01T00:00:00Z")
	case p.Program == "":
		return bad("program is missing: the path of the tramxa binary for linux/amd64")
	case !nameRule.MatchString(p.Hostname) || strings.Contains(p.Hostname, "."):
		return bad("hostname %q", p.Hostname)
	case !nameRule.MatchString(p.Suite):
		return bad("suite %q", p.Suite)
	case p.Mirror != "" && !strings.HasPrefix(p.Mirror, "http://") && !strings.HasPrefix(p.Mirror, "https://"), strings.ContainsAny(p.Mirror, " \t\r\n"):
		return bad("mirror is an http address, not %q", p.Mirror)
	case !zoneRule.MatchString(p.Zone):
		return bad("zone is like Asia/Ho_Chi_Minh, not %q", p.Zone)
	case strings.ContainsAny(p.AuthorizedKey, "\r\n"):
		return bad("authorized_key is one line")
	}
	for _, list := range [][]string{p.Components, p.Packages} {
		for _, s := range list {
			if !packageRule.MatchString(s) {
				return bad("%q is no name of a package or component", s)
			}
		}
	}
	for _, s := range p.Console {
		if !consoleRule.MatchString(s) {
			return bad("console is like tty1 or ttyS0,115200, not %q", s)
		}
	}
	if _, err := disk.Layout(1, p.sizes()); err != nil {
		return bad("size: %v", err)
	}
	if p.Seed != nil {
		if err := p.Seed.Check(); err != nil {
			return bad("%v", err)
		}
	}
	return nil
}

func (p Plan) sizes() disk.Sizes {
	return disk.Sizes{Boot: p.Size.Boot, Root: p.Size.Root, Data: p.Size.Data}
}

// path makes a path of the plan one of this process.
func (p Plan) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir, name)
}

// epoch is Time as Debian's tools want it.
func (p Plan) epoch() string { return fmt.Sprint(p.Time.Unix()) }
