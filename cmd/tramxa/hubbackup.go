package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"tramxa/appliance/backups"
	"tramxa/replication/hubcopy"
	"tramxa/replication/identity"
)

func hubBackupVerb() verb {
	return verb{name: "backup", args: "--to PLACE|verify FROM|code --dir D [--ca FILE] [--copy N] [--key FILE|--code] [--json]",
		about: "copy the whole hub into a folder on another disk, sealed, and prove the copy by restoring it; verify: prove a copy again; code: make the recovery code that opens the copies and show it once", run: runHubBackup}
}

func runHubBackup(ctx context.Context, args []string, std stdio) error {
	f := newFlags("hub backup", std)
	dir := dirFlag(f, "hub node")
	to := f.String("to", "", "folder on another disk")
	ca := f.String("ca", "", "with code: file with the hub's authority, to be in the copies, sealed; without it, keep it safe by other means")
	want := hubKeyFlags(f, std)
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	want.dir = *dir
	switch {
	case len(words) == 2 && words[0] == "verify" && *to == "" && *ca == "":
		return verifyHubCopy(ctx, words[1], *want, *asJSON, std)
	case len(words) == 1 && words[0] == "code" && *to == "":
		return newHubCode(*dir, *ca, *asJSON, std)
	case len(words) == 0 && *to != "" && *ca == "":
		return hubBackupTo(ctx, *to, *dir, *asJSON, std)
	}
	return usagef("hub backup takes --to PLACE, 'verify FROM', or 'code'")
}

func hubBackupTo(ctx context.Context, to, dir string, asJSON bool, std stdio) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	return withControl(ctx, dir, stoppedHub(dir, newLogger(std.err, 0)), func(c *control) error {
		var b bytes.Buffer
		if err := c.call(ctx, http.MethodPost, "/v1/backup", url.Values{"to": {to}}, nil, &b); err != nil {
			return err
		}
		if asJSON {
			_, err := b.WriteTo(std.out)
			return err
		}
		var a hubCopyAnswer
		if err := json.Unmarshal(b.Bytes(), &a); err != nil {
			return err
		}
		_, err := fmt.Fprintf(std.out, "copied and restored to prove it: %s\n", a.File)
		return errors.Join(err, sayHubCopy(std.out, a))
	})
}

// sayHubCopy prints what a copy holds.
func sayHubCopy(w io.Writer, a hubCopyAnswer) error {
	_, err := fmt.Fprintf(w, "copy %d of %s: %d stations, %d records, command %d, state %.16s, %d kB\n", a.Number, shortTime(a.Made.Local()), a.Stations, a.Records, a.Index, a.State, (a.Bytes+1023)>>10)
	if a.SameDisk && err == nil {
		_, err = fmt.Fprintln(w, "hint: it lies on the disk of the hub's own data and is lost with them: copy it to another one")
	}
	if a.CutOff && err == nil {
		_, err = fmt.Fprintln(w, "hint: this node was cut off from the others or not running: the copy is as new as this node was; stations send again what is newer")
	}
	return err
}

// newHubCode makes the key of a node's copies. The code before goes on opening
// the copies made until now, and no later ones. The code is shown before the key
// is kept: copies that open with a code nobody has seen are worth nothing.
func newHubCode(dir, caFile string, asJSON bool, std stdio) error {
	if _, err := hubPart(dir); err != nil {
		return err
	}
	var ca ed25519.PrivateKey
	var err error
	if caFile != "" { // which perhaps only root may read
		if ca, err = identity.LoadKey(caFile); err != nil {
			return fmt.Errorf("authority of the hub: %w", err)
		}
	}
	if err := becomeOwner(dir); err != nil {
		return err
	}
	node, err := identity.LoadNode(dir)
	if err != nil {
		return fmt.Errorf("certificate of the node: %w", err)
	}
	code, err := backups.NewRecoveryCode(rand.Reader)
	if err != nil {
		return err
	}
	k, err := hubcopy.NewKeys(node.Pin, code, ca, rand.Reader)
	if err != nil {
		return err
	}
	if err := showHubCode(code, ca != nil, asJSON, std.out); err != nil {
		return withHint(fmt.Errorf("show the recovery code: %w", err), "nothing was changed: the code before goes on opening the copies")
	}
	if err := k.Save(dir); err != nil {
		return withHint(fmt.Errorf("keep the key of the copies: %w", err), "the code just shown opens nothing: strike it out; the code before goes on opening the copies")
	}
	return nil
}

func showHubCode(code backups.RecoveryCode, authority, asJSON bool, out io.Writer) error {
	if asJSON {
		return writeJSON(out, map[string]any{"recovery_code": code.Reveal(), "authority": authority})
	}
	_, err := fmt.Fprintf(out, "recovery code: %s\nhint: write it on paper and lock it away; it is shown this once and kept nowhere. Make a copy now, so that the new code opens one\n", code.Reveal())
	if !authority && err == nil {
		_, err = fmt.Fprintln(out, "hint: the hub's authority is not in the copies: without its file no new server is one that the stations know; --ca FILE puts it in, sealed")
	}
	return err
}

// hubKeysWanted says how the key of a copy comes.
type hubKeysWanted struct {
	number int
	file   string
	code   bool   // typed on in
	dir    string // of a node here whose key may fit; "": none
	in     io.Reader
}

func hubKeyFlags(f *flags, std stdio) *hubKeysWanted {
	k := &hubKeysWanted{in: std.in}
	f.IntVar(&k.number, "copy", 0, "number of the copy; 0: the newest")
	f.StringVar(&k.file, "key", "", "the file "+hubcopy.KeyName+" of the node that made the copy")
	f.BoolVar(&k.code, "code", false, "the recovery code opens the copy; it is read from the standard input")
	return k
}

// open opens the copy at from.
func (k hubKeysWanted) open(from string) (*hubcopy.Copy, error) {
	if k.number < 0 {
		return nil, usagef("--copy is the number of a copy")
	}
	path, err := hubcopy.Find(from, uint64(k.number))
	if err != nil {
		return nil, err
	}
	if k.code {
		s := bufio.NewScanner(io.LimitReader(k.in, 4<<10))
		if !s.Scan() {
			return nil, usagef("the recovery code is read from the standard input")
		}
		code, err := backups.ParseRecoveryCode(s.Text())
		if err != nil {
			return nil, err
		}
		return hubcopy.OpenWithCode(path, code)
	}
	if k.file == "" {
		k.file = filepath.Join(k.dir, hubcopy.KeyName)
	}
	keys, err := hubcopy.LoadKeys(k.file)
	if err != nil {
		return nil, withHint(fmt.Errorf("key of the copy: %w", err), "give --key FILE, or --code and the recovery code")
	}
	return hubcopy.Open(path, keys)
}

func verifyHubCopy(ctx context.Context, from string, want hubKeysWanted, asJSON bool, std stdio) error {
	c, err := want.open(from)
	if err != nil {
		return explainHubCopy(err)
	}
	work, done, err := verifyFolder(os.TempDir(), time.Now())
	if err != nil {
		return err
	}
	defer done()
	if err := c.Prove(ctx, work, newLogger(std.err, 0).with("proof", from)); err != nil {
		return explainHubCopy(err)
	}
	a := answerOf(c)
	a.Proven = true
	if asJSON {
		return writeJSON(std.out, a)
	}
	_, err = fmt.Fprintf(std.out, "restored and compared, it is the state the hub had: %s\n", a.File)
	return errors.Join(err, sayHubCopy(std.out, a))
}

func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }
