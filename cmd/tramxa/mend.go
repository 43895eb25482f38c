package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/store"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/spoke"
)

// What the doctor does to a station that is not running: --heal, --rejoin and
// --branch.

// mending is a closed station in the doctor's hands.
type mending struct {
	c store.Options
	s stationConfig
	l logger
}

func openMending(dir string, std stdio) (*mending, error) {
	c, err := stationPart(dir)
	if err != nil {
		return nil, err
	}
	l := newLogger(std.err, slog.LevelWarn)
	o := store.Options{Dir: dir, KeyFile: c.Key, Reserve: c.Reserve << 20, Log: l.with("station", dir), Progress: showStore(&progressPrinter{w: std.err})}
	return &mending{c: o, s: c, l: l}, nil
}

// hub is the province's archive as a source of records; nil when the station has
// no hub.
func (m *mending) hub() (store.Source, error) {
	if len(m.s.Hub) == 0 {
		return nil, nil
	}
	keys, err := store.ReadKeys(journal.OS, m.s.Key)
	if err != nil {
		return nil, err
	}
	id, err := os.ReadFile(filepath.Join(m.c.Dir, installFile))
	if err != nil {
		return nil, err
	}
	return hubRecords(m.s, keys, id, m.l.with("fetch", m.c.Dir))
}

// hubRecords is the province's archive as the installation with this number may
// read it.
func hubRecords(c stationConfig, keys store.Keys, install []byte, log *slog.Logger) (store.Source, error) {
	pin, err := identity.ParsePin(c.HubPin)
	if err != nil {
		return nil, withHint(fmt.Errorf("hub_pin in %s: %w", configFile, err), "'tramxa hub init' prints it")
	}
	now := clock.New(clock.Options{})
	tls, err := identity.ClientTLS(identity.ClientOptions{Station: keys.Station, Key: keys.Signer, Pin: pin, Metered: c.Metered,
		Clock: identity.Clock{Now: now.Now, Floor: now.Floor}})
	if err != nil {
		return nil, err
	}
	f := &spoke.Fetcher{Dialer: &link.Dialer{TLS: tls}, Addresses: c.Hub, Origin: journal.Origin{Station: keys.Station, Epoch: keys.Epoch},
		App: readVersion().Version, Metered: c.Metered, Log: log, Clock: now.Now,
		MaxBackoff: 3 * time.Second} // somebody waits
	copy(f.Install[:], install)
	if _, err := rand.Read(f.Boot[:]); err != nil {
		return nil, err
	}
	return &spoke.HubRecords{Fetcher: f, Epoch: keys.Epoch, Key: keys.Signer.Public().(ed25519.PublicKey), Secret: keys.Secret}, nil
}

// explainMending adds what to do to the errors of a hub that gives nothing.
func explainMending(err error) error {
	switch {
	case errors.Is(err, spoke.ErrFenced):
		return withHint(err, "if the other copy is off for good, 'tramxa hub stations replace STATION EPOCH' at the province lets this one take its place; then run it again")
	case errors.Is(err, spoke.ErrUnregistered), errors.Is(err, spoke.ErrRejected):
		return err
	case errors.Is(err, store.ErrLocked):
		return withHint(err, "stop the station first")
	}
	return explainNewer(err)
}

// runHeal makes damaged journals anew from a backup, the province, or both.
func runHeal(ctx context.Context, dir, from string, acceptEnd, asJSON bool, std stdio) error {
	m, err := openMending(dir, std)
	if err != nil {
		return err
	}
	o := store.HealOptions{Options: m.c, AcceptEnd: acceptEnd}
	if from != "" {
		b, err := store.OpenBackup(from, m.c)
		if err != nil {
			return err
		}
		o.Sources = append(o.Sources, b)
	}
	h, err := m.hub()
	if err != nil {
		return err
	}
	if h != nil {
		o.Sources = append(o.Sources, h)
	}
	healed, err := store.HealJournal(ctx, o)
	if err != nil {
		return explainMending(err)
	}
	if asJSON {
		return writeJSON(std.out, map[string]any{"healed": len(healed)})
	}
	if len(healed) == 0 {
		fmt.Fprintln(std.out, "no journal is damaged")
	}
	for _, l := range healed {
		fmt.Fprintf(std.out, "healed: lane %d up to record %d, %d records brought back; the damaged journal is kept in %s\n", l.Lane, l.Head, l.Fetched, l.Aside)
	}
	return nil
}

// runRejoin leads a station that was put back to an older state to the history
// the province holds.
func runRejoin(ctx context.Context, dir string, asJSON bool, std stdio) error {
	m, err := openMending(dir, std)
	if err != nil {
		return err
	}
	h, err := m.hub()
	if err != nil {
		return err
	}
	if h == nil {
		return withHint(usagef("this station has no hub"), "put hub and hub_pin into "+configFile+" of its directory")
	}
	done, err := store.Rejoin(ctx, store.RejoinOptions{Options: m.c, Hub: h})
	if err != nil {
		return explainMending(err)
	}
	var taken, branched uint64
	for _, l := range done {
		taken, branched = taken+l.Taken, branched+l.Branched
	}
	if asJSON {
		return writeJSON(std.out, map[string]any{"taken": taken, "branched": branched})
	}
	if taken == 0 {
		_, err := fmt.Fprintln(std.out, "nothing to do: the province has nothing this station has not")
		return err
	}
	fmt.Fprintf(std.out, "rejoined: %d records taken back from the province\n", taken)
	if branched > 0 {
		fmt.Fprintf(std.out, "%d records written here since are no longer in the book\nhint: 'tramxa doctor --branch --dir %s' shows them; write them again\n", branched, dir)
	}
	return nil
}

// branchLine is one record of a branch, for people: its ids may name others now.
type branchLine struct {
	Sequence journal.Seq     `json:"sequence"`
	At       string          `json:"at"` // by the station's clock, RFC 3339
	Actor    uint32          `json:"actor"`
	Entry    json.RawMessage `json:"entry,omitempty"`
	Unknown  bool            `json:"not_understood,omitempty"` // of a newer program, or no entry
}

// runBranch prints what was written on a copy of the past before it rejoined, a
// line each.
func runBranch(ctx context.Context, dir string, std stdio) error {
	m, err := openMending(dir, std)
	if err != nil {
		return err
	}
	list, err := store.Branches(m.c)
	if err != nil {
		return err
	}
	out := json.NewEncoder(std.out)
	out.SetEscapeHTML(false)
	for _, b := range list {
		if b.Lane != journal.LaneRegister {
			continue
		}
		g, err := journal.ReadGenesis(nil, b.Folder)
		if err != nil {
			return err
		}
		err = store.ReadBranch(ctx, m.c, b, func(r journal.Record) error {
			return out.Encode(lineOf(population.Mint(g.Origin.Mint), r))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func lineOf(mint population.Mint, r journal.Record) branchLine {
	l := branchLine{Sequence: r.Seq, Unknown: true}
	e, err := r.Envelope()
	if err != nil {
		return l
	}
	l.At, l.Actor = time.Unix(e.At, 0).UTC().Format(time.RFC3339), e.Actor
	entry, err := population.DecodeBody(mint, population.Kind(e.Kind), e.Version, r.Body)
	if err != nil {
		return l
	}
	if b, err := population.MarshalEntry(entry); err == nil {
		l.Entry, l.Unknown = b, false
	}
	return l
}
