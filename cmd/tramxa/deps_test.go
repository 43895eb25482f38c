package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pkg is what 'go list' says of a package of this module.
type pkg struct {
	ImportPath, Doc string
	Imports, Deps   []string
}

// listPackages asks the go command for every package of the module, its tests
// left aside: they may reach for whatever they prove.
func listPackages(t *testing.T) []pkg {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("skipped: the go command is not on the path, it lists the packages")
	}
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Doc,Imports,Deps,Module", "./...")
	cmd.Dir = moduleRoot(t)
	cmd.Env = append(os.Environ(), "GOPROXY=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var list []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p struct {
			pkg
			Module *struct{ Main bool }
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil && p.Module.Main {
			list = append(list, p.pkg)
		}
	}
	if len(list) < 20 {
		t.Fatalf("go list names %d packages of the module; the sentences would say nothing", len(list))
	}
	return list
}

// moduleRoot walks up to go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the tests")
		}
		dir = up
	}
}

// sentence is one rule of what may know what.
type sentence struct {
	who    []string // these packages and all below them
	never  []string // neither these nor any below them
	direct bool     // only the imports themselves; else also what those reach
	except []string // of who
	why    string
}

var sentences = []sentence{
	{
		who: []string{"tramxa/appliance"}, never: []string{"tramxa/replication", "tramxa/localui", "tramxa/service"},
		why: "a station keeps the book without a line, without pages and without a service manager: whatever is wrong with those, what was answered stays",
	},
	{
		who:   []string{"tramxa/replication/batch", "tramxa/replication/link", "tramxa/replication/spoke"},
		never: []string{"tramxa/appliance/population"},
		why:   "the post does not open letters: what carries records must carry those of a newer program, and can leak no name it cannot read",
	},
	{
		who:   []string{"tramxa/localui"},
		never: []string{"github.com/dgraph-io/badger", "github.com/hashicorp/raft", "tramxa/appliance/store"}, direct: true,
		why: "pages write through the registrar, where rules and roles are, and read through a view; a page with the store in its hand would be a second way in",
	},
	{
		who: []string{"tramxa"}, except: []string{"tramxa/localui/browsertest"},
		never: []string{"tramxa/localui/browsertest"}, direct: true,
		why: "it works pages for tests, and no program may carry it",
	},
	{
		who: []string{"tramxa"}, except: []string{"tramxa/service"},
		never: []string{"github.com/kardianos/service"}, direct: true,
		why: "what differs between service managers is told in one place; everything else runs the same in the foreground, where it can be tested",
	},
}

// TestWhoKnowsWhom keeps the directions between the packages.
func TestWhoKnowsWhom(t *testing.T) {
	list := listPackages(t)
	for _, s := range sentences {
		met := 0
		for _, p := range list {
			if !below(p.ImportPath, s.who) || below(p.ImportPath, s.except) {
				continue
			}
			met++
			known := p.Deps
			if s.direct {
				known = p.Imports
			}
			for _, d := range known {
				if below(d, s.never) {
					t.Errorf("%s knows %s\n  why not: %s", p.ImportPath, d, s.why)
				}
			}
		}
		if met == 0 {
			t.Errorf("no package is below %v any more: this sentence says nothing", s.who)
		}
	}
}

// TestSentencesSeeWhatIsThere proves that a breach would be found: the program
// itself does reach everything.
func TestSentencesSeeWhatIsThere(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.ImportPath != "tramxa/cmd/tramxa" {
			continue
		}
		for _, want := range []string{"tramxa/appliance/population", "tramxa/replication", "github.com/dgraph-io/badger", "github.com/hashicorp/raft"} {
			found := false
			for _, d := range p.Deps {
				found = found || below(d, []string{want})
			}
			if !found {
				t.Errorf("the program does not reach %s", want)
			}
		}
		return
	}
	t.Error("the program is not among the packages")
}

func below(path string, trees []string) bool {
	for _, tree := range trees {
		if path == tree || strings.HasPrefix(path, tree+"/") {
			return true
		}
	}
	return false
}

// TestEveryPackageSaysWhatItIs wants a package comment everywhere.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range listPackages(t) {
		if strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package comment: say what it owns and what it refuses", p.ImportPath)
		}
	}
}

// TestRepositorySpeaksOfNoMachine finds paths that exist on one machine only.
func TestRepositorySpeaksOfNoMachine(t *testing.T) {
	// Written in pieces, so that this file is clean itself.
	places := []string{"/" + "root/go", "/" + "root/.", "/" + "work/", "/" + "tmp/brief", "/" + "home/"}
	root := moduleRoot(t)
	seen := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != root:
			return nil // a folder of a test that runs beside this one
		case err != nil:
			return err
		case d.Name() == ".git" && d.IsDir():
			return fs.SkipDir
		case d.Name() == ".git": // a work tree's, which says where its repository is
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file of a test that runs beside this one
		}
		if err != nil || bytes.IndexByte(b, 0) >= 0 {
			return err // the second: not a text
		}
		seen++
		for _, place := range places {
			if i := bytes.Index(b, []byte(place)); i >= 0 {
				t.Errorf("%s:%d speaks of %s", strings.TrimPrefix(name, root+string(filepath.Separator)), bytes.Count(b[:i], []byte("\n"))+1, place)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("only %d texts were read", seen)
	}
}
