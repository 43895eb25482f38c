package pack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// Authenticode signs Windows programs with a code-signing certificate, by the
// tool osslsigncode. Without a certificate of a public authority Windows still
// warns; a province's own one is trusted where its root is installed.
type Authenticode struct {
	Cert, Key string // PEM files
	At        time.Time
}

// args are the arguments that sign in as out. The signing time is At, so that a
// key whose signatures have no chance in them (RSA) signs the same bytes twice.
func (a Authenticode) args(in, out string) []string {
	return []string{"sign", "-certs", a.Cert, "-key", a.Key, "-h", "sha256", "-n", "tramxa", "-time", strconv.FormatInt(a.At.Unix(), 10), "-in", in, "-out", out}
}

// Sign replaces the file by its signed form.
func (a Authenticode) Sign(ctx context.Context, file string) error {
	out := file + ".signed"
	if said, err := exec.CommandContext(ctx, "osslsigncode", a.args(file, out)...).CombinedOutput(); err != nil {
		_ = os.Remove(out)
		return fmt.Errorf("sign %s: %w\n%s", file, err, said)
	}
	return os.Rename(out, file)
}
