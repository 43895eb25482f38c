//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tramxa/appliance/backups"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/store"
	"tramxa/localui"
	"tramxa/service/place"
)

// raised are the places of the source at which the next version differs: it folds
// in another way, reads one version of entries more and writes it. How an entry is
// laid out stays, so what differs is what a version says of itself in the bytes.
var raised = []struct{ file, find string }{
	{"appliance/population/codec.go", `(?m)^(const Version = )(\d+)()$`},
	{"appliance/register/keys.go", `(?m)^(const FoldVersion = )(\d+)()$`},
	{"service/update/release.go", `(?m)^(var ThisFormats = Formats\{Reads: \[2\]int\{\d+, )(\d+)(\}, Writes: )`},
}

const nextVersion = "9.1.0"

// buildNext builds the version of the program that comes after this one, from this
// source with the numbers above raised by one.
func buildNext(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("skipped: the go command is not on the path, it builds the next version")
	}
	dir, root := t.TempDir(), moduleRoot(t)
	replace := map[string]string{}
	for i, r := range raised {
		name := filepath.Join(root, filepath.FromSlash(r.file))
		b, err := os.ReadFile(name)
		noError(t, err)
		re := regexp.MustCompile(r.find)
		if len(re.FindAll(b, -1)) != 1 {
			t.Fatalf("%s: no longer one place for %s", r.file, r.find)
		}
		b = re.ReplaceAllFunc(b, func(m []byte) []byte {
			p := re.FindSubmatch(m)
			n, err := strconv.Atoi(string(p[2]))
			noError(t, err)
			return fmt.Appendf(nil, "%s%d%s", p[1], n+1, p[3])
		})
		replace[name] = filepath.Join(dir, fmt.Sprintf("%d.go", i))
		noError(t, os.WriteFile(replace[name], b, 0o600))
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	noError(t, err)
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "tramxa.exe")
	noError(t, os.WriteFile(overlay, b, 0o600))
	cmd := exec.Command("go", "build", "-overlay", overlay, "-ldflags", "-X main.version="+nextVersion, "-o", program, ".")
	cmd.Env = append(os.Environ(), "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// versions is a station of this version with its copies, and the next version.
type versions struct {
	t           *testing.T
	next        string // the program
	root        string
	dir, key    string // of the station
	place, copy string // a place of nightly copies, a backup made by hand
	code        string // opens both
	login       string // of its head
	state       store.State
	report      []byte
}

// newVersionsOf makes the station, beside a program of the next version.
func newVersionsOf(t *testing.T, next string) *versions {
	t.Helper()
	root := t.TempDir()
	v := &versions{t: t, next: next, root: root, dir: filepath.Join(root, "station"), key: filepath.Join(root, "station.key"),
		place: filepath.Join(root, "stick", backups.StickFolder), copy: filepath.Join(root, "stick", "copy")}
	v.today("", "station", "init", "--dir", v.dir, "--station", "12", "--unit", "23764", "--name", "Xã Ia Grai", "--listen", "127.0.0.1:0")
	v.code = regexp.MustCompile(`[A-Z2-9]{5}(-[A-Z2-9]{5}){4}`).FindString(string(v.today("", "backup", "code", "--dir", v.dir)))
	n, err := openStation(t.Context(), v.dir, newLogger(nil, 0), nil)
	noError(t, err)
	c := populationtest.New(populationtest.Options{Seed: 5, Persons: 300, Mint: 12, Unit: 23764})
	v.login = c.Users[0].Login
	noError(t, n.settle(t.Context(), c, &progressPrinter{w: new(bytes.Buffer)}))
	for p := population.MonthPeriod(2026, 1); p < population.MonthPeriod(2026, 4); p++ {
		for _, act := range acts(c.Month(p)) {
			noError(t, n.invent(t.Context(), act...))
		}
	}
	noError(t, os.MkdirAll(v.place, 0o700))
	night, err := backups.New(backups.Options{Station: n.Store(), KeyFile: v.key, Sealed: filepath.Join(v.dir, backups.SealedName), Info: n.backupInfo,
		Targets: func() []backups.Target { return []backups.Target{{Dir: v.place, Kind: backups.Stick}} }, Home: filepath.Join(root, "home"), Now: n.Clock().Now})
	noError(t, err)
	_, err = night.Once(t.Context())
	noError(t, err)
	_, v.state, err = n.Store().State(t.Context())
	noError(t, errors.Join(err, n.Close()))
	v.today("", "backup", v.copy, "--dir", v.dir)
	v.report = v.today("", "station", "report", "--period", "2026-03", "--dir", v.dir, "--json")
	return v
}

// today runs a verb of this version, newer one of the next.
func (v *versions) today(in string, args ...string) []byte {
	v.t.Helper()
	return (&killing{t: v.t}).verb(in, args...)
}

func (v *versions) newer(in string, args ...string) []byte {
	v.t.Helper()
	cmd := exec.Command(v.next, args...)
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(in), &errs
	out, err := cmd.Output()
	if err != nil {
		v.t.Fatalf("next: tramxa %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out
}

// restored is what 'restore --json' answers.
type restored struct {
	Sequence uint64 `json:"sequence"`
	Rows     int    `json:"rows"`
	State    string `json:"state"`
	Compared bool   `json:"compared"`
}

// stateOf takes sequence, rows and state out of an answer.
func (v *versions) stateOf(answer []byte) (r restored) {
	v.t.Helper()
	noError(v.t, json.Unmarshal(answer, &r))
	return r
}

// TestCopiesGoFromVersionToVersion: what one version copied the next restores, with
// the same book, and back again as long as nothing new was written.
func TestCopiesGoFromVersionToVersion(t *testing.T) {
	t.Parallel()
	v := newVersionsOf(t, buildNext(t))
	newDir, copied := filepath.Join(v.root, "new"), filepath.Join(v.root, "stick", "by-next")

	got := v.stateOf(v.newer(v.code+"\n", "restore", v.place, "--code", "--dir", newDir, "--json"))
	if got.Rows != v.state.Rows || got.Compared || got.State == fmt.Sprintf("%x", v.state.Hash) {
		t.Errorf("the next version restored %+v of %d rows; its fold has another number, so its hash is another", got, v.state.Rows)
	}
	if report := v.newer("", "station", "report", "--period", "2026-03", "--dir", newDir, "--json"); !bytes.Equal(report, v.report) {
		t.Errorf("another report:\n%s\nit was\n%s", report, v.report)
	}
	if again := v.stateOf(v.newer("", "rescue", "rebuild", newDir, "--key", newDir+".key", "--json")); again.State != got.State {
		t.Errorf("folded anew it is %s, restored it was %s", again.State, got.State)
	}
	v.throughSetup(got.Sequence)

	v.newer("", "backup", copied, "--dir", newDir)
	for i, from := range []string{copied, v.copy, v.place} {
		dir := filepath.Join(v.root, fmt.Sprintf("back%d", i))
		back := v.stateOf(v.today(v.code+"\n", "restore", from, "--code", "--dir", dir, "--json"))
		if back.State != fmt.Sprintf("%x", v.state.Hash) || back.Compared != (from == v.place) {
			t.Errorf("%s: restored %+v, the station had %d rows, %x", from, back, v.state.Rows, v.state.Hash)
		}
	}
	v.refuses(newDir)
}

// throughSetup restores the nightly copy on the setup pages of the next version.
func (v *versions) throughSetup(records uint64) {
	v.t.Helper()
	base := place.Base(filepath.Join(v.root, "pc", "tramxa"))
	noError(v.t, os.CopyFS(base.Backups(), os.DirFS(v.place)))
	r := startReal(v.t, v.next, base)
	c := r.bringBack(v.code)
	c.waitFor("/cai-dat/xong")
	c.post("/cai-dat/mo", nil)
	c.waitFor("/bat-dau")
	r.kill()
	if report := v.newer("", "station", "report", "--period", "2026-03", "--dir", base.Station(), "--json"); !bytes.Equal(report, v.report) {
		v.t.Errorf("another report after the setup pages, %d records:\n%s", records, report)
	}
}

// refuses has the next version write one entry; now this version takes neither the
// station nor a copy of it, says what to do, and changes nothing.
func (v *versions) refuses(dir string) {
	t := v.t
	t.Helper()
	out := v.newer(`{"entry":{"kind":"area_defined","number":77,"unit":23764,"hamlet":"Làng Mới","date":"2026-03-01"}}`, "station", "record", "--as", v.login, "--dir", dir)
	if !bytes.Contains(out, []byte(`"recorded"`)) {
		t.Fatalf("%s", out)
	}
	copied := filepath.Join(v.root, "stick", "later")
	v.newer("", "backup", copied, "--dir", dir)
	before := filesBelow(t, v.root)
	elsewhere, key := filepath.Join(v.root, "pc2", "station"), filepath.Join(v.root, "pc2", "station.key")
	for _, words := range [][]string{
		{"restore", copied, "--code", "--dir", elsewhere},
		{"backup", "verify", copied, "--code", "--dir", elsewhere},
		{"rescue", "move", dir, "--dir", elsewhere, "--key", dir + ".key", "--key-to", key},
		{"station", "status", "--dir", dir},
		{"rescue", "rebuild", dir, "--key", dir + ".key"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), words, stdio{in: strings.NewReader(v.code + "\n"), out: &out, err: &errs})
		if said := errs.String(); code != exitFailed || !strings.Contains(said, "written by a newer version") || !strings.Contains(said, "nothing was changed") {
			t.Errorf("tramxa %s: exit code %d\n%s", strings.Join(words, " "), code, said)
		} else if words[0] != "rescue" && words[0] != "station" && !strings.Contains(said, nextVersion) {
			t.Errorf("tramxa %s does not name the version:\n%s", strings.Join(words, " "), said)
		}
	}
	after := filesBelow(t, v.root)
	for name, was := range before {
		if now := after[name]; now != was {
			t.Errorf("%s: it is %q, it was %q", name, now, was)
		}
	}
	// What 'rescue move' has read off a disk, perhaps its last reading, is kept.
	kept := 0
	for name := range after {
		if _, was := before[name]; !was && strings.HasPrefix(name, elsewhere+".kept-") {
			kept++
		} else if !was {
			t.Errorf("%s was not there before", name)
		}
	}
	if kept == 0 {
		t.Error("the copy that 'rescue move' made was thrown away")
	}
	v.refusedBySetup(copied)
}

// refusedBySetup has the setup pages say it in the officer's language.
func (v *versions) refusedBySetup(copied string) {
	v.t.Helper()
	f := founder(v.t)
	noError(v.t, os.CopyFS(filepath.Join(f.base.Backups(), "later"), os.DirFS(copied)))
	old, err := f.findOld(v.t.Context())
	noError(v.t, err)
	if len(old) != 1 {
		v.t.Fatalf("%d copies are offered", len(old))
	}
	err = f.settleOld(v.t.Context(), old[0], v.code, func(localui.Text, int64, int64) {})
	var said localui.Refusal
	if !errors.As(err, &said) || !strings.Contains(said.Vi, nextVersion) {
		v.t.Errorf("the setup pages say %v", err)
	}
	if _, err := os.Stat(filepath.Join(f.dir, "journal")); !errors.Is(err, fs.ErrNotExist) {
		v.t.Errorf("a station was put in place: %v", err)
	}
}

// filesBelow is every file below dir but locks, with its size and time.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	noError(t, filepath.Walk(dir, func(name string, i fs.FileInfo, err error) error {
		if err == nil && !i.IsDir() && i.Name() != "lock" {
			files[name] = fmt.Sprintf("%d %v", i.Size(), i.ModTime())
		}
		return err
	}))
	return files
}
