package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/replication/spoke"
	"tramxa/service/machine"
	"tramxa/service/place"
	"tramxa/service/update"
)

// onPC opens the station of a base as the service does, on a PC whose board has
// this serial number, lets it talk to the hub until done says so, and stops.
func onPC(t *testing.T, base place.Base, serial string, done func(n *stationNode) bool) (moved bool) {
	t.Helper()
	r := &running{base: base, out: io.Discard, log: newLogger(nil, 0), recent: newRecentLog()}
	r.atBase(false)
	if err := r.lookAround(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.pc.facts.Board = machine.Board{Vendor: "Dell", BoardSerial: serial}
	r.pc.facts.Disk.Serial = ""
	n, err := openStation(t.Context(), r.dir, r.log, r.tune)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if n.care, err = newCare(r, n); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	talking := make(chan struct{})
	go func() { defer close(talking); _ = n.exchange(ctx) }()
	for !done(n) && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Errorf("on %s: not within %v; %+v", serial, patience, n.status())
	}
	stop()
	<-talking
	return r.pc.watch.History().Moved
}

func delivered(n *stationNode) bool { st := n.Status(); return st.Head > 0 && st.Acked.Seq == st.Head }

// TestClonedDiskIsNoticed: a whole disk is copied and started in another PC. The
// copy takes another installation number by itself, also when the power goes in
// between, and the real hub lets only the first go on.
func TestClonedDiskIsNoticed(t *testing.T) {
	hubDir, hub, _ := loneHub(t, update.Trust{})
	pin, err := os.ReadFile(filepath.Join(hubDir, "hub.pin"))
	if err != nil {
		t.Fatal(err)
	}
	base := place.Base(filepath.Join(t.TempDir(), "a", "tramxa"))
	reg, err := initStation(base.Station(), stationConfig{Key: base.StationKey(), Listen: "127.0.0.1:0", Reserve: 1, Hub: []string{hub.config.Link}, HubPin: string(bytes.TrimSpace(pin))}, 8, 8, "23764")
	if err != nil {
		t.Fatal(err)
	}
	if err := hub.RegisterStation(t.Context(), reg, "Trạm Ia Grai"); err != nil {
		t.Fatal(err)
	}
	head := population.Tidy(population.UserCreated{Number: 1, Login: "lan", Name: "Trần Thị Lan", Role: population.RoleHead})
	onPC(t, base, "A1", func(n *stationNode) bool {
		if n.Status().Head == 0 {
			if err := n.invent(t.Context(), head); err != nil {
				t.Fatal(err)
			}
		}
		return delivered(n)
	})

	clone := place.Base(filepath.Join(t.TempDir(), "b", "tramxa"))
	if err := os.CopyFS(string(clone), os.DirFS(string(base))); err != nil {
		t.Fatal(err)
	}
	if err := newInstall(clone.Station()); err != nil { // and the power goes, before the machine is noted
		t.Fatal(err)
	}
	moved := onPC(t, clone, "B2", func(n *stationNode) bool {
		sp := n.spoke.Load()
		return sp != nil && errors.Is(sp.Status().LastError, spoke.ErrFenced)
	})
	if !moved {
		t.Error("the technician's page does not ask whether the move was meant")
	}
	a, err1 := os.ReadFile(filepath.Join(base.Station(), installFile))
	b, err2 := os.ReadFile(filepath.Join(clone.Station(), installFile))
	if err1 != nil || err2 != nil || bytes.Equal(a, b) {
		t.Errorf("both copies have one installation number, %v %v", err1, err2)
	}
	area := population.Tidy(population.AreaDefined{Number: 1, Unit: 23764, Hamlet: "Thôn Một", Date: population.Date{Year: 2026, Month: 1, Day: 1}})
	written := false
	if onPC(t, base, "A1", func(n *stationNode) bool {
		if !written {
			written = true
			if err := n.invent(t.Context(), area); err != nil {
				t.Fatal(err)
			}
		}
		return delivered(n)
	}) {
		t.Error("the first says that it was moved")
	}
}
