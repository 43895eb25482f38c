package importer_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/registrar/importer"
)

// childFile names the file a child process of TestMemory imports.
const childFile = "TRAMXA_TEST_IMPORT"

// TestMemory imports 27,000 lines in a process of its own, which has nothing
// else in its memory, and prints its peak. It asserts no figure.
func TestMemory(t *testing.T) {
	if name := os.Getenv(childFile); name != "" {
		child(t, name)
		return
	}
	if os.Getenv("TRAMXA_LONG") != "1" {
		t.Skip("the peak memory of 27,000 lines: only with TRAMXA_LONG=1")
	}
	c := populationtest.New(populationtest.Options{Seed: 6, Persons: 27000, Mint: mint, Start: population.Date{Year: 2026, Month: 12, Day: 31}})
	var file bytes.Buffer
	if _, _, err := c.WriteCSV(&file, populationtest.CSVOptions{BrokenShare: 0.01}); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a0.csv")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemory$", "-test.v")
	cmd.Env = append(os.Environ(), childFile+"="+name)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

func child(t *testing.T, name string) {
	debug.SetMemoryLimit(128 << 20) // as a station runs
	s := newStation(t)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	began := time.Now()
	b, err := importer.Read(f, importer.ReadOptions{Today: today})
	if err != nil {
		t.Fatal(err)
	}
	res := s.run(b, s.options())
	t.Logf("%d lines, %d taken, %d refused in %v; %s", res.Lines, res.Taken, res.RefusedLines(), time.Since(began).Round(time.Millisecond), peak())
}

// peak is the process's highest resident memory, and how much of it is its own
// now (the rest is the view's files, which the system may drop), where the
// system tells.
func peak() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "memory is not known here"
	}
	out := "resident:"
	for _, line := range strings.Split(string(b), "\n") {
		if f := strings.Fields(line); len(f) == 3 && (f[0] == "VmHWM:" || f[0] == "RssAnon:" || f[0] == "RssFile:") {
			out += " " + strings.Join(f, " ")
		}
	}
	return out
}
