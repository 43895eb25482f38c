package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"tramxa/service/machine"
	"tramxa/service/place"
	"tramxa/service/update"
)

func updateVerb() verb {
	return verb{name: "update", sub: []verb{
		{name: "check", args: "[--from FILE|DIR] [--json]", about: "look for a bundle and say whether it may be installed here; nothing is touched", run: runUpdateCheck},
		{name: "apply", args: "[--from FILE|DIR] [--again] [--json]", about: "install a bundle beside the running version, to be tried and kept or left by itself", run: runUpdateApply},
		{name: "confirm", args: "[--json]", about: "keep the version on trial now, without waiting for its proof", run: runUpdateConfirm},
		{name: "rollback", args: "[--json]", about: "go back to the version before; entries stay", run: runUpdateRollback},
		{name: "status", args: "[--json]", about: "say which version runs, which is kept, which was left and why", run: runUpdateStatus},
		{name: "root-apply", args: "[--base DIR]", about: "on an image machine, for the system: write the waiting system to the partition that does not run", run: runRootApply},
		{name: "root-confirm", args: "[--base DIR]", about: "on an image machine, for the system: the running system is good", run: runRootConfirm},
		{name: "root-leave", args: "[--base DIR]", about: "on an image machine, for the system: start again when the running system has not proved itself by now", run: runRootLeave},
	}}
}

// launcherFiles are what the launcher copies before a new version is tried.
func launcherFiles(base place.Base) []string {
	names := []string{base.Setup()}
	for _, name := range []string{configFile, accountsFile, installFile, registrationFile, "cursor.json"} {
		names = append(names, base.Station()+string(os.PathSeparator)+name)
	}
	return names
}

// openSlots opens the slots of an installed tramxa as any process but the
// launcher does.
func openSlots(base place.Base) (*update.Store, error) {
	return update.Open(update.Options{Dir: base.App(), Small: launcherFiles(base)})
}

// updateCall is one call of the update verb.
type updateCall struct {
	*flags
	base   *string
	asJSON *bool
	from   *string
	again  *bool
	std    stdio
	slots  *update.Store

	bundles *update.Collection // of verbs that look for one
}

func newUpdateCall(name string, std stdio) *updateCall {
	f := newFlags("update "+name, std)
	c := &updateCall{flags: f, std: std,
		base:   f.String("base", string(place.Default()), "directory that holds data, slots and backups"),
		asJSON: f.Bool("json", false, "answer as JSON"),
	}
	return c
}

// choosing adds the flags of verbs that look for a bundle.
func (c *updateCall) choosing() *updateCall {
	c.from = c.String("from", "", "the bundle, or a folder with bundles; empty: every stick that is plugged in")
	return c
}

// open reads the flags and opens the slots. Bundles are opened first, with the
// caller's rights: a stick may be closed to the service's user.
func (c *updateCall) open(ctx context.Context, args []string) error {
	if _, err := c.parse(args, 0); err != nil {
		return err
	}
	if c.from != nil {
		places, err := c.places(ctx)
		if err != nil {
			return err
		}
		c.bundles = update.Collect(places...)
	}
	base := place.Base(*c.base)
	if _, err := os.Stat(*c.base); err != nil {
		return withHint(fmt.Errorf("no installed tramxa: %w", err), "install the package first, or name its directory with --base")
	}
	if err := becomeOwner(*c.base); err != nil {
		return err
	}
	var err error
	if c.slots, err = openSlots(base); err != nil {
		return err
	}
	if _, err = c.slots.State(); errors.Is(err, update.ErrNoState) {
		self, err := update.Self(version)
		if err != nil {
			return err
		}
		c.slots, err = update.Open(update.Options{Dir: base.App(), Small: launcherFiles(base), Self: self})
		return err
	}
	return err
}

// places are where bundles are looked for.
func (c *updateCall) places(ctx context.Context) ([]string, error) {
	if *c.from != "" {
		return []string{*c.from}, nil
	}
	volumes, err := machine.Removable(ctx)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, v := range volumes {
		dirs = append(dirs, v.Dir)
	}
	return dirs, nil
}

// foundBundle is one line of 'update check'.
type foundBundle struct {
	Path     string        `json:"path"`
	Version  string        `json:"version,omitempty"`
	Sequence uint64        `json:"sequence,omitempty"`
	Usable   bool          `json:"usable"`
	Reason   string        `json:"reason,omitempty"`
	Text     *update.Text  `json:"text,omitempty"`
	Warnings []update.Text `json:"warnings,omitempty"`
}

func runUpdateCheck(ctx context.Context, args []string, std stdio) error {
	c := newUpdateCall("check", std).choosing()
	if err := c.open(ctx, args); err != nil {
		return err
	}
	defer c.bundles.Close()
	found, err := c.slots.FindIn(c.bundles)
	if err != nil {
		return explainUpdate(err)
	}
	best, _, noBest := c.slots.Best(found, update.Choice{ByHand: true})
	var list []foundBundle
	for _, f := range found {
		list = append(list, c.judge(f))
	}
	if *c.asJSON {
		out := map[string]any{"found": list}
		if noBest == nil {
			out["best"] = best.Path
		}
		return errors.Join(writeJSON(std.out, out), explainUpdate(noBest))
	}
	for _, b := range list {
		showFound(std.out, b)
	}
	if noBest != nil {
		return explainUpdate(noBest)
	}
	say(std.out, update.Text{
		VI: fmt.Sprintf("Có thể cập nhật lên %s: tramxa update apply", best.Release.Version),
		EN: fmt.Sprintf("%s may be installed: tramxa update apply", best.Release.Version),
	})
	return nil
}

func (c *updateCall) judge(f update.Found) foundBundle {
	b := foundBundle{Path: f.Path}
	err := f.Err
	if err == nil {
		b.Version, b.Sequence = f.Release.Version, f.Release.Sequence
		b.Warnings, err = c.slots.Check(f.Release, update.Choice{ByHand: true})
	}
	b.Usable = err == nil
	if no := update.AsRefusal(err); no != nil {
		b.Reason, b.Text = string(no.Reason), &no.Text
	} else if err != nil {
		b.Text = &update.Text{VI: err.Error(), EN: err.Error()}
	}
	return b
}

func showFound(w io.Writer, b foundBundle) {
	fmt.Fprintf(w, "%s  %s (%d)\n", b.Path, b.Version, b.Sequence)
	if b.Text != nil {
		say(w, *b.Text)
	}
	for _, t := range b.Warnings {
		say(w, t)
	}
}

// say writes a sentence in both languages, Vietnamese first.
func say(w io.Writer, t update.Text) { fmt.Fprintf(w, "%s\n%s\n", t.VI, t.EN) }

// explainUpdate gives refusals their exit code and both languages.
func explainUpdate(err error) error {
	var no *update.Refusal
	if !errors.As(err, &no) {
		return err
	}
	return &coded{err: fmt.Errorf("%s\n%s", no.Text.VI, no.Text.EN), code: exitRefused}
}

// restarted lets the running service start again with what was changed. It says
// what happens next.
func (c *updateCall) restarted(ctx context.Context) update.Text {
	base := place.Base(*c.base)
	for _, dir := range []string{base.Station(), base.Hub()} {
		running, err := dialControl(ctx, dir)
		if err != nil || running == nil {
			continue
		}
		var said bytes.Buffer
		err = running.call(ctx, http.MethodPost, "/v1/restart", nil, nil, &said)
		_ = running.close()
		var a restartAnswer
		if err == nil && json.Unmarshal(said.Bytes(), &a) == nil && len(a.WaitsFor) > 0 {
			return update.Text{VI: "Dịch vụ tự khởi động lại khi việc đang chạy (nhập sổ, hoàn tác, sao lưu, kiểm tra) xong, nhưng không đợi việc nào quá hai giờ.",
				EN: "the service starts again by itself when what is running (" + strings.Join(a.WaitsFor, ", ") + ") is done, but waits for nothing longer than two hours."}
		}
		if err == nil {
			return update.Text{VI: "Dịch vụ đang khởi động lại.", EN: "the service starts again now."}
		}
	}
	words := "tramxa service restart"
	if _, err := os.Stat(base.Station()); errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(base.Hub()); err == nil {
			words += hubWord(true)
		}
	}
	return update.Text{VI: "Có hiệu lực ở lần khởi động sau: " + words, EN: "takes effect when the service starts next: " + words}
}

// settled refuses while a restart waits with what was decided before: the slots
// say already what starts then, and another decision would turn it round.
func (c *updateCall) settled(ctx context.Context) error {
	running, err := dialControl(ctx, place.Base(*c.base).Station())
	if err != nil || running == nil {
		return nil // nobody waits
	}
	var r restartWaiting
	err = errors.Join(running.get(ctx, "/v1/restart", nil, &r), running.close())
	if err == nil && r.Waiting {
		return &coded{err: fmt.Errorf("%s\n%s", errRestartWaits.Text.Vi, errRestartWaits.Text.En), code: exitRefused}
	}
	return nil // a station of before, which does not wait
}

// done answers a verb that changed something.
func (c *updateCall) done(ctx context.Context, outcome string, what update.Text) error {
	next := c.restarted(ctx)
	if *c.asJSON {
		st, err := c.slots.Status()
		if err != nil {
			return err
		}
		return writeJSON(c.std.out, map[string]any{"outcome": outcome, "text": what, "next": next, "status": st})
	}
	say(c.std.out, what)
	say(c.std.out, next)
	return nil
}

func runUpdateApply(ctx context.Context, args []string, std stdio) error {
	c := newUpdateCall("apply", std).choosing()
	c.again = c.Bool("again", false, "also a version that failed on this machine before")
	if err := c.open(ctx, args); err != nil {
		return err
	}
	defer c.bundles.Close()
	if err := c.settled(ctx); err != nil {
		return err
	}
	found, err := c.slots.FindIn(c.bundles)
	if err != nil {
		return explainUpdate(err)
	}
	choice := update.Choice{ByHand: true, Again: *c.again}
	best, warnings, err := c.slots.Best(found, choice)
	root, rootErr := c.applyRoot(ctx, found)
	if err != nil && (root.IsZero() || rootErr != nil) {
		return explainUpdate(errors.Join(err, rootErr))
	}
	for _, t := range warnings {
		say(std.err, t)
	}
	if err != nil { // the program is as new as the bundle, its system is not
		say(std.out, root)
		return nil
	}
	if err := c.slots.StageBundle(ctx, best.Bundle, choice); err != nil {
		return explainUpdate(err)
	}
	if !root.IsZero() {
		say(std.err, root)
	}
	return errors.Join(explainUpdate(rootErr), c.done(ctx, update.OutcomeStaged, update.Text{
		VI: fmt.Sprintf("Đã đặt phiên bản %s vào chỗ trống. Máy sẽ chạy thử; nếu lỗi thì tự quay lại.", best.Release.Version),
		EN: fmt.Sprintf("version %s is in place beside the running one; it is tried, and left again by itself if it is bad.", best.Release.Version),
	}))
}

func runUpdateConfirm(ctx context.Context, args []string, std stdio) error {
	c := newUpdateCall("confirm", std)
	if err := c.open(ctx, args); err != nil {
		return err
	}
	if err := c.slots.ConfirmNow(); err != nil {
		return explainUpdate(err)
	}
	st, err := c.slots.Status()
	if err != nil {
		return err
	}
	if *c.asJSON {
		return writeJSON(std.out, map[string]any{"outcome": update.OutcomeConfirmed, "status": st})
	}
	say(std.out, update.Text{VI: "Đã giữ phiên bản " + st.Current.Version + ".", EN: "version " + st.Current.Version + " is kept."})
	return nil
}

func runUpdateRollback(ctx context.Context, args []string, std stdio) error {
	c := newUpdateCall("rollback", std)
	if err := c.open(ctx, args); err != nil {
		return err
	}
	if err := c.settled(ctx); err != nil {
		return err
	}
	if err := c.slots.Rollback(); err != nil {
		return explainUpdate(err)
	}
	st, err := c.slots.Status()
	if err != nil {
		return err
	}
	return c.done(ctx, update.OutcomeRolledBack, update.Text{
		VI: "Quay lại phiên bản " + st.Current.Version + ". Dữ liệu đã nhập vẫn nguyên.",
		EN: "back to version " + st.Current.Version + "; nothing that was entered is lost.",
	})
}
