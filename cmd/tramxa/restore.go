package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
	"tramxa/localui"
	"tramxa/replication/identity"
)

func restoreVerb() verb {
	return verb{name: "restore", args: "FROM --dir D (--key FILE|--code) [--copy N] [--set-aside] [--from-hub [--hub HOST:PORT,… --hub-pin PIN]] [--json]",
		about: "make a station in a new directory from a backup, or from what the province holds", run: runRestore}
}

// restoring is what the verb was asked for.
type restoring struct {
	from    string
	dir     string
	shown   string // dir as it was typed
	copy    int
	fromHub bool
	hub     string
	pin     string
	aside   bool
	keys    keysWanted
}

func runRestore(ctx context.Context, args []string, std stdio) error {
	f := newFlags("restore", std)
	dir := dirFlag(f, "station to be made")
	r := restoring{keys: keysWanted{in: std.in}}
	f.StringVar(&r.keys.file, "key", "", "the station's key file; with --code: where it is to be made")
	f.BoolVar(&r.keys.code, "code", false, "the recovery code opens the keys that lie with the copy; it is read from the standard input")
	f.IntVar(&r.copy, "copy", 0, "number of the copy; 0: the newest")
	f.BoolVar(&r.aside, "set-aside", false, "rename the station that is in --dir; nothing is deleted")
	f.BoolVar(&r.fromHub, "from-hub", false, "take the records from the province; FROM is a copy, or the station's registration.json")
	f.StringVar(&r.hub, "hub", "", "with --from-hub: servers of the province; empty: as the copy says")
	f.StringVar(&r.pin, "hub-pin", "", "with --from-hub: public key of the hub; empty: as the copy says")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	r.from, r.dir, r.shown = words[0], *dir, *dir
	if r.keys.file == "" && !r.keys.code {
		return usagef("--key names the station's key file, or --code takes the code from the recovery sheet")
	}
	s, files, err := r.run(ctx, std)
	if err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(std.out, map[string]any{"files": files, "sequence": s.Seq, "rows": s.State.Rows, "state": fmt.Sprintf("%x", s.State.Hash[:]),
			"compared": s.Agrees, "differs": s.Differs != nil, "taken": s.Taken, "aside": s.Aside, "key": r.keys.file})
	}
	for _, a := range s.Aside {
		fmt.Fprintf(std.out, "set aside: %s\n", a)
	}
	if r.fromHub {
		fmt.Fprintf(std.out, "taken from the province: %d records into %s\n", s.Taken, r.shown)
	} else {
		fmt.Fprintf(std.out, "restored %d files into %s\n", files, r.shown)
	}
	fmt.Fprintf(std.out, "%d records, %d rows, state %x%s\n", s.Seq, s.State.Rows, s.State.Hash[:8], compared(s.Agrees))
	if s.Differs != nil {
		fmt.Fprintf(std.out, "%s\n%s\n", differsText.Vi, differsText.En)
	}
	_, err = fmt.Fprintf(std.out, "hint: give passwords with 'tramxa station user reset LOGIN --dir %s'\n", r.shown)
	return err
}

func (r *restoring) run(ctx context.Context, std stdio) (s rescue.Settled, files int, err error) {
	src, err := r.source()
	if err != nil {
		return s, 0, err
	}
	keys, err := r.keys.open(src.found)
	if err != nil {
		return s, 0, err
	}
	if r.dir, err = filepath.Abs(r.dir); err != nil {
		return s, 0, err
	}
	if r.keys.file == "" {
		r.keys.file = r.dir + ".key"
	}
	if r.keys.file, err = filepath.Abs(r.keys.file); err != nil {
		return s, 0, err
	}
	c := configFrom(src.info, r.keys.file)
	t := rescue.Target{Dir: r.dir, KeyFile: r.keys.file, SetAside: r.aside, Progress: showStore(&progressPrinter{w: std.err})}
	if r.fromHub {
		s, err = r.takeFromHub(ctx, src, c, keys, t, std)
		return s, 0, explainMending(err)
	}
	t.Finish = furnisher(c, keys, nil)
	s, err = rescue.Restore(ctx, src.found, keys, t)
	return s, len(src.found.Backup.Manifest.Files), explainCopy(err, src.found.Backup)
}

// restoreSource is what FROM says of a station.
type restoreSource struct {
	found rescue.Found // a copy; zero when there is a registration only
	info  backups.Info // zero when none lies with the copy
	g     journal.Genesis
}

func (r *restoring) source() (restoreSource, error) {
	if b, err := readIfThere(r.from, maxRegistration); r.fromHub && err == nil && b != nil {
		reg, err := identity.ParseRegistration(b)
		if err != nil {
			return restoreSource{}, err
		}
		g, err := journal.ParseGenesis(reg.Genesis)
		return restoreSource{g: g}, err
	}
	found, err := findCopy(r.from, r.copy)
	if err != nil {
		return restoreSource{}, err
	}
	src := restoreSource{found: found, g: found.Genesis}
	if src.info, err = found.Backup.Info(); err != nil && !errors.Is(err, os.ErrNotExist) {
		src.info = backups.Info{} // everything in it can be typed again
	}
	return src, nil
}

// maxRegistration bounds a registration file in bytes.
const maxRegistration = 64 << 10

// takeFromHub makes the station from the province's records. The number of the
// installation is a new one, so the province decides whether this copy may speak.
func (r *restoring) takeFromHub(ctx context.Context, src restoreSource, c stationConfig, keys store.Keys, t rescue.Target, std stdio) (rescue.Settled, error) {
	if r.hub != "" {
		c.Hub = strings.Split(r.hub, ",")
	}
	if r.pin != "" {
		c.HubPin = r.pin
	}
	if len(c.Hub) == 0 {
		return rescue.Settled{}, usagef("--hub and --hub-pin say where the province is; the copy does not")
	}
	id, err := keptInstall(t.Dir + ".install")
	if err != nil {
		return rescue.Settled{}, err
	}
	hub, err := hubRecords(c, keys, id, newLogger(std.err, 0).with("fetch", t.Dir))
	if err != nil {
		return rescue.Settled{}, err
	}
	t.Finish = furnisher(c, keys, id)
	s, err := rescue.FromHub(ctx, src.g, keys, hub, t)
	if err == nil {
		err = os.Remove(t.Dir + ".install")
	}
	return s, err
}

// keptInstall is the number of an installation that is not there yet: the province
// may have to let it in by hand, so the next attempt comes with the same.
func keptInstall(name string) ([]byte, error) {
	b, err := readIfThere(name, 16)
	if err != nil || len(b) == 16 {
		return b, err
	}
	b = make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	return b, journal.WriteFileAtomic(journal.OS, name, b, 0o600)
}

// configFrom is the configuration of a restored station: pages on this machine,
// and what the copy's particulars say.
func configFrom(info backups.Info, key string) stationConfig {
	return stationConfig{Key: key, Listen: defaultPage, Name: info.Name, Hub: info.Hub, HubPin: info.HubPin, Metered: info.Metered}
}

// furnisher writes what belongs to a directory and not to the book. install nil:
// a new number.
func furnisher(c stationConfig, keys store.Keys, install []byte) func(dir string) error {
	return func(dir string) error {
		g, err := store.Genesis(journal.OS, dir, keys.Epoch)
		if err != nil {
			return err
		}
		if _, err := furnish(dir, c, g, keys); err != nil || install == nil {
			return err
		}
		return journal.WriteFileAtomic(journal.OS, filepath.Join(dir, installFile), install, 0o600)
	}
}

// compared is what is added to a state that was compared with the one stated.
func compared(agrees bool) string {
	if agrees {
		return ", the register the station had"
	}
	return ""
}

// differsText is the warning when the register made from a copy's journal is not
// the one the copy states.
var differsText = localui.Text{
	Vi: "CHÚ Ý: nhật ký nguyên vẹn và trạm đã được khôi phục theo nhật ký, nhưng sổ dựng từ nhật ký khác với sổ mà bản sao ghi. Hãy báo tỉnh và giữ bản sao này.",
	En: "ATTENTION: the journal is whole and the station is restored as the journal has it, but the register made from it is not the one the copy states. Tell the province and keep this copy."}

// findCopy finds the copy with this number in a place, or the newest; or the
// backup that the folder is. Beside copies of a newer program an older one must be
// named: the newest that can be read here is not the newest there is.
func findCopy(from string, number int) (rescue.Found, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return rescue.Found{}, err
	}
	list, err := backups.Look(nil, from)
	if serr := oneStation(from); serr != nil {
		return rescue.Found{}, serr
	}
	newer := errors.Is(err, journal.ErrNewer)
	switch {
	case newer && len(list) > 0 && number == 0:
		last := list[len(list)-1]
		return rescue.Found{}, withHint(err, fmt.Sprintf("use that version; --copy %d takes the newest that this one reads, up to record %d", last.Number, last.Manifest.Seq))
	case err != nil && !(newer && len(list) > 0):
		return rescue.Found{}, explainNewer(err)
	case len(list) == 0: // the error says what is missing
		c, err := backups.OpenFolder(nil, from)
		return rescue.Found{What: rescue.Backup, Path: from, Backup: c}, explainNewer(err)
	}
	for _, c := range slices.Backward(list) { // the newest last
		if number == 0 || c.Number == number {
			return rescue.FoundCopy(c), nil
		}
	}
	if err != nil {
		return rescue.Found{}, explainNewer(err)
	}
	return rescue.Found{}, fmt.Errorf("there is no copy %d in %s; there are %d to %d", number, from, list[0].Number, list[len(list)-1].Number)
}

// oneStation refuses a place with copies of more than one station, also when only a
// newer program can read those of one.
func oneStation(place string) error {
	entries, err := os.ReadDir(place)
	if err != nil {
		return nil // what follows says it
	}
	var folders []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "station-") {
			continue
		}
		if list, _, err := backups.Copies(nil, filepath.Join(place, e.Name())); len(list) > 0 || errors.Is(err, journal.ErrNewer) {
			folders = append(folders, e.Name())
		}
	}
	if len(folders) < 2 {
		return nil
	}
	return withHint(fmt.Errorf("%s holds copies of more than one station", place), "name the folder of one: "+strings.Join(folders, ", "))
}

// keysWanted says how the keys of a copy come.
type keysWanted struct {
	file string
	code bool   // typed on in
	dir  string // of a station here whose keys may fit; "": none
	in   io.Reader
}

// open gives the keys, which fit the copy.
func (k keysWanted) open(f rescue.Found) (store.Keys, error) {
	switch {
	case k.code:
		s := bufio.NewScanner(io.LimitReader(k.in, 4<<10))
		if !s.Scan() {
			return store.Keys{}, usagef("the recovery code is read from the standard input")
		}
		return openWithCode(f, s.Text())
	case k.file == "":
		c, err := stationPart(k.dir)
		if err != nil {
			return store.Keys{}, withHint(err, "give --key FILE, or --code and the code from the recovery sheet")
		}
		k.file = c.Key
	}
	return store.ReadKeys(journal.OS, k.file)
}

// openWithCode opens the sealed keys that lie with a copy or a station.
func openWithCode(f rescue.Found, typed string) (store.Keys, error) {
	code, err := backups.ParseRecoveryCode(typed)
	if err != nil {
		return store.Keys{}, err
	}
	var b []byte
	if f.Sealed != "" {
		b, err = journal.ReadFile(journal.OS, f.Sealed, backups.SealedSize)
	} else if b, err = nil, os.ErrNotExist; f.Backup.Folder != "" {
		b, err = f.Backup.Sealed()
	}
	if err != nil {
		return store.Keys{}, withHint(fmt.Errorf("the sealed keys: %w", err), "without "+backups.SealedName+" the code opens nothing; give the key file")
	}
	keys, err := backups.OpenKeys(b, code)
	if err != nil {
		return store.Keys{}, err
	}
	if len(f.Genesis.Key) > 0 && !f.Genesis.Key.Equal(keys.Signer.Public()) {
		return store.Keys{}, journal.ErrWrongKey
	}
	return keys, nil
}
