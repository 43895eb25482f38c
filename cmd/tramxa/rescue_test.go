package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdCode takes the recovery code out of an answer into a file, in small letters
// and with spaces, as people type it: code stdout FILE.
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: code stdout FILE")
	}
	found := regexp.MustCompile(`[A-Z2-9]{5}(-[A-Z2-9]{5}){4}`).FindString(ts.ReadFile(args[0]))
	if found == "" {
		ts.Fatalf("no code in the answer")
	}
	typed := strings.ToLower(strings.ReplaceAll(found, "-", " "))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(typed+"\n"), 0o600))
}

// cmdGrepCode looks whether any file below a folder has the code, or a group of
// it in capitals: ! grepcode FILE DIR.
func cmdGrepCode(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] grepcode FILE DIR")
	}
	code := strings.ToUpper(strings.TrimSpace(ts.ReadFile(args[0])))
	var forms [][]byte
	for _, sep := range []string{" ", "-", ""} {
		forms = append(forms, []byte(strings.ReplaceAll(code, " ", sep)))
	}
	hit := ""
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(name)
		for _, f := range forms {
			if bytes.Contains(b, f) {
				hit = name
			}
		}
		return err
	}))
	if (hit != "") == neg {
		ts.Fatalf("code below %s: %q", args[1], hit)
	}
}
