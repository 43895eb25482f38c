package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
	"tramxa/service/machine"
	"tramxa/service/place"
)

// machineVerb is what this PC is and can do. None of it needs a station.
func machineVerb() verb {
	return verb{name: "machine", sub: append([]verb{
		{name: "look", args: "[--dir D] [--json]", about: "say what this PC is, and how a station is set for it", run: runMachineLook},
		{name: "disks", args: "[--json]", about: "list the disks and the sticks", run: runMachineDisks},
		{name: "disktest", args: "[--dir D] [--for 40s] [--witness DIR] [--seen N] [--lang vi] [--json]", about: "try whether the disk keeps what it confirms; pull the plug meanwhile to be sure, and run it again", run: runMachineDiskTest},
		{name: "smart", args: "[--dir D] [--out FILE] [--lang vi] [--json]", about: "ask the disk about its health; needs an administrator's rights", run: runMachineSmart},
		{name: "sheet", args: "[--dir D] [--lang vi] [--json]", about: "print the health sheet of this PC", run: runMachineSheet},
	}, machineGuestVerbs()...)}
}

// machineFlags are those that the verbs share.
type machineFlags struct {
	*flags
	dir, lang *string
	json      *bool
}

func newMachineFlags(name string, io stdio) machineFlags {
	f := newFlags("machine "+name, io)
	return machineFlags{flags: f,
		dir:  f.String("dir", string(place.Default()), "directory on the disk that is meant"),
		lang: f.String("lang", "vi", "language, vi or en"),
		json: f.Bool("json", false, "answer as JSON"),
	}
}

func (f machineFlags) parse(args []string) error {
	if _, err := f.flags.parse(args, 0); err != nil {
		return err
	}
	if *f.lang != "vi" && *f.lang != "en" {
		return usagef("--lang is vi or en")
	}
	return nil
}

func runMachineLook(ctx context.Context, args []string, io stdio) error {
	f := newMachineFlags("look", io)
	if err := f.parse(args); err != nil {
		return err
	}
	facts := machine.Look(ctx, *f.dir)
	profile := machine.NewProfile(facts)
	if *f.json {
		return writeJSON(io.out, map[string]any{"facts": facts, "profile": profile, "print": machine.PrintOf(facts)})
	}
	return machine.LookSheet(facts, profile).Write(io.out, *f.lang)
}

func runMachineDisks(ctx context.Context, args []string, io stdio) error {
	f := newMachineFlags("disks", io)
	if err := f.parse(args); err != nil {
		return err
	}
	disks, err := machine.Disks(ctx)
	if err != nil {
		return err
	}
	volumes, err := machine.Removable(ctx)
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(io.out, map[string]any{"disks": disks, "removable": volumes})
	}
	size := func(n uint64) string {
		return machine.Say(*f.lang, "sheet.measure", map[string]string{"value": machine.Bytes(n)})
	}
	for _, d := range disks {
		system := ""
		if d.Boot {
			system = "  (hệ thống chạy từ đây / the system runs from it)"
		}
		fmt.Fprintf(io.out, "%s  %s  %s  %s%s\n", d.Device, size(d.Size), d.Model, d.Bus, system)
		for _, p := range d.Partitions {
			fmt.Fprintf(io.out, "  %s  %s  %s  %s\n", p.Device, size(p.Size), p.FS, p.Label)
		}
	}
	for _, v := range volumes {
		fmt.Fprintf(io.out, "USB  %s  %s  %s / %s\n", v.Dir, v.Label, size(v.Free), size(v.Size))
	}
	return nil
}

// runMachineDiskTest judges a test that the power has ended, else it tests.
func runMachineDiskTest(ctx context.Context, args []string, io stdio) error {
	f := newMachineFlags("disktest", io)
	length := f.Duration("for", 40*time.Second, "how long to write; give yourself time to pull the plug")
	witness := f.String("witness", "", "folder on a stick, which notes what the disk has confirmed")
	seen := f.Uint64("seen", 0, "the last number that was on the screen when the power went")
	if err := f.parse(args); err != nil {
		return err
	}
	if *length < time.Second || *length > time.Hour {
		return usagef("--for is between 1s and 1h")
	}
	o := machine.TestOptions{Facts: machine.Look(ctx, *f.dir), Duration: *length, Witness: *witness, Seen: *seen}
	result, found, err := machine.DiskTestAfter(*f.dir, o)
	if err != nil {
		return err
	}
	if !found {
		o.Progress = showDiskTest(io.err)
		if result, err = machine.DiskTest(ctx, *f.dir, o); err != nil {
			return withHint(err, "ổ đĩa không ghi được đúng / the disk does not write as it should: choose another, or free some room")
		}
	}
	if *f.json {
		return writeJSON(io.out, result)
	}
	return machine.DiskSheet(o.Facts, result).Write(io.out, *f.lang)
}

// showDiskTest shows the number that the technician remembers.
func showDiskTest(w io.Writer) func(machine.TestProgress) {
	var last time.Time
	return func(p machine.TestProgress) {
		if time.Since(last) < time.Second && p.Stage != machine.TestDone {
			return
		}
		last = time.Now()
		if p.Stage == machine.TestSync {
			fmt.Fprintf(w, "%s: %d  (%s)\n", p.Stage, p.Seq, p.Left.Round(time.Second))
		} else if p.Total > 0 {
			fmt.Fprintf(w, "%s: %d %%\n", p.Stage, p.Done*100/p.Total)
		}
	}
}

func runMachineSmart(ctx context.Context, args []string, io stdio) error {
	f := newMachineFlags("smart", io)
	out := f.String("out", "", "file to leave the answer in, for a service without rights ("+machine.SmartPath+")")
	if err := f.parse(args); err != nil {
		return err
	}
	s := machine.AskSmart(ctx, machine.Look(ctx, *f.dir).Disk.Device)
	if *out != "" {
		if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
			return err
		}
		return machine.SaveSmart(journal.OS, *out, s)
	}
	if *f.json {
		return writeJSON(io.out, s)
	}
	return machine.SmartSheet(s).Write(io.out, *f.lang)
}

func runMachineSheet(ctx context.Context, args []string, io stdio) error {
	f := newMachineFlags("sheet", io)
	if err := f.parse(args); err != nil {
		return err
	}
	sheet, err := machineSheet(ctx, *f.dir)
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(io.out, sheet)
	}
	return sheet.Write(io.out, *f.lang)
}

// machineSheet puts the health sheet together from what can be seen now and the
// history in base, which it does not change.
func machineSheet(ctx context.Context, base string) (machine.Sheet, error) {
	facts := machine.Look(ctx, base)
	history, err := machine.ReadHistory(journal.OS, filepath.Join(base, machine.WatchFile))
	if err != nil {
		return machine.Sheet{}, withHint(err, "nothing of the station is in it; the station sets it aside at its next start")
	}
	left, _ := machine.LoadSmart(journal.OS, machine.SmartPath) // damaged is as not asked
	s := machine.Truer(machine.AskSmart(ctx, facts.Disk.Device), left)
	return machine.NewSheet(facts, machine.NewProfile(facts), history.Tested, s, history.Warnings()), nil
}
