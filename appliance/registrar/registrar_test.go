package registrar_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/rules"
)

func TestRoles(t *testing.T) {
	s := newStation(t)
	ctx := context.Background()
	user := func(login string, r population.Role) population.UserCreated {
		return population.UserCreated{Login: login, Name: "Nguyễn Thị Hương", Role: r}
	}
	try := func(actor uint32, e population.Entry) error {
		_, err := s.Record(ctx, actor, registrar.Command{Entries: []population.Entry{e}})
		return err
	}
	area := population.AreaDefined{Number: 1, Unit: 23764, Hamlet: "Thôn 1"}
	if err := try(0, area); !errors.Is(err, registrar.ErrForbidden) {
		t.Errorf("nobody writes an area: %v", err)
	}
	if a := s.record(0, registrar.Command{Entries: []population.Entry{user("nam", population.RoleOfficer)}}); a.Status != registrar.StatusRefused {
		t.Errorf("the first user must be a head: %v", a)
	}
	s.must(0, user("huong", population.RoleHead))
	if err := try(0, user("lan", population.RoleHead)); !errors.Is(err, registrar.ErrForbidden) {
		t.Errorf("a second first user: %v", err)
	}
	s.must(1, user("nam", population.RoleOfficer))
	s.must(1, user("ctv", population.RoleCollaborator))
	s.must(1, user("tech", population.RoleTechnician))
	s.must(1, user("audit", population.RoleAuditor))
	for actor, want := range map[uint32]bool{2: true, 3: false, 4: false, 5: false, 9: false} {
		a := area
		a.Number = actor
		if err := try(actor, a); errors.Is(err, registrar.ErrForbidden) == want || want && err != nil {
			t.Errorf("user %d writes an area: %v", actor, err)
		}
	}
	if err := try(2, user("x", population.RoleOfficer)); !errors.Is(err, registrar.ErrForbidden) {
		t.Errorf("an officer makes a user: %v", err)
	}
	s.must(1, population.UserChanged{Number: 2, Name: "Trần Văn Nam", Role: population.RoleOfficer, Disabled: true})
	if err := try(2, area); !errors.Is(err, registrar.ErrForbidden) {
		t.Errorf("a disabled user writes: %v", err)
	}
}

func TestIDsPeriodsAndState(t *testing.T) {
	s := newStation(t).withOfficer()
	area := population.NewID(mint, 1)
	a := s.must(2, family(area, 1))
	if want := []population.ID{population.NewID(mint, 2), population.NewID(mint, 3), population.NewID(mint, 4), population.NewID(mint, 5)}; !slices.Equal(a.IDs, want) {
		t.Fatalf("minted %v, want %v", a.IDs, want)
	}
	house, wife := a.IDs[0], a.IDs[2]
	late := population.Death{Person: wife, Date: day(2026, 2, 10)}
	b := s.must(2, late)
	s.view(func(v *register.View) {
		e, live := v.Entry(b.Seqs[0])
		if !live || e.Counted() != population.MonthPeriod(2026, 2) {
			t.Errorf("a death of February counts in %v", e.Counted())
		}
	})
	if p := s.person(wife); !p.Dead {
		t.Error("she is not dead in the book")
	}
	s.must(2, population.PeriodClosed{Period: population.MonthPeriod(2026, 1)})
	s.must(2, population.PeriodClosed{Period: population.MonthPeriod(2026, 2)})
	c := s.must(2, population.Arrival{Household: house, Date: day(2026, 2, 20), From: "xã khác", Member: population.Member{
		Relation: population.RelOther, Facts: population.Facts{Name: "Lê Văn Dũng", Sex: population.Male, Born: population.Date{Year: 1990}},
	}})
	s.view(func(v *register.View) {
		e, _ := v.Entry(c.Seqs[0])
		if e.Counted() != population.MonthPeriod(2026, 3) || e.When() != day(2026, 2, 20) {
			t.Errorf("a late arrival counts in %v with date %v", e.Counted(), e.When())
		}
	})
}

func TestRefusedAndAskedLeaveNoTrace(t *testing.T) {
	s := newStation(t).withOfficer()
	a := s.must(2, family(population.NewID(mint, 1), 1))
	before, hash := s.store.Head()
	died := population.Death{Person: a.IDs[1], Date: day(2026, 3, 1)} // the head
	ans := s.record(2, registrar.Command{Key: registrar.Key{Device: 3, Seq: 1}, Entries: []population.Entry{died}})
	if ans.Status != registrar.StatusRefused || ans.Findings[0].Rule != "H02" || ans.Seqs != nil {
		t.Fatalf("got %+v", ans)
	}
	birth := population.Birth{Household: a.IDs[0], Weight: 1200, Child: population.Member{Relation: population.RelChild, Facts: population.Facts{
		Name: "Trai", Sex: population.Male, Born: day(2026, 3, 1), Mother: a.IDs[2],
	}}}
	cmd := registrar.Command{Key: registrar.Key{Device: 3, Seq: 2}, Entries: []population.Entry{birth}}
	ans = s.record(2, cmd)
	if ans.Status != registrar.StatusAsk || len(ans.Findings) != 1 || ans.Findings[0].Rule != "B10" {
		t.Fatalf("got %+v", ans)
	}
	if ans, err := s.Check(context.Background(), 2, cmd); err != nil || ans.Status != registrar.StatusAsk {
		t.Fatalf("check: %+v %v", ans, err)
	}
	if head, h := s.store.Head(); head != before || h != hash {
		t.Fatal("the journal has grown")
	}
	cmd.Confirm = []population.Confirmation{{Rule: "B10", Reason: "weighed twice"}, {Rule: "D04", Reason: "not asked"}}
	ans, err := s.Check(context.Background(), 2, cmd)
	if err != nil || ans.Status != registrar.StatusPassed {
		t.Fatalf("check: %+v %v", ans, err)
	}
	if head, _ := s.store.Head(); head != before {
		t.Fatal("the journal has grown")
	}
	ans = s.record(2, cmd)
	if ans.Status != registrar.StatusRecorded || ans.IDs[0] != population.NewID(mint, 6) {
		t.Fatalf("got %+v", ans)
	}
	s.view(func(v *register.View) {
		e, _ := v.Entry(ans.Seqs[0])
		if got := e.Extra().Confirmed; len(got) != 1 || got[0].Rule != "B10" || got[0].Reason != "weighed twice" {
			t.Errorf("kept %v", got)
		}
	})
}

func TestSameKeyTwiceRecordsOnce(t *testing.T) {
	s := newStation(t).withOfficer()
	key := registrar.Key{Device: 3, Seq: 1}
	cmd := registrar.Command{Key: key, Entries: []population.Entry{family(population.NewID(mint, 1), 1)}}
	first := s.record(2, cmd)
	head, _ := s.store.Head()
	again := s.record(2, cmd)
	if !again.Repeat || !slices.Equal(first.Seqs, again.Seqs) || !slices.Equal(first.IDs, again.IDs) || again.Status != registrar.StatusRecorded {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	if now, _ := s.store.Head(); now != head {
		t.Fatal("recorded twice")
	}
	other := family(population.NewID(mint, 1), 1)
	other.Address = "xóm 2"
	_, err := s.Record(context.Background(), 2, registrar.Command{Key: key, Entries: []population.Entry{other}})
	if !errors.Is(err, registrar.ErrBadCommand) {
		t.Fatalf("another command under the same key: %v", err)
	}
	// An amendment since does not make it another command.
	amend := family(population.NewID(mint, 1), 1)
	amend.Address = "xóm 3"
	for i := range amend.Members {
		amend.Members[i].ID = first.IDs[i+1]
	}
	am := registrar.Command{Key: registrar.Key{Device: 3, Seq: 2}, Entries: []population.Entry{population.Amendment{Target: first.Seqs[0], By: amend}}}
	if a := s.record(2, am); a.Status != registrar.StatusRecorded {
		t.Fatalf("amendment: %+v", a)
	}
	for _, c := range []registrar.Command{cmd, am} {
		if a := s.record(2, c); !a.Repeat {
			t.Errorf("key %s: not recognised: %+v", c.Key, a)
		}
	}
}

func TestSeveralEntriesStandOrFallTogether(t *testing.T) {
	s := newStation(t).withOfficer()
	f := s.must(2, family(population.NewID(mint, 1), 1))
	house, man, wife, child := f.IDs[0], f.IDs[1], f.IDs[2], f.IDs[3]
	head := population.HeadChanged{Household: house, Head: wife, Date: day(2026, 3, 1), Relations: []population.Placed{
		{Person: man, Relation: population.RelSpouse}, {Person: child, Relation: population.RelChild},
	}}
	death := population.Death{Person: man, Date: day(2026, 3, 1)}
	before, _ := s.store.Head()
	a := s.record(2, registrar.Command{Entries: []population.Entry{head, death, death}})
	if a.Status != registrar.StatusRefused || a.Findings[0].Field != "entries[2].person" || a.Findings[0].Rule != "L02" {
		t.Fatalf("got %+v", a)
	}
	if now, _ := s.store.Head(); now != before {
		t.Fatal("a part of it was recorded")
	}
	s.must(2, head, death)
	// A family from elsewhere: the household and who comes, in one command.
	open := family(population.NewID(mint, 1), 9)
	members := open.Members
	open.Members = nil
	cmd := []population.Entry{open}
	for _, m := range members {
		cmd = append(cmd, population.Arrival{Household: registrar.NewID(1), Member: m, Date: day(2026, 3, 2), From: "Đồng Nai"})
	}
	b := s.must(2, cmd...)
	if p := s.person(b.IDs[1]); p == nil || p.Household() != b.IDs[0] || p.Stays[0].In != population.CauseArrival {
		t.Fatalf("got %+v", p)
	}
}

func TestIDsAreNotTakenFromTheCaller(t *testing.T) {
	s := newStation(t).withOfficer()
	h := family(population.NewID(mint, 1), 1)
	h.ID = population.NewID(mint, 77)
	if _, err := s.Record(context.Background(), 2, registrar.Command{Entries: []population.Entry{h}}); !errors.Is(err, registrar.ErrBadCommand) {
		t.Errorf("an id from nowhere: %v", err)
	}
	h.ID = population.NewID(mint, 2) // the next
	s.must(2, h)
	if _, err := s.Record(context.Background(), 2, registrar.Command{Entries: []population.Entry{population.Death{Person: registrar.NewID(3), Date: day(2026, 3, 1)}}}); !errors.Is(err, registrar.ErrBadCommand) {
		t.Errorf("a stand-in for nothing: %v", err)
	}
	op := population.OperationBegun{What: "import"}
	if _, err := s.Record(context.Background(), 2, registrar.Command{Entries: []population.Entry{op}}); !errors.Is(err, registrar.ErrBadCommand) {
		t.Errorf("an operation by hand: %v", err)
	}
}

func TestUndoAndRedo(t *testing.T) {
	s := newStation(t).withOfficer()
	ctx := context.Background()
	op, err := s.Begin(ctx, 2, population.OperationBegun{What: "import", Source: "a.csv", Rows: 9})
	if err != nil {
		t.Fatal(err)
	}
	var ids []population.ID
	for i := range uint32(3) {
		a := s.record(2, registrar.Command{Key: registrar.SeriesKey(op, uint64(i+1)), Op: op, Entries: []population.Entry{family(population.NewID(mint, 1), i+1)}})
		ids = append(ids, a.IDs[0])
		s.must(2, family(population.NewID(mint, 1), i+100)) // somebody else's, between
	}
	if _, err := s.Undo(ctx, 2, op, nil); !errors.Is(err, registrar.ErrBadCommand) {
		t.Fatalf("undone before its end: %v", err)
	}
	if err := s.End(ctx, 2, population.OperationEnded{Operation: uint64(op), Taken: 9}); err != nil {
		t.Fatal(err)
	}
	members := func() (n int) {
		s.view(func(v *register.View) {
			for _, id := range ids {
				n += len(v.Members(id))
			}
		})
		return n
	}
	other := func() (n int) {
		s.view(func(v *register.View) { n = len(v.HouseholdsOf(population.NewID(mint, 1))) })
		return n
	}
	u, err := s.Undo(ctx, 2, op, nil)
	if err != nil || len(u.Findings) > 0 || u.Entries != 3 {
		t.Fatalf("%+v %v", u, err)
	}
	if members() != 0 || other() != 3 {
		t.Fatalf("%d members, %d households are left", members(), other())
	}
	if _, err := s.Undo(ctx, 2, op, nil); !errors.Is(err, registrar.ErrBadCommand) {
		t.Errorf("undone twice: %v", err)
	}
	r, err := s.Undo(ctx, 2, u.Op, nil)
	if err != nil || len(r.Findings) > 0 || members() != 9 || other() != 6 {
		t.Fatalf("redone: %+v %v, %d members", r, err, members())
	}
}

func TestUndoIsRefusedWhenSomethingRestsOnIt(t *testing.T) {
	s := newStation(t).withOfficer()
	ctx := context.Background()
	op, err := s.Begin(ctx, 2, population.OperationBegun{What: "import"})
	if err != nil {
		t.Fatal(err)
	}
	a := s.record(2, registrar.Command{Op: op, Entries: []population.Entry{family(population.NewID(mint, 1), 1)}})
	if err := s.End(ctx, 2, population.OperationEnded{Operation: uint64(op)}); err != nil {
		t.Fatal(err)
	}
	s.must(2, population.Death{Person: a.IDs[3], Date: day(2026, 3, 1)})
	head, _ := s.store.Head()
	u, err := s.Undo(ctx, 2, op, nil)
	if err != nil || !rules.Hard(u.Findings) || u.Op != 0 {
		t.Fatalf("%+v %v", u, err)
	}
	if now, _ := s.store.Head(); now != head {
		t.Error("something was written")
	}
}

// TestUndoBrokenOff stops an undoing in the middle; called again it goes on.
func TestUndoBrokenOff(t *testing.T) {
	s := newStation(t).withOfficer()
	op, err := s.Begin(context.Background(), 2, population.OperationBegun{What: "import"})
	if err != nil {
		t.Fatal(err)
	}
	a := s.record(2, registrar.Command{Op: op, Entries: []population.Entry{population.AreaDefined{Number: 2, Unit: 23764, Hamlet: "Thôn 2"}}})
	area := a.IDs[0]
	for i := range uint32(6) {
		s.record(2, registrar.Command{Op: op, Entries: []population.Entry{family(area, i+1)}})
		s.must(2, family(population.NewID(mint, 1), i+20)) // breaks the series into six runs
	}
	s.must(2, family(area, 99)) // somebody else's, in the area of the import
	if err := s.End(context.Background(), 2, population.OperationEnded{Operation: uint64(op)}); err != nil {
		t.Fatal(err)
	}
	stopped := 0
	for {
		ctx, cancel := context.WithCancel(context.Background())
		u, err := s.Undo(ctx, 2, op, func(done, total int) {
			if stopped < 3 && done == total/2+2+stopped {
				cancel()
			}
		})
		cancel()
		if errors.Is(err, context.Canceled) {
			stopped++
			continue
		}
		if err != nil || len(u.Findings) > 0 || u.Kept != 1 {
			t.Fatalf("%+v %v", u, err)
		}
		break
	}
	if stopped != 3 {
		t.Errorf("stopped %d times", stopped)
	}
	s.view(func(v *register.View) {
		if n := len(v.HouseholdsOf(area)); n != 1 || v.Area(area) == nil {
			t.Errorf("%d households are left in the area", n)
		}
		if n := len(v.HouseholdsOf(population.NewID(mint, 1))); n != 6 {
			t.Errorf("%d households of somebody else", n)
		}
		if ops := v.Operations(); len(ops) != 2 || !ops[0].Undone || !ops[1].Ended || ops[1].Broken {
			t.Errorf("operations %+v", ops)
		}
	})
}

func TestDeadClockOnlyAsks(t *testing.T) {
	s := newStation(t).withOfficer()
	f := s.must(2, family(population.NewID(mint, 1), 1))
	s.now = start.AddDate(-50, 0, 0)                                   // the battery is dead
	death := population.Death{Person: f.IDs[3], Date: day(2150, 5, 1)} // after the day of the program itself
	a := s.record(2, registrar.Command{Entries: []population.Entry{death}})
	if a.Status != registrar.StatusAsk || a.Findings[0].Rule != "D01" {
		t.Fatalf("got %+v", a)
	}
	a = s.record(2, registrar.Command{Entries: []population.Entry{death}, Confirm: []population.Confirmation{{Rule: "D01", Reason: "clock"}}})
	if a.Status != registrar.StatusRecorded {
		t.Fatalf("got %+v", a)
	}
}
