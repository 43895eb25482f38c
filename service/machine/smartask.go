package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/sealed"
)

// smartTime bounds one question: a disk that sleeps takes up to 15 s to turn.
const smartTime = 30 * time.Second

// AskSmart asks a disk ("/dev/sda") about its health, with smartctl where that is
// installed. It needs an administrator's rights, and it does not fail: without an
// answer the verdict is Untold, with the reason.
func AskSmart(ctx context.Context, device string) Smart {
	s := Smart{Device: device, Verdict: Untold, Counts: noCounts()}
	tool, err := exec.LookPath("smartctl")
	if err != nil {
		tool, err = exec.LookPath("/usr/sbin/smartctl")
	}
	switch {
	case err != nil:
		s.Reasons = []Reason{reason("smart.notool")}
		return s
	case !strings.HasPrefix(device, "/dev/") || strings.ContainsAny(device, " \t\n"):
		s.Reasons = []Reason{reason("smart.nodisk")}
		return s
	}
	if _, err := os.Stat(device); errors.Is(err, fs.ErrNotExist) {
		s.Reasons = []Reason{reason("smart.gone")}
		return s
	}
	return askBoth(device, func(how ...string) (Smart, error) {
		return runSmart(ctx, tool, append(how, "-j", "-a", device))
	})
}

// askBoth asks plainly and, where that tells nothing, as one asks a USB bridge
// that does not say what it is. When neither tells anything the first answer says
// why: the second only says that the disk is not behind such a bridge, a virtual
// one in words that sound like missing rights.
func askBoth(device string, ask func(how ...string) (Smart, error)) Smart {
	s, err := ask()
	if err == nil && s.Verdict == Untold {
		if bridged, err := ask("-d", "sat"); err == nil && bridged.Verdict != Untold {
			s = bridged
		}
	}
	if err != nil { // it would not answer another question either
		s = Smart{Verdict: Untold, Counts: noCounts(), Reasons: []Reason{noAnswer(err)}}
	}
	if s.Device == "" {
		s.Device = device
	}
	return s
}

// noAnswer is why the tool gave none that can be read.
func noAnswer(err error) Reason {
	if errors.Is(err, errLate) {
		return reason("smart.late")
	}
	return reason("smart.unread", "cause", cut(err.Error()))
}

// errLate: the disk does not answer within smartTime.
var errLate = errors.New("the disk does not answer in time")

// runSmart starts the tool. Its exit status is a set of bits, of which only the
// first two mean that there is no answer; the answer says so itself.
func runSmart(ctx context.Context, tool string, args []string) (Smart, error) {
	ctx, stop := context.WithTimeout(ctx, smartTime)
	defer stop()
	var out bounded
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Stdout = &out
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return Smart{}, errLate
	case err != nil && !errors.As(err, &exit):
		return Smart{}, err
	case out.full:
		return Smart{}, fmt.Errorf("%w: it does not end", ErrSmart)
	}
	return ParseSmart(out.Bytes())
}

// bounded keeps at most maxSmart bytes.
type bounded struct {
	bytes.Buffer
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxSmart - b.Len(); len(p) > room {
		b.full = true
		b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// Truer is the better of two answers: of one who asked the disk now and of the job
// with rights that did before and left its answer. When neither tells anything, a
// refusal for want of rights says nothing of the disk, so what the job learned of
// it holds: that a USB bridge hides it, say.
func Truer(asked, left Smart) Smart {
	learned := !slices.Contains([]string{"", "smart.notasked", "smart.notool", "smart.norights"}, firstKey(left.Reasons))
	switch {
	case asked.Verdict != Untold:
		return asked
	case left.Verdict != Untold, learned && firstKey(asked.Reasons) == "smart.norights":
		return left
	}
	return asked
}

// SmartPath is where a job with an administrator's rights leaves the answer for
// the service, which has none: in a directory that only the former writes.
const SmartPath = "/run/tramxa/smart.json"

const smartVersion = 1

type smartFile struct {
	Version int   `json:"version"`
	Smart   Smart `json:"smart"`
}

// SaveSmart writes an answer for LoadSmart.
func SaveSmart(fsys journal.FS, name string, s Smart) error {
	b, err := sealed.Encode(smartFile{Version: smartVersion, Smart: s})
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(fsys, name, b, 0o644)
}

// LoadSmart reads what SaveSmart wrote; without a file the verdict is Untold.
func LoadSmart(fsys journal.FS, name string) (Smart, error) {
	none := Smart{Verdict: Untold, Counts: noCounts(), Reasons: []Reason{reason("smart.notasked")}}
	b, err := journal.ReadFile(fsys, name, maxSealed)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	var f smartFile
	if err := unseal(b, &f); err != nil {
		return none, fmt.Errorf("%s: %w", name, err)
	}
	if f.Version != smartVersion {
		return none, fmt.Errorf("%w: health of the disk, version %d", ErrDamaged, f.Version)
	}
	return f.Smart, nil
}
