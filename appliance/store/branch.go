package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"tramxa/appliance/journal"
)

// Branch is what was written on a copy of the past before it rejoined: records
// whose sequences the hub holds with other content. They are in no register any
// more. Ids minted in them may name other persons now, so they are for people to
// read and write again, not for a machine.
type Branch struct {
	Lane   journal.Lane
	From   journal.Seq // its first record
	Made   string      // when it was put aside, by the station's clock, 20060102T150405, UTC
	Folder string      // the whole journal it ends, in the station's directory
}

// Branches lists the branches a station keeps, oldest name first. The station may
// be open.
func Branches(o Options) ([]Branch, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	keys, err := ReadKeys(o.FS, o.KeyFile)
	if err != nil {
		return nil, err
	}
	above := filepath.Dir(laneDir(o.Dir, keys.Epoch, journal.LaneRegister))
	names, err := o.FS.ReadDir(above)
	if err != nil {
		return nil, err
	}
	var found []Branch
	for _, name := range names {
		if b, ok := parseBranch(name); ok {
			b.Folder = filepath.Join(above, name)
			found = append(found, b)
		}
	}
	return found, nil
}

func parseBranch(name string) (b Branch, ok bool) {
	lane, rest, is := strings.Cut(name, branchExt)
	first, made, both := strings.Cut(rest, "-")
	from, err := strconv.ParseUint(first, 10, 63)
	for _, l := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		if filepath.Base(laneDir("", 1, l)) == lane {
			return Branch{Lane: l, From: journal.Seq(from), Made: made}, is && both && err == nil && from > 0
		}
	}
	return b, false
}

// ReadBranch calls fn for the records of a branch, in order, after verifying the
// whole journal they end. A record is valid only until fn returns.
func ReadBranch(ctx context.Context, o Options, b Branch, fn func(journal.Record) error) error {
	o, err := o.defaults()
	if err != nil {
		return err
	}
	keys, err := ReadKeys(o.FS, o.KeyFile)
	if err != nil {
		return err
	}
	jo := journal.Options{FS: o.FS, Dir: b.Folder, Lane: b.Lane, Key: keys.Data, Secret: keys.Secret, Log: o.Log}
	if _, err := journal.Verify(ctx, jo, nil); err != nil {
		return fmt.Errorf("branch of record %d: %w", b.From, err)
	}
	if jo.Genesis, err = journal.ReadGenesis(o.FS, b.Folder); err != nil {
		return err
	}
	return journal.Salvage(ctx, jo, func(r journal.Record) error {
		if r.Seq < b.From {
			return nil
		}
		return fn(r)
	}, func(journal.Seq, journal.Hash) error { return nil })
}
