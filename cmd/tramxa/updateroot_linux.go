package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tramxa/images/disk"
	"tramxa/images/grubenv"
	"tramxa/images/guest"
	"tramxa/service/place"
	"tramxa/service/update"
)

// imageSystem is what roots of this machine are built for.
func imageSystem() string { return "image/" + runtime.GOARCH }

// applyRoot leaves the newest system among the bundles for the system's unit to
// write; no text and no error where there is nothing to do.
func (c *updateCall) applyRoot(ctx context.Context, found []update.Found) (update.Text, error) {
	if _, err := guest.ReadState(); err != nil {
		return update.Text{}, nil // no image
	}
	for _, f := range found {
		if f.Err != nil {
			continue
		}
		if _, ok := f.Release.File(imageSystem(), update.KindRoot); !ok {
			continue
		}
		if err := c.slots.StageRoot(ctx, f.Bundle, imageSystem()); err != nil {
			return update.Text{}, err
		}
		return update.Text{
			VI: "Hệ điều hành mới đang được ghi vào chỗ trống; có hiệu lực khi khởi động lại máy.",
			EN: "the new system is being written beside the running one; it is tried when the machine starts next.",
		}, nil
	}
	return update.Text{}, nil
}

// rootMachine reads what a unit of the image machine asks for. Its directory
// wants closing.
func rootMachine(name string, args []string, std stdio) (update.RootMachine, io.Closer, error) {
	f := newFlags("update "+name, std)
	base := f.String("base", string(place.Default()), "directory that holds data, slots and backups")
	if _, err := f.parse(args, 0); err != nil {
		return update.RootMachine{}, nil, err
	}
	st, err := guest.ReadState()
	if err != nil {
		return update.RootMachine{}, nil, withHint(err, "elsewhere the system is not tramxa's to update")
	}
	if len(st.Slot) != 1 || len(st.Parts) <= disk.RootB {
		return update.RootMachine{}, nil, fmt.Errorf("this machine's slot is %q with %d partitions", st.Slot, len(st.Parts))
	}
	// The directory belongs to the station's user: no link may lead out of it.
	dir := filepath.Join(place.Base(*base).App(), "root")
	inside, err := update.Inside(*base)
	if err != nil {
		return update.RootMachine{}, nil, err
	}
	return update.RootMachine{Dir: dir, DirFS: inside, Boot: guest.BootDir, System: imageSystem(), Running: grubenv.Slot(st.Slot[0]),
		Devices: map[grubenv.Slot]string{grubenv.A: st.Parts[disk.RootA], grubenv.B: st.Parts[disk.RootB]}}, inside, nil
}

// rootCall is rootMachine with a boot partition that may be written until the
// returned function is called.
func rootCall(name string, args []string, std stdio) (update.RootMachine, func() error, error) {
	m, inside, err := rootMachine(name, args, std)
	if err != nil {
		return m, nil, err
	}
	const flags = unix.MS_REMOUNT | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("", guest.BootDir, "", flags, ""); err != nil {
		return m, nil, errors.Join(&os.PathError{Op: "remount", Path: guest.BootDir, Err: err}, inside.Close())
	}
	return m, func() error {
		unix.Sync()
		return errors.Join(unix.Mount("", guest.BootDir, "", flags|unix.MS_RDONLY, ""), inside.Close())
	}, nil
}

func runRootApply(ctx context.Context, args []string, std stdio) error {
	m, done, err := rootCall("root-apply", args, std)
	if err != nil {
		return err
	}
	r, err := m.Apply(ctx)
	if err = errors.Join(err, done()); err != nil {
		return explainUpdate(err)
	}
	_, err = fmt.Fprintf(std.out, "system %s (%d) is written; the boot loader tries it when the machine starts next\n", r.Version, r.Sequence)
	return err
}

func runRootConfirm(_ context.Context, args []string, std stdio) error {
	m, done, err := rootCall("root-confirm", args, std)
	if err != nil {
		return err
	}
	r, err := m.Confirm()
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "system %s: %s (%d) %s\n", m.Running, r.Outcome, r.Sequence, r.Text.EN)
	return err
}

// runRootLeave starts the machine again when its system is still on trial and the
// station is not up: the boot loader counts, and after the last try goes back to
// the one before. A station that serves, or is still opening its book, is never
// disturbed: the proof is on its way.
func runRootLeave(ctx context.Context, args []string, std stdio) error {
	m, inside, err := rootMachine("root-leave", args, std)
	if err != nil {
		return err
	}
	trial, err := m.OnTrial()
	if err = errors.Join(err, inside.Close()); err != nil || !trial {
		return err
	}
	state, err := exec.CommandContext(ctx, "systemctl", "show", "--property=SubState", "--value", place.StationService+".service").Output()
	if err != nil {
		return fmt.Errorf("state of the station's unit: %w", err)
	}
	var since unix.Sysinfo_t
	if err := unix.Sysinfo(&since); err != nil {
		return fmt.Errorf("how long the machine runs: %w", err)
	}
	if comesUp(strings.TrimSpace(string(state)), time.Duration(since.Uptime)*time.Second) {
		return nil
	}
	fmt.Fprintf(std.out, "system %s has not brought the station up in time: the machine starts again\n", m.Running)
	return exec.CommandContext(ctx, "systemctl", "--no-block", "reboot").Run()
}

// openingTime is how long a station may open its book after an update: on an old
// disk it is folded anew.
const openingTime = 2 * time.Hour

// comesUp says whether the station's unit, in this state of systemd, runs or may
// still come up.
func comesUp(state string, uptime time.Duration) bool {
	return state == "running" || strings.HasPrefix(state, "start") && uptime < openingTime
}
