package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tramxa/service"
	"tramxa/service/place"
)

func serviceVerb() verb {
	return verb{name: "service", sub: []verb{
		{name: "install", args: "[--hub] [--base DIR] [--print]", about: "let the station (or hub node) start with this machine", run: runServiceInstall},
		{name: "uninstall", args: "[--hub]", about: "stop it and take it out of the machine's services; data and keys stay", run: runServiceUninstall},
		{name: "start", args: "[--hub]", about: "start it and wait until it serves", run: serviceControl("start")},
		{name: "stop", args: "[--hub]", about: "stop it cleanly", run: serviceControl("stop")},
		{name: "restart", args: "[--hub]", about: "stop it and start it", run: serviceControl("restart")},
		{name: "status", args: "[--hub] [--json]", about: "say how the service stands", run: runServiceStatus},
		{name: "run", args: "[--hub] [--base DIR]", about: "what the service manager starts: the launcher", run: runServiceRun},
	}}
}

// serviceFlags are the flags that every word takes.
type serviceFlags struct {
	*flags
	hub    *bool
	base   *string
	asJSON *bool
}

func newServiceFlags(name string, std stdio) serviceFlags {
	f := newFlags("service "+name, std)
	return serviceFlags{flags: f,
		hub:    f.Bool("hub", false, "the hub node, not the station"),
		base:   f.String("base", string(place.Default()), "directory that holds data, slots and backups"),
		asJSON: f.Bool("json", false, "answer as JSON"),
	}
}

// config is what the flags mean, with absolute paths: a service starts in a
// directory of its own.
func (f serviceFlags) config() (service.Config, error) {
	base, err := filepath.Abs(*f.base)
	return service.Config{Hub: *f.hub, Base: place.Base(base)}, err
}

// manager reads the flags and finds the service manager.
func (f serviceFlags) manager(args []string) (*service.Manager, error) {
	if _, err := f.parse(args, 0); err != nil {
		return nil, err
	}
	c, err := f.config()
	if err != nil {
		return nil, err
	}
	m, err := service.NewManager(c)
	return m, explainService(err, *f.hub)
}

func runServiceInstall(ctx context.Context, args []string, std stdio) error {
	f := newServiceFlags("install", std)
	show := f.Bool("print", false, "only show what would be installed")
	m, err := f.manager(args)
	if err != nil {
		return err
	}
	if *show {
		text, err := m.Print()
		if err != nil {
			return explainService(err, *f.hub)
		}
		if *f.asJSON {
			return writeJSON(std.out, map[string]any{"name": m.Config().Name(), "text": text})
		}
		_, err = io.WriteString(std.out, text)
		return err
	}
	change, err := m.Install(ctx)
	if err != nil {
		return explainService(err, *f.hub)
	}
	if *f.asJSON {
		return writeJSON(std.out, map[string]any{"name": m.Config().Name(), "change": change, "base": m.Config().Base})
	}
	said := map[service.Change]string{
		service.Installed: "đã cài, chạy cùng máy / installed, starts with the machine",
		service.Updated:   "đã cập nhật, có hiệu lực khi khởi động lại dịch vụ / updated, holds from the next start of the service",
		service.Unchanged: "đã có sẵn, không đổi gì / there already, nothing changed",
	}[change]
	_, err = fmt.Fprintf(std.out, "%s: %s\n%s: %s\nhint: tramxa service start%s\n", m.Config().Name(), said,
		"dữ liệu / data", m.Config().Base, hubWord(*f.hub))
	return err
}

func hubWord(hub bool) string {
	if hub {
		return " --hub"
	}
	return ""
}

func runServiceUninstall(ctx context.Context, args []string, std stdio) error {
	f := newServiceFlags("uninstall", std)
	m, err := f.manager(args)
	if err != nil {
		return err
	}
	if err := m.Uninstall(ctx); err != nil {
		return explainService(err, *f.hub)
	}
	c := m.Config()
	if *f.asJSON {
		return writeJSON(std.out, map[string]any{"name": c.Name(), "change": "uninstalled", "base": c.Base, "keys": c.Base.Keys()})
	}
	_, err = fmt.Fprintf(std.out, "%s: đã gỡ, dữ liệu còn nguyên / removed, the data stays\n%s: %s\n%s: %s\n", c.Name(),
		"dữ liệu / data", c.Base, "khóa / keys", c.Base.Keys())
	return err
}

// serviceControl is start, stop or restart.
func serviceControl(word string) func(context.Context, []string, stdio) error {
	return func(ctx context.Context, args []string, std stdio) error {
		f := newServiceFlags(word, std)
		m, err := f.manager(args)
		if err != nil {
			return err
		}
		progress := func(text string) {
			if !*f.asJSON {
				fmt.Fprintf(std.out, "… %s\n", text)
			}
		}
		switch word {
		case "start":
			err = m.Start(ctx, progress)
		case "stop":
			err = m.Stop(ctx)
		default:
			err = m.Restart(ctx, progress)
		}
		if err != nil {
			return explainService(err, *f.hub)
		}
		return sayServiceStatus(ctx, m, *f.asJSON, std.out)
	}
}

func runServiceStatus(ctx context.Context, args []string, std stdio) error {
	f := newServiceFlags("status", std)
	m, err := f.manager(args)
	if err != nil {
		return err
	}
	return explainService(sayServiceStatus(ctx, m, *f.asJSON, std.out), *f.hub)
}

// sayServiceStatus prints the status. A service that is not installed or has
// failed is an answer, not an error of this verb.
func sayServiceStatus(ctx context.Context, m *service.Manager, asJSON bool, out io.Writer) error {
	s, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(out, s)
	}
	words := map[service.State]string{
		service.StateAbsent:   "chưa cài / not installed",
		service.StateStopped:  "đang dừng / stopped",
		service.StateStarting: "đang khởi động / starting",
		service.StateRunning:  "đang chạy / running",
		service.StateStopping: "đang dừng lại / stopping",
		service.StateFailed:   "bị lỗi / failed",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", s.Name, words[s.State])
	line := func(what string, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", what, value)
		}
	}
	line("trình báo / it says", s.Text)
	line("lỗi gần nhất / last error", s.LastError)
	if s.State != service.StateAbsent {
		line("chạy cùng máy / starts with the machine", map[bool]string{true: "có / yes", false: "không / no"}[s.AtStart])
		line("dữ liệu / data", s.Base)
		line("unit", s.Unit)
	}
	_, err = io.WriteString(out, b.String())
	return err
}

func runServiceRun(ctx context.Context, args []string, std stdio) error {
	f := newServiceFlags("run", std)
	managed := f.Bool("service", false, "started by the service manager of Windows")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	c, err := f.config()
	if err != nil {
		return err
	}
	source, err := programSource(c.Base)
	if err != nil {
		return err
	}
	return explainService(service.Run(ctx, service.RunOptions{Config: c, Source: source, Managed: *managed}), *f.hub)
}

// explainService says what to do about a service that cannot be set up.
func explainService(err error, hub bool) error {
	var c *coded
	if err == nil || errors.As(err, &c) {
		return err
	}
	refused := func(hint string) error { return &coded{err: err, code: exitRefused, hint: hint} }
	switch {
	case errors.Is(err, service.ErrBadConfig):
		return &coded{err: err, code: exitWrongUse, hint: "--base and the program must lie where a service may reach them"}
	case errors.Is(err, service.ErrNoRights):
		return withHint(err, "chạy lại với quyền quản trị / run it again with sudo, or on Windows from a prompt opened as administrator")
	case errors.Is(err, service.ErrPackaged):
		return refused("gói cài đặt lo việc này / the package does this: install or remove the package; 'tramxa service start" + hubWord(hub) + "' works")
	case errors.Is(err, service.ErrForeign):
		return refused("nothing was changed; rename or remove that file first if it is not wanted")
	case errors.Is(err, service.ErrNotInstalled):
		return withHint(err, "tramxa service install"+hubWord(hub))
	case errors.Is(err, service.ErrNoManager):
		return withHint(err, "tramxa service run"+hubWord(hub)+" runs it in the foreground; or use the image, which brings its own system")
	case errors.Is(err, service.ErrOldWindows):
		return refused("chưa thay đổi gì trên máy; hãy dùng USB cài đặt (ảnh đĩa tramxa) để biến máy này thành trạm / nothing was changed; use the tramxa stick (the image) to make this PC a station")
	}
	return err
}
