package servicetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain also plays the browser inside a container: with TRAMXA_TEST_FETCH set
// the test binary fetches that address and prints the status.
func TestMain(m *testing.M) {
	if url := os.Getenv("TRAMXA_TEST_FETCH"); url != "" {
		status, err := fetch(url)
		fmt.Println(status)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// patience ends what hangs. Nothing is measured with it: these tests run on
// machines that are busy with others.
const patience = 8 * time.Minute

// fetch asks for a page. A closed door is an answer at once; a minute is for a
// machine without a moment to spare.
func fetch(url string) (int, error) {
	c := http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
	r, err := c.Get(url)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return r.StatusCode, err
}

// wanted skips unless the tests of systems are asked for and can run here.
func wanted(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getenv("TRAMXA_SYSTEM") != "1" {
		t.Skip("skipped: TRAMXA_SYSTEM=1 asks for the tests under real service managers, they take minutes")
	}
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("skipped: needs root on Linux to make a system of its own")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: needs %s", tool)
		}
	}
}

// build builds tramxa for a system.
func build(t *testing.T, goos string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "tramxa")
	if goos == "windows" {
		out += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", out, "tramxa/cmd/tramxa")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0", "GOPROXY=off")
	must(t, cmd)
	return out
}

// must runs a command and gives its output.
func must(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// eventually waits for a condition and says how long it took.
func eventually(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > patience {
			t.Fatalf("%s: not within %s", what, patience)
		}
		time.Sleep(200 * time.Millisecond)
	}
	return time.Since(began).Round(100 * time.Millisecond)
}

// paused wants the pauses that a launcher's log tells of to be those promised: 2 s
// after the first failure, at most twice as long after each further one, a minute
// in the end. With them and the deadlines that the log names for what hangs it is
// known how long a page is away, which the clock of a busy machine does not tell.
func paused(t *testing.T, log string) {
	t.Helper()
	told, most := 0, time.Second
	for line := range strings.Lines(log) {
		if strings.Contains(line, `msg="program failed"`) {
			most = min(2*most, time.Minute)
		}
		_, after, found := strings.Cut(strings.TrimSpace(line), `msg="waiting before the next start" pause=`)
		if !found {
			continue
		}
		told++
		if pause, err := time.ParseDuration(after); err != nil || pause <= 0 || pause > most {
			t.Errorf("pause %s, at most %s: %v", after, most, err)
		}
	}
	if told == 0 {
		t.Errorf("the launcher tells of no pause:\n%s", log)
	}
}

// processes are the processes below pid, with their command lines.
func processes(pid int) map[int]string {
	parents := make(map[int]int)
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		parents[child], _ = strconv.Atoi(fields[1])
	}
	found := make(map[int]string)
	for child := range parents {
		for p := parents[child]; p > 0; p = parents[p] {
			if p == pid {
				b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
				found[child] = strings.ReplaceAll(strings.TrimRight(string(b), "\x00"), "\x00", " ")
				break
			}
		}
	}
	return found
}
