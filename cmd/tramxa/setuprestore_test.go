package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/register"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
	"tramxa/localui"
	"tramxa/service/place"
)

// frozenCode opens the sealed keys of the frozen place of backups.
func frozenCode(t *testing.T) string {
	t.Helper()
	code, err := backups.NewRecoveryCode(strings.NewReader("tramxa recovery code"))
	if err != nil {
		t.Fatal(err)
	}
	return code.Reveal()
}

// frozenPlace copies the frozen place of backups into dir and returns the folder
// of its station.
func frozenPlace(t *testing.T, dir string) string {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "appliance", "backups", "testdata", "place1"))); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "station-7-d86e846f")
}

// addCopy puts another copy beside the frozen one, with fields changed.
func addCopy(t *testing.T, folder, name string, fields map[string]any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, "copies", "000001.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := store.Unseal(b, &all); err != nil {
		t.Fatal(err)
	}
	for k, v := range fields {
		all[k] = v
	}
	b, err = store.Seal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "copies", name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// emptyPC is a setup on a PC with nothing but backups on it.
func emptyPC(t *testing.T) *founding {
	t.Helper()
	base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
	recent := newRecentLog()
	r := &running{base: base, log: newLogger(recent, slog.LevelInfo), recent: recent}
	r.atBase(false)
	return &founding{running: r}
}

func noProgress(localui.Text, int64, int64) {}

// choices are the IDs of what the setup offers, the copies of the frozen place.
func choices(t *testing.T, f *founding) (list []localui.BackupChoice) {
	t.Helper()
	all, err := f.oldOnes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if strings.HasPrefix(c.ID, string(f.base)) {
			list = append(list, c)
		}
	}
	return list
}

// TestTheSetupBringsBackTheCopyThatWasChosen: the second one states another
// register, so the answer tells which was taken.
func TestTheSetupBringsBackTheCopyThatWasChosen(t *testing.T) {
	for name, want := range map[string]error{"#1": nil, "#2": localui.ErrDiffers} {
		f := emptyPC(t)
		folder := frozenPlace(t, f.base.Backups())
		addCopy(t, folder, "000002.json", map[string]any{"number": 2, "fold": register.FoldVersion, "state": strings.Repeat("ab", 32)})
		list := choices(t, f)
		if len(list) != 2 || list[0].ID == list[1].ID {
			t.Fatalf("%+v", list)
		}
		if err := f.bringBack(t.Context(), folder+name, frozenCode(t), noProgress); !errors.Is(err, want) {
			t.Errorf("copy %s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(f.dir, configFile)); err != nil {
			t.Errorf("copy %s is not in place: %v", name, err)
		}
	}
	f := emptyPC(t)
	var refused localui.Refusal
	if err := f.bringBack(t.Context(), frozenPlace(t, f.base.Backups()), frozenCode(t), noProgress); !errors.As(err, &refused) {
		t.Errorf("a place is no copy: %v", err)
	}
}

// TestTheSetupRefusesACopyBesideNewerOnes: it says what is needed, before it asks
// for a code, and leaves the PC as it is.
func TestTheSetupRefusesACopyBesideNewerOnes(t *testing.T) {
	f := emptyPC(t)
	folder := frozenPlace(t, f.base.Backups())
	addCopy(t, folder, "000002.json", map[string]any{"version": 2, "number": 2})
	refuse := func() {
		t.Helper()
		list := choices(t, f)
		if len(list) != 1 || list[0].NeedsCode || !strings.Contains(list[0].Detail.Vi, "cần USB cài đặt mới hơn") {
			t.Fatalf("%+v", list)
		}
		var refused localui.Refusal
		err := f.bringBack(t.Context(), list[0].ID, "", noProgress)
		if !errors.As(err, &refused) || !strings.Contains(refused.Vi, "USB mới hơn") || !strings.Contains(refused.En, "newer stick") {
			t.Errorf("brought back: %v", err)
		}
		if _, err := os.Stat(f.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the PC was changed: %v", err)
		}
	}
	refuse()
	if err := os.Remove(filepath.Join(folder, "copies", "000001.json")); err != nil {
		t.Fatal(err)
	}
	refuse() // newer ones alone
}

// TestTheRescueDialogTakesAnOlderCopyOnlyKnowingly: the word must be typed, and
// newer ones alone are refused.
func TestTheRescueDialogTakesAnOlderCopyOnlyKnowingly(t *testing.T) {
	stick := filepath.Join(t.TempDir(), backups.StickFolder)
	folder := frozenPlace(t, stick)
	addCopy(t, folder, "000002.json", map[string]any{"version": 2, "number": 2})
	found := func() rescue.Found {
		t.Helper()
		list, err := rescue.Find(context.Background(), rescue.FindOptions{Roots: []string{stick}})
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0]
	}
	ask := func(typed string) (string, rescue.Found, error) {
		var shown strings.Builder
		m := &rescueMenu{rescueCall: &rescueCall{lang: "vi"}, in: bufio.NewReader(strings.NewReader(typed + "\n")), out: &shown}
		f, err := m.knowingly(found(), true)
		return m.describe(found()) + shown.String(), f, err
	}
	shown, _, err := ask("")
	if !errors.Is(err, errBack) || !strings.Contains(shown, "cần USB mới hơn") || !strings.Contains(shown, "chỉ tới bản ghi 13") {
		t.Errorf("%v\n%s", err, shown)
	}
	if _, f, err := ask("ban cu"); err != nil || f.Newer() != nil || f.Backup.Number != 1 {
		t.Errorf("knowingly: %+v, %v", f, err)
	}
	if err := os.Remove(filepath.Join(folder, "copies", "000001.json")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask("ban cu"); !errors.Is(err, journal.ErrNewer) || !strings.Contains(hint(err), "USB") {
		t.Errorf("newer ones alone: %v; hint: %s", err, hint(err))
	}
}

// TestARestoredRegisterThatDiffersIsSaid: in the answer of the verb, Vietnamese first.
func TestARestoredRegisterThatDiffersIsSaid(t *testing.T) {
	stick := filepath.Join(t.TempDir(), backups.StickFolder)
	addCopy(t, frozenPlace(t, stick), "000002.json", map[string]any{"number": 2, "fold": register.FoldVersion, "state": strings.Repeat("ab", 32)})
	for copy, want := range map[string]bool{"1": false, "2": true} {
		var out strings.Builder
		std := stdio{in: strings.NewReader(frozenCode(t) + "\n"), out: &out, err: io.Discard}
		if err := runRestore(t.Context(), []string{stick, "--dir", filepath.Join(t.TempDir(), "station"), "--code", "--copy", copy}, std); err != nil {
			t.Fatal(err)
		}
		vi, en := strings.Index(out.String(), "CHÚ Ý: nhật ký nguyên vẹn"), strings.Index(out.String(), "ATTENTION: the journal is whole")
		if (vi >= 0) != want || (en > vi) != want {
			t.Errorf("copy %s:\n%s", copy, out.String())
		}
	}
}
