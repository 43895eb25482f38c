package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/hub"
	"tramxa/replication/hubcopy"
	"tramxa/replication/identity"
)

func hubRestoreVerb() verb {
	return verb{name: "restore", args: "--from FROM --dir NEW --id n4 --peer n4=RAFT,LINK --peer … [--ca FILE] [--copy N] (--key FILE|--code) [--json]",
		about: "make a node of a new hub from a copy; every node of the new hub is made from the same copy with the same peers", run: runHubRestore}
}

// hubRestoring is what the verb was asked for.
type hubRestoring struct {
	from, dir, ca string
	config        hubConfig
	want          hubKeysWanted
	log           logger
}

func runHubRestore(_ context.Context, args []string, std stdio) error {
	f := newFlags("hub restore", std)
	r := hubRestoring{log: newLogger(std.err, 0)}
	dir := dirFlag(f, "node to be made")
	f.StringVar(&r.from, "from", "", "a copy, or the place of copies: the newest is taken")
	f.StringVar(&r.ca, "ca", "", "file with the hub's authority; when it is absent and the copy holds the authority, it is made")
	f.StringVar(&r.config.ID, "id", "n1", "name of this node")
	f.StringVar(&r.config.Page, "page", defaultHubPage, "address of the pages")
	var peers peerList
	f.Var(&peers, "peer", "a node of the new hub as ID=RAFTHOST:PORT,LINKHOST:PORT; give all of them, the same on each node")
	want := hubKeyFlags(f, std)
	asJSON := f.Bool("json", false, "answer as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	r.dir, r.want, r.config.Peers = *dir, *want, peers
	if r.from == "" {
		return usagef("--from names the copy, or the place of copies")
	}
	if r.want.file == "" && !r.want.code {
		return usagef("--code takes the recovery code from the paper, or --key names the file %s of the node that made the copy", hubcopy.KeyName)
	}
	for _, p := range peers {
		if p.ID == r.config.ID {
			r.config.Raft, r.config.Link = p.Raft, p.Link
		}
	}
	if r.config.Raft == "" {
		return usagef("this node, %s, must be among the --peer flags", r.config.ID)
	}
	a, err := r.run()
	if err != nil {
		return explainHubCopy(err)
	}
	if *asJSON {
		return writeJSON(std.out, a)
	}
	_, err = fmt.Fprintf(std.out, "hub node %s is ready in %s\npin %s\n", a.ID, r.dir, a.Pin)
	if err := errors.Join(err, sayHubCopy(std.out, a.Copy)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "hint: make every node of the new hub from this same copy, number %d, with the same --peer flags, then start them. Stations send again by themselves what is newer than the copy.\n"+
		"hint: never restore one server alone beside a server of this hub that runs: it has forgotten what it promised, and records shown as received could be lost. Stop all of them, then restore all of them.\n"+
		"hint: this node makes no copies of its own until 'tramxa hub backup code --dir %s' was run on it and backup = [\"/mnt/…\"] stands under [hub] in its %s\n"+
		"hint: to be done again by hand, as far as it is newer than %s: registrations ('hub stations add'), 'fence' and 'replace', units; and releases, which are in no copy\n", a.Copy.Number, r.dir, configFile, shortTime(a.Copy.Made.Local()))
	return err
}

// hubRestored is what the verb answers.
type hubRestored struct {
	ID      string        `json:"id"`
	Dir     string        `json:"dir"`
	Pin     string        `json:"pin"`
	Lineage string        `json:"lineage"` // the same on every node of the new hub
	State   string        `json:"state"`   // hash of the state the node begins with
	Copy    hubCopyAnswer `json:"copy"`
}

// run makes the node beside its place and renames it when it is whole: what a cut
// of power leaves is no node.
func (r hubRestoring) run() (a hubRestored, err error) {
	if r.dir, err = filepath.Abs(r.dir); err != nil {
		return a, err
	}
	tellLeftover(r.dir, "it is removed when this restore begins to write", r.log)
	if err := emptyPlace(r.dir); err != nil {
		return a, err
	}
	c, err := r.want.open(r.from)
	if err != nil {
		return a, err
	}
	ca, err := r.authority(c)
	if err != nil {
		return a, err
	}
	temp := r.dir + restoringExt
	if err := os.RemoveAll(temp); err != nil {
		return a, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(temp)
		}
	}()
	if a, err = r.build(temp, c, ca); err != nil {
		return a, err
	}
	return a, settleNode(temp, r.dir)
}

// restoringExt marks a node that is being made.
const restoringExt = ".restoring"

// tellLeftover says so when a restore into dir was cut off: what it left is the
// state of the hub, in clear.
func tellLeftover(dir, what string, log logger) {
	left := filepath.Clean(dir) + restoringExt
	if _, err := os.Stat(left); err == nil {
		log.Warn("a restore that was cut off left the state of the hub behind, in clear", "folder", left, "hint", what)
	}
}

// emptyPlace refuses a directory in which something lies.
func emptyPlace(dir string) error {
	names, err := os.ReadDir(dir)
	if err == nil && len(names) > 0 {
		return withHint(fmt.Errorf("%s is not empty", dir), "choose another --dir; a node is never restored over anything")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// authority is the one whose pin the stations know.
func (r hubRestoring) authority(c *hubcopy.Copy) (*identity.CA, error) {
	if r.ca != "" {
		ca, err := identity.LoadCA(r.ca)
		switch {
		case err == nil && ca.Pin() != c.Header.Pin:
			return nil, withHint(fmt.Errorf("%s is the authority of another hub", r.ca), "the stations know the hub by "+c.Manifest.Pin)
		case err == nil || !errors.Is(err, os.ErrNotExist):
			return ca, err
		}
	}
	if c.CA == nil {
		return nil, withHint(errors.New("the hub's authority is needed to make a server that the stations know"),
			"--ca names its file; or --code opens it out of the copy, when it was put in with 'hub backup code --ca'")
	}
	if r.ca != "" {
		if err := identity.KeepKey(r.ca, c.CA); err != nil {
			return nil, err
		}
	}
	return identity.NewCA(c.CA), nil
}

// build makes the whole node in dir.
func (r hubRestoring) build(dir string, c *hubcopy.Copy, ca *identity.CA) (a hubRestored, err error) {
	var peers []hub.Peer
	for _, p := range r.config.Peers {
		if slices.ContainsFunc(peers, func(q hub.Peer) bool { return q.ID == p.ID || q.Raft == p.Raft }) {
			return a, usagef("peer %s: ids and raft addresses must differ", p.ID)
		}
		peers = append(peers, hub.Peer{ID: p.ID, Raft: p.Raft, Link: p.Link})
	}
	restored, err := c.Restore(filepath.Join(dir, "data"), peers, r.log.with("restore", r.config.ID))
	if err != nil {
		return a, err
	}
	if _, err := ca.CreateNode(dir, r.config.ID, time.Now()); err != nil {
		return a, fmt.Errorf("certificate of the node: %w", err)
	}
	if len(c.Manifest.Accounts) > 0 {
		if err := journal.WriteFileAtomic(journal.OS, filepath.Join(dir, accountsFile), c.Manifest.Accounts, 0o600); err != nil {
			return a, err
		}
	}
	if err := writeConfig(dir, config{Hub: &r.config}); err != nil {
		return a, err
	}
	lineage := c.Lineage(peers)
	copied := answerOf(c)
	copied.Proven = true // Restore has read and compared all of it
	return hubRestored{ID: r.config.ID, Dir: r.dir, Pin: ca.Pin().String(), Lineage: hex.EncodeToString(lineage[:]), State: hex.EncodeToString(restored.Is[:]), Copy: copied}, nil
}

// settleNode gives a node that was made beside its place its name.
func settleNode(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) { // empty, else it is not removed
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return journal.OS.SyncDir(filepath.Dir(to))
}
