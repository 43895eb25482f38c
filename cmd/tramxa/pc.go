package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/localui"
	"tramxa/service/machine"
)

// pc is the machine below the station: what it is, what was seen of it in its
// life, and how the station is set for it.
type pc struct {
	dir     string // of its history and of disk tests, on the station's disk
	facts   machine.Facts
	profile machine.Profile
	watch   *machine.Watch
	log     logger
	smartAt string // where the job with rights leaves what the disk says
	seen    bool   // Started was said

	mu    sync.Mutex
	asked time.Time     // when the disk was asked last
	told  machine.Smart // what it said
}

// openPC reads the history and judges a disk test that the power has ended.
func openPC(dir string, facts machine.Facts, log logger) (*pc, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w, aside, err := machine.OpenWatch(journal.OS, filepath.Join(dir, machine.WatchFile))
	if err != nil {
		return nil, err
	}
	p := &pc{dir: dir, facts: facts, profile: facts.Profile(), watch: w, log: log, smartAt: machine.SmartPath}
	if aside != nil {
		log.Warn("the machine's history begins anew", "cause", aside)
	}
	r, found, err := machine.DiskTestAfter(dir, machine.TestOptions{Facts: facts})
	switch {
	case err != nil:
		log.Warn("a disk test that was cut off cannot be judged", "error", err)
	case found:
		p.note(machine.Tested{Result: r})
	}
	return p, nil
}

// note keeps an observation; a disk that refuses is told by the journal too.
func (p *pc) note(o machine.Observation) {
	if err := p.watch.See(o); err != nil {
		p.log.Warn("the machine's history is not kept", "error", err)
	}
}

// moved says whether the book was on another machine before: a copy of the whole
// disk, or the disk itself in another PC.
func (p *pc) moved() bool {
	return machine.Compare(p.watch.History().Print, machine.PrintOf(p.facts)) == machine.Different
}

// started is said once a process; floor is a moment known to have passed.
func (p *pc) started(floor time.Time) {
	if p.seen {
		return
	}
	p.seen = true
	p.note(machine.Started{Boot: p.facts.Boot, Clock: time.Now(), Floor: floor, NoRTC: p.facts.Clock.Missing, Print: machine.PrintOf(p.facts)})
}

// measure is the daily look: health of the disk, a synced write, room.
func (p *pc) measure(ctx context.Context, free, reserve uint64) {
	f := machine.Look(ctx, p.dir)
	m := machine.Measured{At: time.Now(), Flush: f.Flush.Median, Free: free, Reserve: reserve, Heat: f.Heat}
	if s := p.smart(ctx); s.Verdict != machine.Untold {
		m.Smart = &s
	}
	p.note(m)
}

// smartAge is how long an answer of the disk serves the pages: a disk that sleeps
// takes half a minute to wake.
const smartAge = 6 * time.Hour

// smart is what the disk says of itself: asked by a job with rights where there
// is one, else directly.
func (p *pc) smart(ctx context.Context) machine.Smart {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked.IsZero() || time.Since(p.asked) > smartAge {
		p.told, p.asked = p.askSmart(ctx), time.Now()
	}
	return p.told
}

func (p *pc) askSmart(ctx context.Context) machine.Smart {
	left, _ := machine.LoadSmart(journal.OS, p.smartAt) // damaged is as not asked
	if left.Verdict != machine.Untold {
		return left
	}
	return machine.Truer(machine.AskSmart(ctx, p.facts.Disk.Device), left)
}

// sections are the health sheet.
func (p *pc) sections(ctx context.Context) []localui.Section {
	h := p.watch.History()
	sheet := machine.NewSheet(p.facts, p.profile, h.Tested, p.smart(ctx), p.watch.Warnings())
	var out []localui.Section
	for _, s := range sheet.Sections {
		sec := localui.Section{Title: said(s.Key, nil)}
		for _, r := range s.Rows {
			row := localui.Row{State: stateOf(r.Level)}
			if r.Key != "" {
				row.Label = said(r.Key, r.Values)
			}
			row.Value = localui.Text{Vi: r.Value, En: r.Value}
			if r.Text != "" {
				row.Value = said(r.Text, r.Values)
			}
			sec.Rows = append(sec.Rows, row)
		}
		out = append(out, sec)
	}
	return out
}

func said(key string, values map[string]string) localui.Text {
	return localui.Text{Vi: machine.Say("vi", key, values), En: machine.Say("en", key, values)}
}

func stateOf(l machine.Level) string {
	switch l {
	case machine.Warn:
		return "warn"
	case machine.Alarm:
		return "bad"
	}
	return ""
}

// warnings are what somebody should do something about.
func (p *pc) warnings() []localui.Warning {
	var out []localui.Warning
	for _, w := range p.watch.Warnings() {
		out = append(out, localui.Warning{Text: said(w.Key, w.Values), Bad: w.Level == machine.Alarm})
	}
	return out
}

// diskTest measures the disk and tries whether it keeps what it confirms.
func (p *pc) diskTest(ctx context.Context, say localui.Progress) error {
	r, err := machine.DiskTest(ctx, p.dir, machine.TestOptions{Facts: p.facts, Progress: func(t machine.TestProgress) {
		say(said("test."+t.Stage, nil), t.Done, t.Total)
	}})
	if err != nil {
		return err
	}
	p.note(machine.Tested{Result: r})
	return nil
}

// newInstall gives a station's directory another installation number: from now
// on the hub knows it from its copy.
func newInstall(dir string) error {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return err
	}
	return journal.WriteFileAtomic(journal.OS, filepath.Join(dir, installFile), id, 0o600)
}
