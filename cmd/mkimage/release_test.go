package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tramxa/images/pack"
	"tramxa/service/update"
)

const passphrases = "gạo trắng nước trong\nmưa thuận gió hòa\ncây cao bóng cả\n"

// try runs mkimage and wants it to end well.
func try(t *testing.T, args ...string) string {
	t.Helper()
	var out, problems bytes.Buffer
	if code := run(t.Context(), args, &out, &problems); code != 0 {
		t.Fatalf("mkimage %s: %d\n%s%s", strings.Join(args, " "), code, out.String(), problems.String())
	}
	return out.String()
}

// refused runs mkimage and wants it to end with the code and the word.
func refused(t *testing.T, code int, word string, args ...string) {
	t.Helper()
	var out, problems bytes.Buffer
	if got := run(t.Context(), args, &out, &problems); got != code || !strings.Contains(problems.String(), word) {
		t.Errorf("mkimage %s: code %d, want %d and %q:\n%s", strings.Join(args, " "), got, code, word, problems.String())
	}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
	return name
}

// unsigned lays a release of two small programs into dir, as 'release --chain'
// leaves it.
func unsigned(t *testing.T, dir string) {
	t.Helper()
	d := update.Draft{Channel: "stable", Sequence: 7, Version: "1.2.3", Commit: "0123456789", Formats: update.ThisFormats,
		Released: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Expires: time.Date(2029, 11, 22, 0, 0, 0, 0, time.UTC)}
	for _, target := range pack.Targets {
		name := write(t, filepath.Join(dir, "programs", target.Dash(), target.Program()), "program for "+target.String())
		d.Files = append(d.Files, update.DraftFile{System: target.String(), Kind: update.KindProgram, Path: name})
	}
	if err := os.Mkdir(filepath.Join(dir, partsDir), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := update.Pack(t.Context(), d, filepath.Join(dir, partsDir))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, manifestFile), string(p.Bytes))
	sums, err := pack.Sums(dir, unlisted)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, pack.SumsFile), string(sums))
}

// keysMade is where theKeys has put them; "" before it ran.
var keysMade string

// theKeys is one set of keys for all tests: opening a sealed key is slow on
// purpose.
var theKeys = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mkimage-keys-")
	if err != nil {
		return "", err
	}
	keysMade = dir
	pass := filepath.Join(dir, "pass")
	if err := os.WriteFile(pass, []byte(passphrases), 0o600); err != nil {
		return "", err
	}
	_, err = makeKeys(filepath.Join(dir, "keys"), pass, 3, 2)
	return dir, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if keysMade != "" {
		_ = os.RemoveAll(keysMade)
	}
	os.Exit(code)
}

// keys is a directory of three keys and the file of their passphrases.
func keys(t *testing.T) (dir, pass string) {
	t.Helper()
	d, err := theKeys()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(d, "keys"), filepath.Join(d, "pass")
}

// TestHoldersSignApart is the whole ceremony: three keys, two of whose holders
// sign on machines of their own.
func TestHoldersSignApart(t *testing.T) {
	keys, _ := keys(t)
	dir := t.TempDir()
	r, one := filepath.Join(dir, "r"), filepath.Join(dir, "one")
	unsigned(t, r)
	chain := filepath.Join(keys, chainFile)
	sign := func(n int) {
		t.Helper()
		write(t, one, strings.Split(passphrases, "\n")[n-1])
		try(t, "keys", "sign", r, "--key", filepath.Join(keys, keyFile(n)), "--passphrases", one)
	}
	refused(t, 1, "0 of 2 signatures", "keys", "join", r, "--chain", chain)
	sign(3)
	refused(t, 1, "1 of 2 signatures", "keys", "join", r, "--chain", chain)
	sign(1)
	try(t, "keys", "join", r, "--chain", chain)
	if said := try(t, "keys", "check", r, "--chain", chain); !strings.Contains(said, "release 1.2.3, sequence 7, signed with key set 1") {
		t.Error(said)
	}

	// A file that changed after it was signed is found, and not signed either.
	write(t, filepath.Join(r, "programs", "linux-amd64", "tramxa"), "another program")
	refused(t, 1, "not those that", "keys", "check", r, "--chain", chain)
	refused(t, 1, "nothing signed", "keys", "sign", r, "--key", filepath.Join(keys, keyFile(1)), "--passphrases", one)
}

func TestKeysAreReplacedBySignature(t *testing.T) {
	one, pass := keys(t)
	dir := t.TempDir()
	two := filepath.Join(dir, "two")
	young := write(t, filepath.Join(dir, "young"), "mặt trời mọc đằng đông\n")
	refused(t, 2, "3 passphrases", "keys", "make", "--out", two, "--passphrases", young)
	if said := try(t, "keys", "make", "--out", two, "--passphrases", young, "--keys", "1", "--threshold", "1"); !strings.HasPrefix(said, "key set 1: 1 of 1 keys must sign: ") {
		t.Error(said)
	}
	refused(t, 1, "exists", "keys", "make", "--out", one, "--passphrases", pass)
	few := write(t, filepath.Join(dir, "few"), "\nmưa thuận gió hòa\ncây cao bóng cả\n") // the first holder is away
	if said := try(t, "keys", "rotate", "--keys", one, "--passphrases", few, "--next", two, "--next-passphrases", young); !strings.HasPrefix(said, "key set 2: 1 of 1") {
		t.Error(said)
	}
	refused(t, 1, "chain already", "keys", "rotate", "--keys", one, "--passphrases", pass, "--next", two, "--next-passphrases", young)
	old, err := readSigners(releaseOptions{chain: filepath.Join(one, chainFile)})
	if err != nil {
		t.Fatal(err)
	}
	now, err := readSigners(releaseOptions{keys: two, passphrases: young})
	if err != nil || len(now.keys) != 1 {
		t.Fatal(err, now)
	}
	// Who trusts the first set takes what the second signs.
	sums := []byte("x\n")
	b, err := update.NewSignatures(now.chain, now.keys[0].SignSums(sums)).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if err := update.NewTrust(old.chain.Last()).VerifySums(sums, b); err != nil {
		t.Error(err)
	}
}

func TestReleaseSaysWhatIsWrongBeforeItBuilds(t *testing.T) {
	keys, _ := keys(t)
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "one"), "gạo trắng nước trong\n")
	out := filepath.Join(dir, "out")
	refused(t, 2, "--version and --out", "release", "--out", out)
	refused(t, 2, "no version", "release", "--version", "v1", "--out", out)
	refused(t, 2, "not both", "release", "--version", "1.0.0", "--out", out, "--keys", keys, "--chain", keys)
	refused(t, 2, "--passphrases", "release", "--version", "1.0.0", "--out", out, "--keys", keys)
	refused(t, 2, "go together", "release", "--version", "1.0.0", "--out", out, "--cert", one)
	refused(t, 1, "there already", "release", "--dirty", "--version", "1.0.0", "--out", dir)
	refused(t, 1, "1 keys at hand, 2 must sign", "release", "--dirty", "--version", "1.0.0", "--out", out, "--keys", keys, "--passphrases", one)
	refused(t, 1, "does not open", "release", "--dirty", "--version", "1.0.0", "--out", out, "--keys", keys, "--passphrases", write(t, filepath.Join(dir, "bad"), "gạo đen nước đục\n"))
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused release left something behind")
	}
}

// TestADirtyTreeIsNoRelease asks a real repository.
func TestADirtyTreeIsNoRelease(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("skipped: no git here")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_COMMITTER_DATE=2026-11-22T00:00:00Z", "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	write(t, filepath.Join(dir, "go.mod"), "module x\n")
	git("add", ".")
	git("commit", "-q", "-m", "x")
	s, err := readSource(t.Context(), false)
	if err != nil || s.count != 1 || len(s.commit) != 40 || !s.at.Equal(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v %+v", err, s)
	}
	write(t, filepath.Join(dir, "new.go"), "package x\n")
	if _, err := readSource(t.Context(), false); !errors.Is(err, errSource) || !strings.Contains(err.Error(), "new.go") {
		t.Errorf("a file that is in no commit: %v", err)
	}
	if s, err := readSource(t.Context(), true); err != nil || !strings.HasSuffix(s.commit, "+dirty") {
		t.Errorf("%v %+v", err, s)
	}
}

// TestTheSameCommitGivesTheSameBytes makes two whole releases, one in the
// repository and one in a clone of it elsewhere, and compares every file.
func TestTheSameCommitGivesTheSameBytes(t *testing.T) {
	if os.Getenv("TRAMXA_SYSTEM") == "" {
		t.Skip("skipped: builds every package twice, minutes; set TRAMXA_SYSTEM=1")
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	keys, pass := keys(t)
	dir := t.TempDir()
	var outs []string
	for i := range 2 {
		clone := filepath.Join(dir, strings.Repeat("nested/", i)+"clone")
		if b, err := exec.Command("git", "clone", "-q", root, clone).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		t.Chdir(clone)
		// Elsewhere nothing is found that was compiled before.
		if i == 1 {
			t.Setenv("GOCACHE", filepath.Join(dir, "cache"))
		}
		out := filepath.Join(dir, "out", clone)
		t.Log(try(t, "release", "--version", "0.0.1", "--out", out, "--keys", keys, "--passphrases", pass))
		t.Log(try(t, "keys", "check", out, "--chain", filepath.Join(keys, chainFile)))
		outs = append(outs, out)
	}
	same(t, outs[0], outs[1])
}

// same compares two trees file by file.
func same(t *testing.T, one, two string) {
	t.Helper()
	none := func(string) bool { return false }
	a, err1 := pack.Sums(one, none)
	b, err2 := pack.Sums(two, none)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("the releases differ:\n%s\n%s", a, b)
	}
}
