package pack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoTool is wrapped when a program that makes a package is not on this
// machine.
var ErrNoTool = errors.New("tool is not installed")

// Setup writes the Windows installer into the file out, by makensis. With sign
// its uninstaller and the installer itself are signed; the program inside was
// signed before, by the caller. ErrNoTool without makensis or osslsigncode.
func (x Windows) Setup(ctx context.Context, out string, sign *Authenticode, at time.Time) error {
	if err := needs("makensis", "nsis"); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tramxa-setup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := x.stage(dir, sign, at); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "makensis", "-V2", "-WX", "-NOCD", "-INPUTCHARSET", "UTF8", "setup.nsi")
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the installer: %w\n%s", err, said)
	}
	made := filepath.Join(dir, "tramxa-setup.exe")
	if sign != nil {
		if err := sign.Sign(ctx, made); err != nil {
			return err
		}
	}
	b, err := os.ReadFile(made)
	if err != nil {
		return err
	}
	return os.WriteFile(out, b, 0o644)
}

// stage writes what makensis reads. The installer keeps the times of its files,
// so each is set.
func (x Windows) stage(dir string, sign *Authenticode, at time.Time) error {
	v := x.Version.String()
	script := strings.NewReplacer("@VERSION@", v, "@NUMBERS@", x.Version.Windows(), "@SHA256@", fmt.Sprintf("%x", sha256.Sum256(x.Program)), "@OUT@", "tramxa-setup.exe", "@SIGN@", finalize(sign)).
		Replace(text("windows/setup.nsi", v))
	for name, content := range map[string][]byte{
		"setup.nsi":       []byte(script),
		"tramxa.exe":      x.Program,
		"tramxa.ico":      Icon(),
		"bringback.cmd":   crlf(text("windows/bringback.cmd", v)),
		"bringback.xml":   crlf(text("windows/bringback.xml", v)),
		"LICENSE.txt":     crlf(string(x.License)),
		"tramxa.cdx.json": x.SBOM,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, content, 0o644), os.Chtimes(path, at, at)); err != nil {
			return err
		}
	}
	return nil
}

// finalize is the line that makes makensis have the uninstaller signed.
func finalize(sign *Authenticode) string {
	if sign == nil {
		return ""
	}
	words := append([]string{"osslsigncode"}, sign.args("%1", "%1.signed")...)
	for i, w := range words {
		words[i] = `"` + w + `"`
	}
	return `!uninstfinalize '` + strings.Join(words, " ") + ` && mv "%1.signed" "%1"' = 0`
}

// needs says which Debian package brings a program that is missing.
func needs(program, debian string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%w: %s; apt-get install %s", ErrNoTool, program, debian)
	}
	return nil
}
