package registrar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"tramxa/appliance/clock"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/rules"
	"tramxa/appliance/store"
)

// Options of a registrar.
type Options struct {
	Store *store.Store // required
	Clock *clock.Clock // required
	Log   *slog.Logger // nil: discarded
}

// Registrar writes. Its methods may be called from any goroutine.
type Registrar struct {
	store *store.Store
	clock *clock.Clock
	log   *slog.Logger
	begin atomic.Uint32 // period in which the book was opened, 0 not yet known
}

// New returns a registrar over an open store.
func New(o Options) *Registrar {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Registrar{store: o.Store, clock: o.Clock, log: o.Log}
}

// Record decides a command and, when it is recorded, returns after it is
// durable. actor is the user number; 0 only for the first user of a station.
//
// ErrForbidden: the role does not allow it. ErrBadCommand: the command makes no
// sense, or its key was used for another. Findings are no errors. After any
// other error it is not known to the caller whether the command was recorded:
// the same key sent again tells.
func (r *Registrar) Record(ctx context.Context, actor uint32, cmd Command) (Answer, error) {
	return r.decide(ctx, actor, cmd, false)
}

// Check says what Record would answer now, and writes nothing.
func (r *Registrar) Check(ctx context.Context, actor uint32, cmd Command) (Answer, error) {
	return r.decide(ctx, actor, cmd, true)
}

// errTakeBack makes the store forget what a turn has added.
var errTakeBack = errors.New("taken back")

// attempts bounds how often the confirmations needed may change under way.
const attempts = 8

func (r *Registrar) decide(ctx context.Context, actor uint32, cmd Command, dry bool) (Answer, error) {
	if err := wellFormed(cmd); err != nil {
		return Answer{}, err
	}
	// A confirmation is kept in the entry it belongs to, and which entry wants
	// which is known only when all are folded: so a command with soft findings
	// is folded twice.
	var confirmed [][]population.Confirmation
	for range attempts {
		var t *turn
		_, err := r.store.Update(ctx, func(tx *store.Tx) error {
			t = &turn{r: r, tx: tx, cmd: cmd, actor: actor, confirmed: confirmed}
			if err := t.run(); err != nil {
				return err
			}
			if t.answer.Repeat {
				return nil
			}
			if dry || t.answer.Status != StatusRecorded || t.again {
				return errTakeBack
			}
			return nil
		})
		if err != nil && !errors.Is(err, errTakeBack) {
			return Answer{}, err
		}
		if t.again && t.answer.Status == StatusRecorded {
			confirmed = t.needs
			continue
		}
		a := t.finish(dry)
		r.told(ctx, actor, cmd, a)
		return a, nil
	}
	return Answer{}, ErrDecided
}

// told logs what became of a command: kinds, sequences and rules, nothing of a
// person.
func (r *Registrar) told(ctx context.Context, actor uint32, cmd Command, a Answer) {
	if !r.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	found := make([]string, len(a.Findings))
	for i, f := range a.Findings {
		found[i] = f.Rule
	}
	r.log.DebugContext(ctx, "registrar: command decided", "actor", actor, "kind", cmd.Entries[0].Kind().String(),
		"entries", len(cmd.Entries), "status", string(a.Status), "repeat", a.Repeat, "seqs", a.Seqs, "rules", found)
}

func wellFormed(cmd Command) error {
	switch {
	case len(cmd.Entries) == 0 || len(cmd.Entries) > MaxEntries:
		return fmt.Errorf("%w: it carries %d entries, from 1 to %d are allowed", ErrBadCommand, len(cmd.Entries), MaxEntries)
	case len(cmd.Confirm) > MaxConfirm:
		return fmt.Errorf("%w: more than %d confirmations", ErrBadCommand, MaxConfirm)
	case (cmd.Key.Device == 0) != (cmd.Key.Seq == 0):
		return fmt.Errorf("%w: a key has a device and a number", ErrBadCommand)
	}
	for _, e := range cmd.Entries {
		switch e.(type) {
		case nil, population.Unknown:
			return fmt.Errorf("%w: an entry of no known kind", ErrBadCommand)
		case population.OperationBegun, population.OperationEnded:
			return fmt.Errorf("%w: operations are begun and ended by the station", ErrBadCommand)
		}
	}
	return nil
}

// turn is one passage of a command through the writer.
type turn struct {
	r         *Registrar
	tx        *store.Tx
	cmd       Command
	actor     uint32
	confirmed [][]population.Confirmation // by entry, from the passage before

	needs  [][]population.Confirmation // by entry: what this passage found to be kept
	again  bool                        // needs is more than confirmed
	answer Answer
}

func (t *turn) run() error {
	v := t.tx.View()
	if err := authorise(v, t.actor, t.cmd); err != nil {
		return err
	}
	if t.cmd.Key != (Key{}) {
		if seqs, seen := t.tx.Repeat(t.cmd.Key.Device, t.cmd.Key.Seq); seen {
			return t.repeat(seqs)
		}
	}
	m := &minter{view: v, mint: t.tx.Mint(), serial: t.tx.NextSerial()}
	t.answer.Status = StatusRecorded
	for i, e := range t.cmd.Entries {
		stop, err := t.entry(i, e, m)
		if err != nil || stop {
			return err
		}
	}
	t.answer.IDs = m.minted
	return nil
}

// entry examines and folds one entry. stop is true when nothing more is to be
// learned from the command.
func (t *turn) entry(i int, e population.Entry, m *minter) (stop bool, err error) {
	v := t.tx.View()
	day, trusted := t.r.clock.Today()
	e = t.complete(i, e, m, day)
	if m.err != nil {
		return true, m.err
	}
	x := rules.Examine(v, rules.Now{Day: day, Trusted: trusted}, e)
	if x.Stopped() {
		t.judge(i, x.Findings())
		return true, nil
	}
	kind, version, body, err := population.EncodeBody(t.tx.Mint(), e)
	if err != nil {
		if rules.Hard(x.Findings()) {
			t.judge(i, x.Findings())
			return true, nil
		}
		return true, fmt.Errorf("%w: %w", ErrBadCommand, err)
	}
	seq, err := t.tx.Add(journal.Draft{Envelope: t.envelope(e, kind, version), Body: body})
	if errors.Is(err, store.ErrNotFolded) {
		if rules.Hard(x.Findings()) {
			t.judge(i, x.Findings())
			return true, nil
		}
		return true, fmt.Errorf("%w: %w", ErrBadCommand, err)
	}
	if err != nil {
		return true, err
	}
	t.answer.Seqs = append(t.answer.Seqs, uint64(seq))
	findings := x.After(v, uint64(seq))
	t.judge(i, findings)
	return rules.Hard(findings), v.Err()
}

// complete puts in what the registrar decides: ids, period, confirmations.
func (t *turn) complete(i int, e population.Entry, m *minter, day population.Date) population.Entry {
	v := t.tx.View()
	common := e.Extra()
	common.Confirmed = nil
	if t.confirmed != nil {
		common.Confirmed = t.confirmed[i]
	}
	if a, ok := e.(population.Amendment); ok && a.By != nil {
		if old, live := v.Entry(a.Target); old != nil && live {
			a.By = m.fillAmendment(m.fillKnown(a.By), old)
			a.By = stamp(a.By, a.By.Extra(), t.amendedPeriod(a.By, old, day))
		}
		return stamp(a, common, 0)
	}
	e = m.fill(e)
	return stamp(e, common, t.r.periodOf(v, e, day))
}

// amendedPeriod: an amended entry stays in its month unless its date is moved
// to another and both are open.
func (t *turn) amendedPeriod(by, old population.Entry, day population.Date) population.Period {
	v := t.tx.View()
	was := old.Counted()
	if by.When() == old.When() || was != 0 && v.PeriodClosed(was) {
		return was
	}
	return t.r.periodOf(v, by, day)
}

func (t *turn) envelope(e population.Entry, kind population.Kind, version uint8) journal.Envelope {
	now := t.r.clock.Read()
	return journal.Envelope{
		Class: journal.Class(population.ClassOf(e)), Trusted: now.Trusted, At: now.At, Offset: now.Offset,
		Kind: uint16(kind), Version: version, Actor: t.actor,
		Device: t.cmd.Key.Device, DeviceSeq: t.cmd.Key.Seq, Op: t.cmd.Op,
	}
}

// judge takes in the findings of entry i: the answer's status, and which
// confirmations the entry must keep.
func (t *turn) judge(i int, fs []rules.Finding) {
	var keep []population.Confirmation
	for _, f := range fs {
		switch reason, given := t.reason(f.Rule); {
		case f.Hard:
			t.answer.Status = StatusRefused
		case !given && t.answer.Status == StatusRecorded:
			t.answer.Status = StatusAsk
		case given && !keeps(keep, f.Rule):
			keep = append(keep, population.Confirmation{Rule: f.Rule, Reason: reason})
		}
		if len(t.cmd.Entries) > 1 {
			f.Field = strings.TrimSuffix(fmt.Sprintf("entries[%d].%s", i, f.Field), ".")
		}
		t.answer.Findings = append(t.answer.Findings, f)
	}
	t.needs = append(t.needs, keep)
	var had []population.Confirmation
	if t.confirmed != nil {
		had = t.confirmed[i]
	}
	for _, c := range keep {
		t.again = t.again || !keeps(had, c.Rule)
	}
}

func (t *turn) reason(rule string) (string, bool) {
	for _, c := range t.cmd.Confirm {
		if c.Rule == rule && c.Reason != "" {
			return c.Reason, true
		}
	}
	return t.cmd.ConfirmAll, t.cmd.ConfirmAll != ""
}

func keeps(list []population.Confirmation, rule string) bool {
	for _, c := range list {
		if c.Rule == rule {
			return true
		}
	}
	return false
}

// finish is the answer as it goes out.
func (t *turn) finish(dry bool) Answer {
	a := t.answer
	if a.Repeat {
		return a
	}
	if dry && a.Status == StatusRecorded {
		a.Status = StatusPassed
	}
	if a.Status != StatusRecorded {
		a.Seqs, a.IDs = nil, nil
	}
	return a
}
