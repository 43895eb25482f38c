package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"tramxa/appliance/backups"
	"tramxa/appliance/clock"
	"tramxa/appliance/codelist"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
	"tramxa/localui"
	"tramxa/replication/identity"
	"tramxa/service"
	"tramxa/service/machine"
	"tramxa/service/seed"
)

// founding is the first start of an installed tramxa: the setup pages until there
// is a station.
type founding struct {
	*running
	doors  *doors
	opened chan struct{}
}

// Names beside the station's directory and keys.
const (
	foundingSecret = "setup.secret" // in the directory of the keys, until the station is made
	unitsFile      = "units.csv"    // the dated list of communes, where somebody has put one
)

// firstConfig is how a station is served that nobody has configured yet.
func (r *running) firstConfig() (stationConfig, error) {
	c := config{Station: &stationConfig{Key: r.key, Listen: defaultPage, LAN: defaultLAN, LANHelp: defaultLANHelp}}
	return *c.Station, c.environment(os.Getenv)
}

// setup serves the pages of the first start until the station is made and its
// first page is asked for, and returns the open doors. Nothing is lost when it
// is interrupted: it goes on where it was.
func (r *running) setup(ctx context.Context) (*doors, error) {
	for _, dir := range []string{r.dir, filepath.Dir(r.key)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	c, err := r.firstConfig()
	if err != nil {
		return nil, err
	}
	d, err := openDoors(c, r.dir, "tramxa", r.log, r.out)
	if err != nil {
		return nil, err
	}
	r.pc.started(clock.New(clock.Options{}).Floor())
	f := &founding{running: r, doors: d, opened: make(chan struct{})}
	if err := f.serve(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (f *founding) serve(ctx context.Context) error {
	code, err := setupCode()
	if err != nil {
		return err
	}
	o, err := f.options(code)
	if err != nil {
		return err
	}
	h, err := localui.NewSetup(o)
	if err != nil {
		return err
	}
	f.doors.show(h)
	again := make(chan struct{}, 1)
	stop, err := serveControl(f.dir, restartable(f.report, f.control(code), again))
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(f.out, "setup: open http://%s on this machine\nfrom another machine: %s with the code %s\n", f.doors.page, strings.Join(f.doors.addresses(), " "), code)
	f.report.Ready()
	healthy, unwell := context.WithCancel(ctx)
	defer unwell()
	go f.report.Health(healthy, []service.Probe{{Name: "page", Ask: pageAnswers(f.doors.page)}}, service.HealthOptions{Log: f.log.with("health", f.dir)})
	select {
	case <-ctx.Done():
	case <-again:
		return errRestart
	case <-f.opened:
	}
	return nil
}

// screen is what a console beside the machine shows.
type screen struct {
	Stage     string   `json:"stage"` // setup, running
	Code      string   `json:"code,omitempty"`
	Addresses []string `json:"addresses"`
	Mark      string   `json:"fingerprint,omitempty"`
	Place     string   `json:"place,omitempty"`
}

func (f *founding) control(code string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/screen", func(w http.ResponseWriter, _ *http.Request) {
		_ = writeJSON(w, screen{Stage: "setup", Code: code, Addresses: f.doors.addresses(), Mark: f.doors.fingerprint()})
	})
	return mux
}

func (f *founding) options(code string) (localui.SetupOptions, error) {
	s, err := f.seed()
	if err != nil {
		return localui.SetupOptions{}, err
	}
	units, err := f.units()
	if err != nil {
		return localui.SetupOptions{}, err
	}
	state := f.base.Setup()
	return localui.SetupOptions{
		Load:     func() ([]byte, error) { return readIfThere(state, 64<<10) },
		Save:     func(b []byte) error { return journal.WriteFileAtomic(journal.OS, state, b, 0o600) },
		Finish:   f.finish,
		Recovery: f.recovery,
		Prefill:  prefillOf(s), Units: units, Clock: clock.New(clock.Options{}).Now, SetClock: clockSetter(f.base),
		Machine: func() []localui.Section { return f.pc.sections(context.Background()) }, DiskTest: f.pc.diskTest,
		CheckPin: func(pin string) error { _, err := identity.ParsePin(pin); return err },
		Backups:  f.oldOnes, Restore: f.bringBack,
		Take: f.take, Sticks: f.sticks, TakeFrom: f.takeFrom,
		Addresses: f.doors.addresses, Fingerprint: f.doors.fingerprint,
		Opened:    sync.OnceFunc(func() { close(f.opened) }),
		SetupCode: code, Version: readVersion().Version, Log: f.log.with("setup", f.dir),
	}, nil
}

// readIfThere reads a small file; none is nil.
func readIfThere(name string, most int64) ([]byte, error) {
	b, err := journal.ReadFile(journal.OS, name, most)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// seed reads what stick or image say. One that is not understood is told to the
// log and does not stop the setup: everything can be typed.
func (f *founding) seed() (seed.Seed, error) {
	b, err := readIfThere(f.base.Seed(), seed.MaxSize)
	if err != nil || b == nil {
		return seed.Seed{}, err
	}
	s, err := seed.Parse(b)
	if err != nil {
		f.log.Warn("the seed is left aside", "error", err)
		return seed.Seed{}, nil
	}
	return s, nil
}

func prefillOf(s seed.Seed) localui.SetupPrefill {
	return localui.SetupPrefill{Language: s.Language, Station: s.Station, Mint: s.Mint, Unit: s.Unit, Place: s.Name, Hub: s.Hub, HubPin: s.HubPin}
}

// units reads the list of communes, where somebody has put one.
func (f *founding) units() (*codelist.Units, error) {
	file, err := os.Open(filepath.Join(string(f.base), unitsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	u, bad, err := codelist.ReadUnits(file)
	if err != nil || len(bad) > 0 {
		f.log.Warn("the list of communes is left aside", "error", err, "bad_lines", len(bad))
		return nil, nil
	}
	return u, nil
}

// secret is what a station's keys and its recovery code will be made from. It
// lies where the keys will lie, so that the sheet can be printed before the
// station is made, and goes when that is done.
type secret struct {
	Version int      `json:"version"`
	Code    string   `json:"code"`
	Seed    [32]byte `json:"seed"`
}

func (f *founding) secret() (secret, error) {
	if s, err := readFounding(f.secretFile()); s != nil || err != nil {
		return *cmp.Or(s, &secret{}), err
	}
	code, err := backups.NewRecoveryCode(rand.Reader)
	if err != nil {
		return secret{}, err
	}
	s := secret{Version: 1, Code: code.Reveal()}
	if _, err := rand.Read(s.Seed[:]); err != nil {
		return s, err
	}
	b, err := store.Seal(s)
	if err != nil {
		return s, err
	}
	return s, journal.WriteFileAtomic(journal.OS, f.secretFile(), b, 0o600)
}

// readFounding reads a setup's secret; nil: there is none, or none that is whole.
func readFounding(name string) (*secret, error) {
	b, err := readIfThere(name, 4<<10)
	if err != nil || b == nil {
		return nil, err
	}
	var s secret
	if store.Unseal(b, &s) != nil || s.Version != 1 {
		return nil, nil
	}
	return &s, nil
}

// source is the randomness that the keys are made from: a ChaCha8 stream, whose
// seed nobody else has.
func (s secret) source() io.Reader { return mathrand.NewChaCha8(s.Seed) }

func (f *founding) recovery(context.Context) (localui.Recovery, error) {
	s, err := f.secret()
	if err != nil {
		return localui.Recovery{}, err
	}
	k, err := store.NewKeys(1, 1, s.source()) // the numbers do not enter the keys
	if err != nil {
		return localui.Recovery{}, err
	}
	return localui.Recovery{Code: s.Code, Fingerprint: keyMark(k)}, nil
}

// keyMark is the beginning of the hash of a station's public key, as people
// compare it.
func keyMark(k store.Keys) string {
	sum := sha256.Sum256(k.Signer.Public().(ed25519.PublicKey))
	h := strings.ToUpper(hex.EncodeToString(sum[:8]))
	return h[:4] + " " + h[4:8] + " " + h[8:12] + " " + h[12:16]
}

// take reads a file the technician has brought.
func (f *founding) take(_ context.Context, b []byte) (localui.Taken, error) {
	if s, err := seed.Parse(b); err == nil {
		return localui.Taken{What: localui.Text{Vi: "tệp của tỉnh", En: "the province's file"}, Prefill: prefillOf(s)}, nil
	}
	if k, err := store.ParseKeys(b); err == nil {
		if err := journal.WriteFileAtomic(journal.OS, f.takenKey(), b, 0o600); err != nil {
			return localui.Taken{}, err
		}
		return localui.Taken{What: localui.Text{Vi: "tệp khóa của trạm", En: "the station's key file"}, KeyFile: true,
			Prefill: localui.SetupPrefill{Station: uint32(k.Station)}}, nil
	}
	return localui.Taken{}, localui.Refusal{Text: localui.Text{
		Vi: "Không phải tệp của tỉnh (seed.toml) hay tệp khóa của trạm. Xem lại trên USB, hoặc gõ tay.",
		En: "This is neither the province's file (seed.toml) nor a station's key file. Look on the stick again, or type the values."}}
}

// sticks lists files of these kinds at the top of sticks that are plugged in.
func (f *founding) sticks(ctx context.Context) []localui.StickFile {
	var list []localui.StickFile
	sticks, err := machine.Removable(ctx)
	if err != nil {
		f.log.Warn("sticks cannot be looked for", "error", err)
	}
	for _, v := range sticks {
		for _, pattern := range []string{"*.toml", "*.key", filepath.Join("tramxa", "*.toml"), filepath.Join("tramxa", "*.key")} {
			names, err := filepath.Glob(filepath.Join(v.Dir, pattern))
			if err != nil {
				continue
			}
			for _, name := range names {
				rel, _ := filepath.Rel(v.Dir, name)
				label := rel + " (" + v.Label + ")"
				list = append(list, localui.StickFile{ID: name, Label: localui.Text{Vi: label, En: label}})
			}
		}
	}
	return list
}

// takeFrom reads one of the files that sticks lists, and no other.
func (f *founding) takeFrom(ctx context.Context, id string) (localui.Taken, error) {
	for _, s := range f.sticks(ctx) {
		if s.ID != id {
			continue
		}
		b, err := readIfThere(id, seed.MaxSize)
		if err == nil && b != nil {
			return f.take(ctx, b)
		}
	}
	return localui.Taken{}, localui.Refusal{Text: localui.Text{Vi: "Không đọc được tệp đó nữa. Cắm lại USB và thử lần nữa.", En: "That file cannot be read any more. Plug the stick in again and try once more."}}
}
