package grubenv_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"tramxa/images/grubenv"
)

func both(grubenv.Slot) bool { return true }

func TestBlockOfVersion1StillReads(t *testing.T) {
	b, err := os.ReadFile("testdata/grubenv1")
	if err != nil {
		t.Fatal(err)
	}
	e, err := grubenv.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := grubenv.Env{Slot: grubenv.B, Tries: 2, Seq: 17}
	if e != want {
		t.Errorf("got %+v", e)
	}
	if !bytes.Equal(e.Marshal(), b) {
		t.Error("written again it differs")
	}
}

func TestTriesCountOnlyUntilConfirmed(t *testing.T) {
	e := grubenv.New().Trial(5)
	slot, e := e.Boot(both)
	if slot != grubenv.B || e.Tries != grubenv.MaxTries-1 {
		t.Fatalf("first trial start: %v %+v", slot, e)
	}
	e = e.Confirm()
	for range 30 { // nervous hands at the switch
		if slot, e = e.Boot(both); slot != grubenv.B || !e.Good || e.Seq != 5 {
			t.Fatalf("a confirmed slot was left: %v %+v", slot, e)
		}
	}
}

func TestSlotThatNeverConfirmsIsLeft(t *testing.T) {
	e := grubenv.New().Trial(5)
	for i := range grubenv.MaxTries {
		var slot grubenv.Slot
		if slot, e = e.Boot(both); slot != grubenv.B {
			t.Fatalf("start %d took %v", i, slot)
		}
	}
	slot, e := e.Boot(both)
	if slot != grubenv.A || !e.Good || !e.Rolled || e.Seq != 5 {
		t.Errorf("after %d starts: %v %+v", grubenv.MaxTries, slot, e)
	}
}

func TestSlotWithoutKernelIsLeft(t *testing.T) {
	slot, e := grubenv.New().Boot(func(s grubenv.Slot) bool { return s == grubenv.B })
	if slot != grubenv.B || !e.Rolled {
		t.Errorf("%v %+v", slot, e)
	}
}

func TestParseRefuses(t *testing.T) {
	good := string(grubenv.New().Marshal())
	for name, s := range map[string]string{
		"short":      good[:1000],
		"no header":  strings.Replace(good, "GRUB", "GRAB", 1),
		"slot":       strings.Replace(good, "slot=A", "slot=C", 1),
		"tries":      strings.Replace(good, "tries=0", "tries=9", 1),
		"good":       strings.Replace(good, "good=1", "good=2", 1),
		"twice":      strings.Replace(good, "good=1", "slot=A"[:6], 1),
		"unknown":    strings.Replace(good, "good=1", "goof=1", 1),
		"no slot":    strings.Replace(good, "slot=A\n", "", 1) + "#######",
		"empty file": "",
	} {
		if _, err := grubenv.Parse([]byte(s)); !errors.Is(err, grubenv.ErrBad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(grubenv.New().Marshal())
	f.Add(grubenv.New().Trial(9).Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := grubenv.Parse(b)
		if err != nil {
			return
		}
		if again, err := grubenv.Parse(e.Marshal()); err != nil || again != e {
			t.Errorf("%+v became %+v, %v", e, again, err)
		}
	})
}
