package backups_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"tramxa/appliance/backups"
)

const codeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// fixedCode is the code of the golden file.
func fixedCode(t testing.TB) backups.RecoveryCode {
	t.Helper()
	c, err := backups.NewRecoveryCode(bytes.NewReader([]byte("tramxa recovery code")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCodeOfVersion1(t *testing.T) {
	if got := fixedCode(t).Reveal(); got != "WUBPJ-2BAU5-FDRYZ-FU3AY-DREFS" {
		t.Errorf("the code is %s: sheets that are printed would no longer be read", got)
	}
}

func TestACodeIsReadAsPeopleTypeIt(t *testing.T) {
	c, err := backups.NewRecoveryCode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Reveal()
	for _, typed := range []string{r, strings.ToLower(r), strings.ReplaceAll(r, "-", " "), strings.ReplaceAll(r, "-", ""),
		" " + strings.ReplaceAll(r, "-", " – ") + "\r\n", strings.ReplaceAll(r, "-", "\n")} {
		got, err := backups.ParseRecoveryCode(typed)
		if err != nil || got != c {
			t.Errorf("typed another way: %v", err)
		}
	}
}

func TestATypingErrorIsNamedByItsGroup(t *testing.T) {
	c := fixedCode(t)
	text := strings.Join(func() []string { g := c.Groups(); return g[:] }(), "")
	for i := range text {
		for _, r := range codeLetters + "0O1IĐ" {
			if byte(r) == text[i] && r < 128 {
				continue
			}
			wantGroup(t, text[:i]+string(r)+text[i+1:], i/5+1)
		}
		if i%5 < 4 && text[i] != text[i+1] { // two neighbours swapped
			wantGroup(t, text[:i]+string(text[i+1])+string(text[i])+text[i+2:], i/5+1)
		}
	}
	g := c.Groups()
	for a := range g {
		for b := a + 1; b < len(g); b++ {
			swapped := g
			swapped[a], swapped[b] = g[b], g[a]
			wantGroup(t, strings.Join(swapped[:], ""), a+1)
		}
	}
	for _, other := range []string{"", "A", text[:24], text + "A", strings.Repeat("A", 2000)} {
		wantGroup(t, other, 0)
	}
}

func wantGroup(t *testing.T, typed string, group int) {
	t.Helper()
	_, err := backups.ParseRecoveryCode(typed)
	var e *backups.CodeError
	if !errors.As(err, &e) || !errors.Is(err, backups.ErrBadCode) || e.Group != group {
		t.Errorf("typed %.40q: %v, want group %d", typed, err, group)
	}
	if err != nil && len(typed) > 5 && strings.Contains(err.Error(), typed[:5]) {
		t.Errorf("the error shows what was typed: %v", err)
	}
}

func TestACodeDoesNotShowItself(t *testing.T) {
	c := fixedCode(t)
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "code", c)
	fmt.Fprintf(&b, "%v %+v %#v %s", c, c, c, c)
	if g := c.Groups(); strings.Contains(b.String(), g[0]) || strings.Contains(b.String(), g[4]) {
		t.Errorf("shown: %s", b.String())
	}
}

func FuzzParseRecoveryCode(f *testing.F) {
	f.Add("WUBPJ-2BAU5-FDRYZ-FU3AY-DREFS")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := backups.ParseRecoveryCode(s)
		if err != nil {
			return
		}
		if again, err := backups.ParseRecoveryCode(c.Reveal()); err != nil || again != c {
			t.Errorf("%q is read once and not twice: %v", s, err)
		}
	})
}
