package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"tramxa/appliance"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

func backupVerb() verb {
	return verb{name: "backup", args: "TO --dir D [--json]", about: "copy the station to another place and prove the copy by reading it back", run: runBackup}
}

func restoreVerb() verb {
	return verb{name: "restore", args: "FROM --dir D --key FILE [--json]", about: "make a station in a new directory from a backup", run: runRestore}
}

func runBackup(ctx context.Context, args []string, std stdio) error {
	f := newFlags("backup", std)
	dir := dirFlag(f, "station")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	to, err := filepath.Abs(words[0])
	if err != nil {
		return err
	}
	return stationVerbControl(ctx, *dir, std, func(c *control) error {
		if *asJSON {
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
		_, err := fmt.Fprintf(std.out, "copied and read back: %d files, up to record %d\nhint: the key file %s is not in it; keep a copy of that elsewhere, without it the backup cannot be read\n",
			m.Files, m.Sequence, m.Key)
		return err
	})
}

// backupAnswer is what a backup says.
type backupAnswer struct {
	Files    int    `json:"files"`
	Sequence uint64 `json:"sequence"`
	Key      string `json:"key"` // where the key file lies, which is not in the backup
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
	return writeJSON(w, backupAnswer{Files: len(m.Files), Sequence: uint64(m.Seq), Key: n.config.Key})
}

func runRestore(ctx context.Context, args []string, std stdio) error {
	f := newFlags("restore", std)
	dir := dirFlag(f, "station to be made")
	key := f.String("key", "", "the station's key file")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if *key == "" {
		return usagef("--key names the station's key file")
	}
	abs, err := filepath.Abs(*key)
	if err != nil {
		return err
	}
	show := &progressPrinter{w: std.err}
	m, err := appliance.Restore(ctx, words[0], appliance.Options{Dir: *dir, KeyFile: abs, Progress: showStore(show)})
	if err != nil {
		return err
	}
	if err := finishRestore(*dir, abs); err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(std.out, backupAnswer{Files: len(m.Files), Sequence: uint64(m.Seq), Key: abs})
	}
	_, err = fmt.Fprintf(std.out, "restored %d files into %s\nhint: give passwords with 'tramxa station user reset LOGIN --dir %s'\n", len(m.Files), *dir, *dir)
	return err
}

// showStore turns the store's progress into lines.
func showStore(p *progressPrinter) func(store.Progress) {
	return func(s store.Progress) { p.show(s.Stage, s.Done, s.Total) }
}

// finishRestore furnishes a restored directory: pages on this machine, and no
// hub until the technician says so.
func finishRestore(dir, key string) error {
	keys, err := store.ReadKeys(journal.OS, key)
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), store.Options{Dir: dir, KeyFile: key})
	if err != nil {
		return err
	}
	g := s.Genesis()
	if err := s.Close(); err != nil {
		return err
	}
	_, err = furnish(dir, stationConfig{Key: key, Listen: defaultPage}, g, keys)
	return err
}
