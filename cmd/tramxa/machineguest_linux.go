package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tramxa/images/guest"
	"tramxa/service/place"
)

// machineGuestVerbs are what units of the image start; on other systems they
// refuse with a sentence.
func machineGuestVerbs() []verb {
	return []verb{
		{name: "prepare", about: "(image) put data partition, seed and network in place; done once at a start", run: runMachinePrepare},
		{name: "screen", about: "(image) say on this screen how the station can be reached, until stopped", run: runMachineScreen},
		{name: "font", about: "(image) give this machine's screen Vietnamese letters of a readable size", run: runMachineFont},
		{name: "stick", args: "NAME", about: "(image) mount the stick on a device for the station", run: runMachineStick},
		{name: "clock", about: "(image) set this machine's clock to what the station was told", run: runMachineClock},
		{name: "install", args: "[--unattended] [--disk DEVICE]", about: "(image) put this system on an internal disk; asks before it erases", run: runMachineInstall},
	}
}

func runMachinePrepare(ctx context.Context, args []string, io stdio) error {
	if _, err := newFlags("machine prepare", io).parse(args, 0); err != nil {
		return err
	}
	s, err := guest.Prepare(ctx, slog.New(slog.NewTextHandler(io.err, nil)))
	if err != nil {
		return notAnImage(err)
	}
	if s.Data != "" {
		// Not an error of this verb: the system comes up and the screen says so.
		fmt.Fprintln(io.err, "tramxa:", s.Data)
	}
	return nil
}

func runMachineStick(_ context.Context, args []string, io stdio) error {
	words, err := newFlags("machine stick", io).parse(args, 1)
	if err != nil {
		return err
	}
	return notAnImage(guest.MountStick(words[0]))
}

func runMachineClock(_ context.Context, args []string, io stdio) error {
	if _, err := newFlags("machine clock", io).parse(args, 0); err != nil {
		return err
	}
	if _, err := guest.ReadState(); err != nil {
		return notAnImage(err)
	}
	// The directory belongs to the station's user: no link may lead out of it.
	root, err := os.OpenRoot(string(place.Default()))
	if err != nil {
		return err
	}
	defer root.Close()
	_, err = os.Stat(filepath.Join(place.Default().Station(), configFile))
	if err := guest.SetClock(root, err == nil); err != nil {
		return err
	}
	fmt.Fprintln(io.out, "the clock was set to", time.Now().UTC().Format(time.RFC3339))
	return nil
}

func notAnImage(err error) error {
	if errors.Is(err, guest.ErrNoImage) {
		return withHint(err, "these verbs are for machines started from a tramxa stick or disk")
	}
	return err
}

// runMachineScreen draws the screen anew whenever it changes.
func runMachineScreen(ctx context.Context, args []string, std stdio) error {
	if _, err := newFlags("machine screen", std).parse(args, 0); err != nil {
		return err
	}
	state, err := guest.ReadState()
	if err != nil {
		return notAnImage(err)
	}
	if state.Data != "" {
		stop := servePlain(state)
		defer stop()
	}
	serial := serialConsole()
	answered, shown, said, font := time.Now(), "", "", "none yet"
	for {
		if now := guest.Framebuffer(); now != font {
			// The graphics driver came up: it begins with a font of its own.
			font, shown = now, ""
			if err := guest.SetFont(ctx); err != nil {
				fmt.Fprintln(std.err, "tramxa:", err)
			}
		}
		v := guest.View{Release: imageRelease(), State: state, LAN: guest.Addresses(), Available: guest.Available(), Clock: time.Now()}
		if v.Station = askStation(ctx); v.Station.Stage != "" {
			answered = time.Now()
		}
		v.Waiting = time.Since(answered)
		if text := v.Text(); text != shown {
			// Clear, go to the top, no cursor.
			fmt.Fprint(std.out, "\x1b[?25l\x1b[2J\x1b[H\n", strings.ReplaceAll(text, "\n", "\r\n"))
			shown = text
		}
		if key := v.Station.Stage + strings.Join(v.LAN, " "); key != said && serial != "" {
			said = key
			_ = os.WriteFile(serial, []byte("\r\n"+v.Line()+"\r\n"), 0)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(3 * time.Second):
		}
	}
}

func runMachineFont(ctx context.Context, args []string, io stdio) error {
	if _, err := newFlags("machine font", io).parse(args, 0); err != nil {
		return err
	}
	return guest.SetFont(ctx)
}

// askStation asks the running station what to show.
func askStation(ctx context.Context) guest.Station {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var s guest.Station
	c, err := dialControl(ctx, place.Default().Station())
	if err != nil || c == nil {
		return s
	}
	defer func() { _ = c.close() }()
	if c.get(ctx, "/v1/screen", nil, &s) != nil {
		return guest.Station{}
	}
	return s
}

// servePlain answers browsers of the LAN while there is no station.
func servePlain(s guest.State) (stop func()) {
	srv := &http.Server{Addr: ":80", ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 8 << 10,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, guest.View{Release: imageRelease(), State: s}.Text())
		})}
	go func() { _ = srv.ListenAndServe() }()
	return func() { _ = srv.Close() }
}

// imageRelease is the version of the image.
func imageRelease() string {
	f, err := os.Open("/etc/tramxa-image")
	if err != nil {
		return "?"
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), "release="); ok {
			return v
		}
	}
	return "?"
}

// serialConsole is the serial line the kernel speaks on; "" without one.
func serialConsole() string {
	b, _ := os.ReadFile("/sys/class/tty/console/active")
	for _, w := range strings.Fields(string(b)) {
		if strings.HasPrefix(w, "ttyS") {
			return "/dev/" + w
		}
	}
	return ""
}
