package pack

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// setup makes an installer around a program.
func setup(t *testing.T, version string, program []byte, sign *Authenticode) string {
	t.Helper()
	v, err := ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "tramxa-"+version+"-setup.exe")
	x := Windows{Version: v, Program: program, License: []byte("free\n"), SBOM: []byte("{}\n")}
	switch err := x.Setup(t.Context(), out, sign, day); {
	case errors.Is(err, ErrNoTool):
		t.Skipf("skipped: %v", err)
	case err != nil:
		t.Fatal(err)
	}
	return out
}

func TestTheInstallerIsMadeTwiceAlike(t *testing.T) {
	one, err := os.ReadFile(setup(t, "1.2.3", []byte("MZ"), nil))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a clock inside would show
	two, err := os.ReadFile(setup(t, "1.2.3", []byte("MZ"), nil))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(one, []byte("MZ")) || !bytes.Equal(one, two) {
		t.Errorf("two installers of one program, %d and %d bytes, differ", len(one), len(two))
	}
}

func TestTheIconIsOne(t *testing.T) {
	b := Icon()
	if !bytes.HasPrefix(b, []byte{0, 0, 1, 0, 3, 0, 16, 16}) {
		t.Fatalf("no icon: % x", b[:8])
	}
	// The middle of the largest picture is white, its corner is nothing.
	at := 6 + 3*16 + (40 + 4*16*16 + 4*16) + (40 + 4*32*32 + 4*32) + 40
	if corner := b[at : at+4]; !bytes.Equal(corner, []byte{0, 0, 0, 0}) {
		t.Errorf("corner % x", corner)
	}
	if middle := b[at+4*(48*24+24):][:4]; !bytes.Equal(middle, []byte{255, 255, 255, 255}) {
		t.Errorf("middle % x", middle)
	}
}
