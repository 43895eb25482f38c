package update

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"tramxa/appliance/journal"
	"tramxa/images/grubenv"
)

// An image machine has two roots, A and B: each a squashfs on a partition of its
// own, with kernel and initrd on the boot partition. The boot loader reads from
// its environment block (package grubenv) which one starts, and counts tries only
// of one that has not proved itself.
//
// The station collects a root in a directory that it owns and leaves pending.json
// there; a unit of the system, with privileges, verifies everything again and
// writes.

const (
	pendingName = "pending.json"
	confirmName = "confirm"
	resultName  = "result.json"
	runningName = "running.json"

	// RootName is the file beside a slot's kernel that says which root belongs to
	// it. Without it roots are fetched whole.
	RootName = "root.json"

	rootFormat = "tramxa-root"
)

// pendingRoot asks for a root to be written.
type pendingRoot struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Sequence uint64 `json:"sequence"`
}

// Root names a root by its bytes.
type Root struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Sequence uint64 `json:"sequence"`
	SHA256   Hash   `json:"sha256"`
	Size     int64  `json:"size"`
}

// NewRoot describes a root for RootName.
func NewRoot(sequence uint64, sum Hash, size int64) Root {
	return Root{Format: rootFormat, Version: 1, Sequence: sequence, SHA256: sum, Size: size}
}

// Bytes is the one spelling that is stored.
func (r Root) Bytes() ([]byte, error) { return canonical(r) }

// RootResult is what came of it.
type RootResult struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Sequence uint64 `json:"sequence"`
	Release  string `json:"release"`
	Outcome  string `json:"outcome"` // OutcomeStaged, OutcomeConfirmed, OutcomeRolledBack, OutcomeFailed
	Text     Text   `json:"text"`
}

// RootMachine is the part of an image machine that root updates touch.
type RootMachine struct {
	Dir     string                  // place.Base.App + "/root"
	Boot    string                  // where the boot partition is mounted
	Devices map[grubenv.Slot]string // the partitions of the roots
	Running grubenv.Slot            // the root that runs
	System  string                  // "image/amd64"
	Trust   *Trust                  // nil: BuiltIn
	FS      journal.FS              // nil: journal.OS; of Boot and the devices

	// DirFS is the file system of Dir, which a user without privileges owns: for a
	// process with privileges one that follows no links out of it.
	DirFS journal.FS
}

func (m RootMachine) fs() journal.FS {
	if m.FS != nil {
		return m.FS
	}
	return journal.OS
}

func (m RootMachine) dirFS() journal.FS {
	if m.DirFS != nil {
		return m.DirFS
	}
	return m.fs()
}

func (m RootMachine) envName() string { return filepath.Join(m.Boot, "grub", "grubenv") }

func (m RootMachine) readEnv() (grubenv.Env, error) {
	b, err := journal.ReadFile(m.fs(), m.envName(), grubenv.Size)
	var env grubenv.Env
	if err == nil {
		env, err = grubenv.Parse(b)
	}
	if err != nil {
		err = fmt.Errorf("read the boot choice: %w", err)
	}
	return env, err
}

// Apply writes the pending root into the slot that does not run, verifies it by
// reading it back, and lets GRUB try it at the next start. It returns the
// release. Whatever goes wrong before the environment block is written leaves
// the running root as it was. The pending file goes in either case; the result
// stays.
func (m RootMachine) Apply(ctx context.Context) (Release, error) {
	r, err := m.apply(ctx)
	outcome := RootResult{Format: rootFormat, Version: 1, Sequence: r.Sequence, Release: r.Version, Outcome: OutcomeStaged}
	if err != nil {
		outcome.Outcome = OutcomeFailed
		outcome.Text = text("Không cập nhật được hệ điều hành: %s", "the system was not updated: %s", err).bounded()
		if no := AsRefusal(err); no != nil {
			outcome.Text = no.Text.bounded()
		}
	}
	if ctx.Err() != nil {
		return r, err // the machine stops: try again at its next start
	}
	return r, errors.Join(err, m.result(outcome), m.drop(passing))
}

func (m RootMachine) apply(ctx context.Context) (Release, error) {
	r, err := m.pending()
	if err != nil {
		return r, err
	}
	env, err := m.readEnv()
	if err != nil {
		return r, err
	}
	if env.Slot != m.Running || !env.Good {
		return r, refuse(ReasonTrying, text(
			"Hệ điều hành đang chạy chưa được xác nhận. Hãy đợi vài phút rồi làm lại.",
			"the running system (%s) is not confirmed yet; wait some minutes, then repeat", m.Running))
	}
	// A root that failed may be tried once more; the one that runs may not.
	if r.Sequence < env.Seq || r.Sequence == env.Seq && !env.Rolled {
		return r, refuse(ReasonOlder, text(
			"Hệ điều hành trong gói (số %d) không mới hơn bản đã có (số %d).",
			"the system in the bundle (number %d) is not newer than the one here (number %d)", r.Sequence, env.Seq))
	}
	slot := m.Running.Other()
	root, _ := r.File(m.System, KindRoot)
	if err := m.writeRoot(ctx, m.Devices[slot], root); err != nil {
		return r, fmt.Errorf("write root %s: %w", slot, err)
	}
	for _, b := range []struct{ kind, name string }{{KindKernel, "vmlinuz"}, {KindInitrd, "initrd.img"}} {
		f, _ := r.File(m.System, b.kind)
		if err := m.writeBootFile(ctx, filepath.Join(m.Boot, slot.String(), b.name), f); err != nil {
			return r, fmt.Errorf("write %s of root %s: %w", b.kind, slot, err)
		}
	}
	doc, err := NewRoot(r.Sequence, root.SHA256, root.Size).Bytes()
	if err != nil {
		return r, err
	}
	if err := journal.WriteFileAtomic(m.fs(), filepath.Join(m.Boot, slot.String(), RootName), doc, 0o644); err != nil {
		return r, err
	}
	return r, m.writeEnv(env.Trial(r.Sequence))
}

// pending reads and verifies what the station has left.
func (m RootMachine) pending() (Release, error) {
	var ask pendingRoot
	docs := map[string][]byte{}
	for name, limit := range map[string]int64{pendingName: 4 << 10, manifestName: MaxManifest, signaturesName: MaxSignatures} {
		b, err := journal.ReadFile(m.dirFS(), filepath.Join(m.Dir, name), limit)
		if err != nil {
			return Release{}, err
		}
		docs[name] = b
	}
	if err := decode("pending root", docs[pendingName], 4<<10, &ask); err != nil {
		return Release{}, err
	}
	if ask.Format != rootFormat || ask.Version != 1 {
		return Release{}, fmt.Errorf("%w: pending root of format %q version %d", ErrFormat, ask.Format, ask.Version)
	}
	var trust Trust
	var err error
	if m.Trust != nil {
		trust = *m.Trust
	} else if trust, err = BuiltIn(); err != nil {
		return Release{}, err
	}
	r, err := trust.Verify(docs[manifestName], docs[signaturesName])
	if err != nil {
		return Release{}, err
	}
	_, err = rootParts(r, m.System, Hash{})
	return r, err
}

// Confirm marks the running root as good. When another one was to be tried and
// the boot loader came back from it, that is what the result says.
func (m RootMachine) Confirm() (RootResult, error) {
	env, err := m.readEnv()
	if err != nil {
		return RootResult{}, err
	}
	m.tellRunning()
	res := RootResult{Format: rootFormat, Version: 1, Sequence: env.Seq, Outcome: OutcomeConfirmed}
	switch {
	case env.Slot != m.Running:
		return res, fmt.Errorf("system %s runs, the boot loader was to start %s; nothing was changed", m.Running, env.Slot)
	case env.Good && !env.Rolled:
		return res, m.drop(isConfirm)
	case env.Rolled:
		res.Outcome = OutcomeRolledBack
		res.Text = text(
			"Hệ điều hành mới (số %d) không khởi động được; máy đã tự quay lại hệ cũ (%s).",
			"the new system (number %d) did not start; the machine went back to the one before (%s) by itself", env.Seq, m.Running)
	default:
		if err := m.writeEnv(env.Confirm()); err != nil {
			return res, err
		}
	}
	return res, errors.Join(m.result(res), m.drop(isConfirm))
}

// OnTrial says whether the running root still has to prove itself.
func (m RootMachine) OnTrial() (bool, error) {
	env, err := m.readEnv()
	return err == nil && env.Slot == m.Running && !env.Good, err
}

// tellRunning lets the station know which root runs. Without it the next one
// is fetched whole.
func (m RootMachine) tellRunning() {
	var r Root
	b, err := journal.ReadFile(m.fs(), filepath.Join(m.Boot, m.Running.String(), RootName), maxState)
	if err == nil && decode("root of the slot", b, maxState, &r) == nil {
		_ = journal.WriteFileAtomic(m.dirFS(), filepath.Join(m.Dir, runningName), b, 0o644) // a help only
	}
}

func isConfirm(name string) bool { return name == confirmName }

func (m RootMachine) result(r RootResult) error {
	b, err := canonical(r)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(m.dirFS(), filepath.Join(m.Dir, resultName), b, 0o644)
}

func (m RootMachine) drop(which func(string) bool) error {
	names, err := m.dirFS().ReadDir(m.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range slices.DeleteFunc(names, func(n string) bool { return !which(n) }) {
		err = errors.Join(err, m.dirFS().Remove(filepath.Join(m.Dir, name)))
	}
	return err
}
