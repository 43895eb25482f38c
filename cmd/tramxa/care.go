package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tramxa/appliance/backups"
	"tramxa/localui"
	"tramxa/service/machine"
	"tramxa/service/place"
)

// care looks after what is around the book: the copies, the machine, the
// program.
type care struct {
	n       *stationNode
	base    place.Base // "": run by hand
	backups *backups.Nightly
	pc      *pc
	updates *updating // nil: not installed, or no launcher has run yet

	wanted chan struct{} // somebody pressed the button: make a copy now
}

func newCare(r *running, n *stationNode) (*care, error) {
	c := &care{n: n, base: r.base, pc: r.pc, wanted: make(chan struct{}, 1)}
	c.greet()
	home := filepath.Join(n.dir, "backups")
	if c.base != "" {
		home = c.base.Backups()
	}
	var err error
	c.backups, err = backups.New(backups.Options{
		Station: n.Store(), KeyFile: n.config.Key, Sealed: filepath.Join(n.dir, backups.SealedName), Info: n.backupInfo,
		Targets: c.targets, Home: home, Now: n.Clock().Now, Running: n.copying(), Log: n.log.with("backups", n.dir),
	})
	if err != nil || c.base == "" {
		return c, err
	}
	slots, err := openSlots(c.base)
	if err == nil {
		_, err = slots.State()
	}
	if err != nil {
		n.log.Info("no updates here", "cause", err)
		return c, nil
	}
	c.updates = newUpdating(n, slots)
	return c, nil
}

// greet notes the machine. A book that was on another one gets another number of
// its installation first, so that the hub notices two of it; while that cannot be
// written the machine is not noted either, and the next start tries again.
func (c *care) greet() {
	if c.pc.moved() {
		c.n.log.Warn("this book was on another machine before; the province will ask which of the two goes on")
		if err := newInstall(c.n.dir); err != nil {
			c.n.log.Error("the copy is not marked yet", "error", err)
			return
		}
	}
	c.pc.started(c.n.Clock().Floor())
}

// backupInfo is what a restore needs beside the book and the keys.
func (n *stationNode) backupInfo() backups.Info {
	return backups.Info{Station: uint32(n.Store().Origin().Station), Unit: n.Store().Genesis().Unit, Name: n.config.Name,
		Hub: n.config.Hub, HubPin: n.config.HubPin, Metered: n.config.Metered, Program: readVersion().Version}
}

// targets are the places for copies there are now: other disks and sticks before
// the station's own.
func (c *care) targets() []backups.Target {
	var list []backups.Target
	for _, dir := range c.n.config.Backup {
		list = append(list, backups.Target{Dir: dir, Kind: backups.Disk, Label: dir})
	}
	sticks, err := machine.Removable(context.Background())
	if err != nil {
		c.n.log.Warn("sticks cannot be looked for", "error", err)
	}
	for _, v := range sticks {
		dir := filepath.Join(v.Dir, backups.StickFolder)
		if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
			list = append(list, backups.Target{Dir: dir, Kind: backups.Stick, Label: v.Label})
		}
	}
	if c.base != "" {
		list = append(list, backups.Target{Dir: c.base.Backups(), Kind: backups.Local})
	}
	return list
}

// Run does what is to be done from time to time, until ctx ends.
func (c *care) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { c.measure(ctx) })
	parts.Go(func() { c.copyWhenAsked(ctx) })
	if c.updates != nil {
		parts.Go(func() { c.updates.confirmRoot(ctx) })
		parts.Go(func() { _ = c.updates.Run(ctx) }) // ctx's error, as below
	}
	return c.backups.Run(ctx)
}

// measure looks at the machine some minutes after the start, when nobody waits
// for it any more, and then once a day.
func (c *care) measure(ctx context.Context) {
	for wait := 5 * time.Minute; ; wait = 24 * time.Hour {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		st := c.n.Status()
		c.pc.measure(ctx, st.Free, st.Reserve)
	}
}

// backupNow asks for a copy; one that is asked for already is enough.
func (c *care) backupNow() {
	select {
	case c.wanted <- struct{}{}:
	default:
	}
}

// copyWhenAsked makes copies that were asked for, until ctx ends: the book is not
// closed while one reads it.
func (c *care) copyWhenAsked(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wanted:
			_, _ = c.backups.Once(ctx) // logged, and told by the status
		}
	}
}

// pages is what the pages show of it.
func (c *care) pages(d *doors) localui.Care {
	p := localui.Care{
		Warnings:  c.pc.warnings,
		Machine:   c.pc.sections,
		Moved:     func() bool { return c.pc.watch.History().Moved },
		MoveMeant: func() error { return c.pc.watch.See(machine.Accepted{}) },
		Addresses: func() ([]string, string) { return d.addresses(), d.fingerprint() },
		Backups:   c.backupStatus,
		BackupNow: c.backupNow,
		Diagnosis: c.n.diagnosis,
	}
	if u := c.updates; u != nil {
		p.Updates, p.UpdateCheck, p.UpdateApply, p.UpdateBack = u.status, u.check, u.apply, u.back
	}
	return p
}

func (c *care) backupStatus() localui.BackupStatus {
	st := c.backups.Status()
	out := localui.BackupStatus{Running: st.Running}
	for _, p := range st.Places {
		l := localui.BackupPlace{Name: p.Label, At: p.Made, Bytes: p.Bytes, Proven: p.Proven == backups.Restored || p.Proven == backups.Read,
			Problem: string(p.Problem), Other: p.Kind != backups.Local}
		out.Places = append(out.Places, l)
	}
	return out
}

// careFacts is what the diagnosis bundle tells of all this.
type careFacts struct {
	At      time.Time       `json:"at"`
	Machine machine.Facts   `json:"machine"`
	History machine.History `json:"history"`
	Backups backups.Status  `json:"backups"`
}

func (c *care) report() any {
	if c == nil {
		return nil
	}
	return careFacts{At: time.Now(), Machine: c.pc.facts, History: c.pc.watch.History(), Backups: c.backups.Status()}
}
