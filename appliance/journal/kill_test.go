package journal_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tramxa/appliance/journal"
)

// childDir, when set, makes the test binary append to that journal for ever and
// say after each group how far it is.
const childDir = "TRAMXA_JOURNAL_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, appendForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func appendForever(dir string) error {
	o := options(nil, dir)
	o.SegmentSize = 16 << 10
	j, r, err := journal.Open(context.Background(), o)
	for head, n := r.Head, 1; err == nil; n = n%7 + 1 {
		if _, err = j.Append(drafts(head, n)); err == nil {
			head += journal.Seq(n)
			fmt.Println(head)
		}
	}
	return err
}

// TestKilledProcessKeepsWhatItAnswered kills a real process on the real file
// system while it appends.
func TestKilledProcessKeepsWhatItAnswered(t *testing.T) {
	kills := 6
	if long() {
		kills = 100
	} else {
		t.Logf("%d kills; TRAMXA_LONG=1 makes 100", kills)
	}
	o := options(nil, filepath.Join(t.TempDir(), "j"))
	create(t, o)
	for i := range kills {
		said := killAfter(t, o.Dir, 20+i*13%50)
		j, r := open(t, o)
		if r.Head < said {
			t.Fatalf("kill %d: answered up to %d, found %d", i, said, r.Head)
		}
		if err := check(j, o, 1); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			fill(t, j, r.Head+1)
		}
		closeJournal(t, j)
	}
	if r, err := journal.Verify(context.Background(), o, nil); err != nil || r.Records < 100 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// killAfter starts the child, kills it after so many answers, and returns the
// last sequence it answered.
func killAfter(t *testing.T, dir string, answers int) journal.Seq {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines, said := bufio.NewScanner(out), journal.Seq(0)
	for n := 0; lines.Scan(); n++ {
		seq, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			break // a line cut by the kill
		}
		said = journal.Seq(seq)
		if n == answers {
			must(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil || errs.Len() > 0 {
		t.Fatalf("the child ended by itself: %v: %s", err, errs.String())
	}
	return said
}
