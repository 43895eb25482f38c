package service_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/service"
)

func TestLogStaysBounded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log", "tramxa.log")
	l := &service.RotatedLog{Path: name, Max: 1000, Keep: 3}
	line := strings.Repeat("x", 99) + "\n"
	for range 100 {
		if n, err := l.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(name + "*")
	if err != nil || len(files) != 4 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err != nil || len(b) != 1000 {
			t.Errorf("%s has %d bytes, %v", f, len(b), err)
		}
	}
}

func TestLogGoesOnWhereItStopped(t *testing.T) {
	name := filepath.Join(t.TempDir(), "tramxa.log")
	for _, s := range []string{"one\n", "two\n"} {
		l := &service.RotatedLog{Path: name}
		_, _ = l.Write([]byte(s))
		l.Close()
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "one\ntwo\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestLogThatCannotBeWrittenStopsNobody(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := &service.RotatedLog{Path: filepath.Join(blocked, "tramxa.log")}
	if n, err := l.Write([]byte("lost\n")); n != 5 || err != nil {
		t.Errorf("%d, %v: the program would end with its log", n, err)
	}
}
