package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

func backupVerb() verb {
	return verb{name: "backup", args: "TO|verify FROM|code --dir D [--key FILE|--code] [--json]",
		about: "copy the station to another place and prove the copy by reading it back; verify: prove a copy by restoring it into a temporary place; code: make a new recovery code for the station's keys and show it once", run: runBackup}
}

func runBackup(ctx context.Context, args []string, std stdio) error {
	f := newFlags("backup", std)
	dir := dirFlag(f, "station")
	key := f.String("key", "", "with verify: the station's key file; empty: that of --dir")
	code := f.Bool("code", false, "with verify: the recovery code opens the keys that lie with the copy; it is read from the standard input")
	number := f.Int("copy", 0, "with verify: number of the copy; 0: the newest")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	switch {
	case len(words) == 2 && words[0] == "verify":
		return runProve(ctx, words[1], *number, keysWanted{file: *key, code: *code, dir: *dir, in: std.in}, *asJSON, std)
	case len(words) != 1:
		return usagef("backup takes the folder TO, 'verify FROM', or 'code'")
	case words[0] == "code":
		return runNewCode(*dir, *asJSON, std)
	case *key != "" || *code || *number != 0:
		return usagef("--key, --code and --copy belong to 'backup verify'")
	}
	return backupTo(ctx, words[0], *dir, *asJSON, std)
}

func backupTo(ctx context.Context, to, dir string, asJSON bool, std stdio) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	return stationVerbControl(ctx, dir, std, func(c *control) error {
		if asJSON {
			return c.call(ctx, http.MethodPost, "/v1/backup", url.Values{"to": {to}}, nil, std.out)
		}
		var b bytes.Buffer
		if err := c.call(ctx, http.MethodPost, "/v1/backup", url.Values{"to": {to}}, nil, &b); err != nil {
			return err
		}
		var m backupAnswer
		if err := json.Unmarshal(b.Bytes(), &m); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "copied and read back: %d files, up to record %d\n", m.Files, m.Sequence)
		if m.Sealed {
			_, err = fmt.Fprintln(std.out, "hint: the recovery code on the sheet opens it; without the code or the key file it cannot be read")
		} else {
			_, err = fmt.Fprintf(std.out, "hint: the key file %s is not in it; keep a copy of that elsewhere, without it the backup cannot be read\n", m.Key)
		}
		return err
	})
}

// backupAnswer is what a backup says.
type backupAnswer struct {
	Files    int    `json:"files"`
	Sequence uint64 `json:"sequence"`
	Key      string `json:"key"`              // where the key file lies, which is not in the backup
	Sealed   bool   `json:"sealed,omitempty"` // the keys are in it, sealed with the recovery code
}

func (n *stationNode) handleBackup(w http.ResponseWriter, r *http.Request) error {
	to := r.URL.Query().Get("to")
	if !filepath.IsAbs(to) {
		return usagef("a backup wants the whole path of where it goes")
	}
	m, err := n.Store().Backup(r.Context(), to)
	if err != nil {
		return err
	}
	sealed, err := n.besideBackup(to)
	if err != nil {
		return err
	}
	return writeJSON(w, backupAnswer{Files: len(m.Files), Sequence: uint64(m.Seq), Key: n.config.Key, Sealed: sealed})
}

// besideBackup puts into a backup's folder what a restore needs beside the book:
// particulars, and the sealed keys when there are any.
func (n *stationNode) besideBackup(to string) (sealed bool, err error) {
	info, g := n.backupInfo(), n.Store().Genesis()
	info.Genesis = g.Marshal()
	b, err := info.Marshal()
	if err != nil {
		return false, err
	}
	if err := journal.WriteFileAtomic(journal.OS, filepath.Join(to, backups.InfoName), b, 0o600); err != nil {
		return false, err
	}
	b, err = readIfThere(filepath.Join(n.dir, backups.SealedName), backups.SealedSize)
	if err != nil || b == nil {
		return false, err
	}
	if _, err := backups.ReadSealed(b); err != nil {
		return false, err
	}
	return true, journal.WriteFileAtomic(journal.OS, filepath.Join(to, backups.SealedName), b, 0o600)
}

// runNewCode seals the station's keys under a new recovery code. The code before
// goes on opening the copies made until now, and no later ones.
func runNewCode(dir string, asJSON bool, std stdio) error {
	c, err := stationPart(dir)
	if err != nil {
		return err
	}
	keys, err := store.ReadKeys(journal.OS, c.Key)
	if err != nil {
		return err
	}
	code, err := backups.NewRecoveryCode(rand.Reader)
	if err != nil {
		return err
	}
	b, err := backups.SealKeys(keys, code, rand.Reader)
	if err != nil {
		return err
	}
	if err := journal.WriteFileAtomic(journal.OS, filepath.Join(dir, backups.SealedName), b, 0o600); err != nil {
		return err
	}
	if asJSON {
		return writeJSON(std.out, map[string]string{"recovery_code": code.Reveal()})
	}
	_, err = fmt.Fprintf(std.out, "recovery code: %s\nhint: write it on paper and lock it away; it is shown this once and kept nowhere. Make a copy now, so that the new code opens one\n", code.Reveal())
	return err
}

// runProve proves a copy by restoring it.
func runProve(ctx context.Context, from string, number int, want keysWanted, asJSON bool, std stdio) error {
	found, err := findCopy(from, number)
	if err != nil {
		return err
	}
	keys, err := want.open(found)
	if err != nil {
		return err
	}
	work, done, err := verifyFolder(os.TempDir(), time.Now())
	if err != nil {
		return err
	}
	defer done()
	file := filepath.Join(work, "station.key")
	if err := store.PutKeys(journal.OS, file, keys); err != nil {
		return err
	}
	p, err := backups.Prove(ctx, found.Backup, backups.ProofOptions{KeyFile: file, Work: work, Progress: showStore(&progressPrinter{w: std.err})})
	if errors.Is(err, journal.ErrNewer) {
		return explainCopy(err, found.Backup)
	}
	if err != nil {
		return withHint(err, "this copy cannot be relied on; make a new one now, and try the older ones")
	}
	if asJSON {
		return writeJSON(std.out, map[string]any{"whole": true, "sequence": p.Seq, "rows": p.State.Rows, "state": hex.EncodeToString(p.State.Hash[:]),
			"compared": p.Compared, "made": found.Backup.Manifest.Made})
	}
	_, err = fmt.Fprintf(std.out, "restored and folded anew: %d records, %d rows, state %x%s\n", p.Seq, p.State.Rows, p.State.Hash[:8], compared(p.Compared))
	return err
}

// showStore turns the store's progress into lines.
func showStore(p *progressPrinter) func(store.Progress) {
	return func(s store.Progress) { p.show(s.Stage, s.Done, s.Total) }
}
