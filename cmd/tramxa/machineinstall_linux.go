package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"tramxa/images/guest"
	"tramxa/service/seed"
)

// runMachineInstall puts the running stick's system on an internal disk: by a
// dialog on the screen, or as the seed says.
func runMachineInstall(ctx context.Context, args []string, io stdio) error {
	f := newFlags("machine install", io)
	unattended := f.Bool("unattended", false, "do what the stick's seed says, without questions")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	state, err := guest.ReadState()
	if err != nil {
		return notAnImage(err)
	}
	if *unattended {
		return installUnattended(ctx, state, io)
	}
	d := guest.Dialog{
		In: bufio.NewReader(io.in), Out: io.out, Memory: state.Memory, Station: guest.HasStation(),
		Targets: func(ctx context.Context) ([]guest.Target, error) { return guest.FindTargets(ctx, state) },
		Install: func(ctx context.Context, t guest.Target, take bool) error { return installTo(ctx, state, t, take, io) },
	}
	err = d.Run(ctx)
	switch {
	case errors.Is(err, guest.ErrQuit):
		fmt.Fprint(io.out, "\r\n  Không cài gì. Máy khởi động lại. / Nothing was installed. Starting again.\r\n")
		return restartMachine(ctx, "reboot")
	case err != nil:
		fmt.Fprintf(io.out, "\r\n  KHÔNG CÀI ĐƯỢC / THE INSTALLATION FAILED: %v\r\n  USB vẫn dùng được. / The stick is as it was.\r\n", err)
		time.Sleep(20 * time.Second)
		return err
	}
	fmt.Fprint(io.out, "\r\n  XONG. Rút USB khi máy đã tắt, rồi bật lại. / DONE. Pull the stick out when the PC is off.\r\n  Bấm Enter để tắt máy. / Press Enter to switch off.")
	_, _ = d.In.ReadString('\n')
	return restartMachine(ctx, "poweroff")
}

func installTo(ctx context.Context, state guest.State, t guest.Target, take bool, io stdio) error {
	job, err := guest.NewJob(state, t)
	if err != nil {
		return err
	}
	job.Now = time.Now()
	last := ""
	job.Say = func(step string, done, all int64) {
		text := fmt.Sprintf("  %s  %3d%%", step, 100*done/max(all, 1))
		if text != last {
			last = text
			fmt.Fprint(io.out, "\r"+text+"   ")
		}
	}
	if take {
		job.Fill = guest.TakeStation(t.Device())
	}
	if err := job.Install(ctx); err != nil {
		return err
	}
	fmt.Fprint(io.out, "\r\n")
	if take {
		return guest.LeaveStation()
	}
	return nil
}

// installUnattended does what the seed says. What it refuses is no failure of
// the start: the stick then runs as it does without the order.
func installUnattended(ctx context.Context, state guest.State, io stdio) error {
	s, err := guest.BootSeed()
	if err != nil {
		return err
	}
	t, err := unattendedTarget(ctx, state, s)
	if err != nil {
		fmt.Fprintf(io.out, "tramxa: install: %v\n", err)
		return nil
	}
	fmt.Fprintf(io.out, "tramxa: install: %s %s\n", t.Device(), t.Model)
	quiet := stdio{in: io.in, out: discard{}, err: io.err}
	if err := installTo(ctx, state, t, false, quiet); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "tramxa: install: done on %s\n", t.Device())
	return restartMachine(ctx, "poweroff")
}

func unattendedTarget(ctx context.Context, state guest.State, s seed.Seed) (guest.Target, error) {
	if !s.Unattended || s.EraseDisk == "" {
		return guest.Target{}, fmt.Errorf("%w: the seed orders nothing", guest.ErrRefused)
	}
	if state.Memory < guest.MinMemory {
		return guest.Target{}, fmt.Errorf("%w: %d MB of memory, 1 GB is needed", guest.ErrRefused, state.Memory>>10)
	}
	list, err := guest.FindTargets(ctx, state)
	if err != nil {
		return guest.Target{}, err
	}
	return guest.Choose(list, s.EraseDisk)
}

// discard is a writer for progress nobody sees.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func restartMachine(ctx context.Context, how string) error {
	// Not "systemctl poweroff": that asks the login manager, which an image has not.
	return exec.CommandContext(ctx, "systemctl", "--no-block", "start", how+".target").Run()
}
