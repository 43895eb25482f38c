package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tramxa/replication/replicationtest"
)

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(moduleRoot(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// leaves lists every verb that runs, as it is typed after "tramxa".
func leaves(vs []verb, before string) []string {
	var all []string
	for _, v := range vs {
		if v.sub != nil {
			all = append(all, leaves(v.sub, before+v.name+" ")...)
			continue
		}
		all = append(all, before+v.name)
	}
	return all
}

// TestReadmeTypesWhatIsThere looks up every command of the README's blocks.
func TestReadmeTypesWhatIsThere(t *testing.T) {
	known := leaves(verbs(), "")
	text := readme(t)
	for _, want := range []string{"\ngo run ./cmd/tramxa demo\n", "\ngo test ./...\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the README lacks its command %q", strings.TrimSpace(want))
		}
	}
	found := 0
	command := regexp.MustCompile(`(?m)(?:^|[;` + "`" + `] ?)(?:go run \./cmd/)?tramxa ([a-z]+(?:, [a-z]+)+|[a-z]+(?: [a-z]+)?)`)
	for _, block := range codeBlocks(text) {
		for _, m := range command.FindAllStringSubmatch(block, -1) {
			for _, words := range strings.Split(m[1], ", ") {
				found++
				if !slices.ContainsFunc(known, func(leaf string) bool { return leaf == words || strings.HasPrefix(words, leaf+" ") }) {
					t.Errorf("the README types 'tramxa %s', which is no verb", words)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d commands were found in the README", found)
	}
}

// codeBlocks returns what stands between ``` lines.
func codeBlocks(text string) []string {
	var blocks []string
	for i, part := range strings.Split(text, "\n```") {
		if i%2 == 1 {
			blocks = append(blocks, strings.TrimPrefix(part, "\n"))
		}
	}
	return blocks
}

// TestReadmePromisesAreShown looks up the tests, fields and files the README
// names.
func TestReadmePromisesAreShown(t *testing.T) {
	root, text := moduleRoot(t), readme(t)
	tests := regexp.MustCompile("`([a-z/]+)`(?:, `[a-z/]+`)* (Test[A-Za-z]+)").FindAllStringSubmatch(text, -1)
	if len(tests) < 3 {
		t.Errorf("only %d promises name their test", len(tests))
	}
	for _, m := range tests {
		names, err := filepath.Glob(filepath.Join(root, m[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		shown := slices.ContainsFunc(names, func(name string) bool {
			b, err := os.ReadFile(name)
			return err == nil && bytes.Contains(b, []byte("func "+m[2]+"("))
		})
		if !shown {
			t.Errorf("the README says that %s of %s shows a promise; there is no such test", m[2], m[1])
		}
	}
	var fields []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[demoResult]()) {
		fields = append(fields, f.Tag.Get("json"))
	}
	for _, m := range regexp.MustCompile("`([a-z]+_[a-z_]+)`").FindAllStringSubmatch(text, -1) {
		if !slices.Contains(fields, m[1]) {
			t.Errorf("the README names %s, which 'demo --json' does not answer", m[1])
		}
	}
	for _, m := range regexp.MustCompile("\\]\\(([A-Za-z./_-]+)\\)|`([A-Za-z/]+\\.md)`|`(\\.ci/[a-z]+)`").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(root, m[1]+m[2]+m[3])); err != nil {
			t.Errorf("the README points to %s, which is not there", m[1]+m[2]+m[3])
		}
	}
}

// TestEveryVerbAnswersJSON runs every verb with --json. A verb that is new has to
// be put into the list here.
func TestEveryVerbAnswersJSON(t *testing.T) {
	p := newPlace(t)
	for _, c := range p.calls() {
		p.answers(c)
	}
	// Those that serve until they are stopped answer nothing; the demo has a test
	// of its own.
	p.met["station run"], p.met["hub run"], p.met["demo"] = true, true, true
	for _, leaf := range leaves(verbs(), "") {
		p.met[leaf] = p.met[leaf] || p.elsewhere(leaf)
	}
	for _, leaf := range leaves(verbs(), "") {
		if !p.met[leaf] {
			t.Errorf("'tramxa %s' is not tried here", leaf)
		}
	}
}

// elsewhere says whether a verb that needs an installed machine stands in the
// script, the test or the unit that runs it.
func (p *scene) elsewhere(leaf string) bool {
	p.t.Helper()
	word, _, _ := strings.Cut(leaf, " ")
	places := map[string][]string{
		"machine": {"cmd/tramxa/testdata/script/machine.txtar", "images/overlay/etc/systemd/system/*.service"},
		"update":  {"cmd/tramxa/testdata/script/update.txtar", "images/overlay/etc/systemd/system/*.service"},
		"service": {"service/servicetest/*_test.go"},
	}[word]
	loose := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(leaf), " ", `[", ]+`))
	for _, pattern := range places {
		names, err := filepath.Glob(filepath.Join(moduleRoot(p.t), pattern))
		if err != nil {
			p.t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				p.t.Fatal(err)
			}
			if loose.Match(b) {
				return true
			}
		}
	}
	return false
}

// scene is a station and a hub of one node, which runs.
type scene struct {
	t   *testing.T
	dir string
	hub string
	met map[string]bool // verbs that were tried

	node *hubNode // once it serves
	stop func()   // ends it
}

// call is a verb with its words and flags but --json and --dir.
type call struct {
	verb  string
	args  []string
	dir   string
	in    string
	lines bool // answers JSON lines, else one object or list
}

func newPlace(t *testing.T) *scene {
	return &scene{t: t, dir: t.TempDir(), met: make(map[string]bool)}
}

// calls lists the verbs in an order in which each finds what it needs. Paths are
// made when their turn comes.
func (p *scene) calls() []call {
	in := func(name string) string { return filepath.Join(p.dir, name) }
	raft, links := p.port(), p.port()
	p.hub = in("tinh")
	p.file("so.csv", "Thôn,Hộ số,Họ và tên,Quan hệ\nLàng Kép,8,Rah Lan Phin,Chủ hộ\n")
	p.file("units.csv", "province_code,province,commune_code,kind,name\n52,Gia Lai,23764,Xã,Ia Grai\n")
	const password = "gạo trắng nước trong\n"
	return []call{
		{verb: "version"},
		{verb: "hub init", dir: "tinh", args: []string{"--id", "n1", "--ca", in("ca.key"), "--page", "127.0.0.1:0", "--peer", "n1=" + raft + "," + links}},
		{verb: "station init", dir: "xa", args: []string{"--station", "1", "--unit", "23764", "--listen", "127.0.0.1:0", "--hub", links, "--hub-pin", "PIN"}},
		{verb: "hub status", dir: "tinh"},
		{verb: "hub stations", dir: "tinh", args: []string{"list"}},
		{verb: "hub stations", dir: "tinh", args: []string{"add", in("xa/registration.json")}},
		{verb: "hub units", dir: "tinh", args: []string{"list"}},
		{verb: "hub units", dir: "tinh", args: []string{"import", in("units.csv")}},
		{verb: "hub release", dir: "tinh", args: []string{"list"}},
		{verb: "station user", dir: "xa", args: []string{"add", "lan", "--name", "Trần Thị Lan", "--role", "head"}, in: password},
		{verb: "station user", dir: "xa", args: []string{"reset", "lan"}, in: password},
		{verb: "station user", dir: "xa", args: []string{"list"}},
		{verb: "station record", dir: "xa", lines: true, in: `{"entry":{"kind":"area_defined","number":1,"unit":23764,"hamlet":"Làng Dút","date":"2026-03-01"}}` + "\n\n" +
			`{"entry":{"kind":"area_defined","number":2,"unit":23764,"hamlet":"Làng Kép","date":"2026-03-01"}}` + "\n"},
		{verb: "station import", dir: "xa", lines: true, args: []string{in("so.csv"), "--date", "2026-02-01"}},
		{verb: "station import", dir: "xa", lines: true, args: []string{"undo", "4"}},
		{verb: "station status", dir: "xa"},
		{verb: "station report", dir: "xa", args: []string{"--period", "2026-03"}},
		{verb: "station sync", dir: "xa"},
		{verb: "hub report", dir: "tinh", args: []string{"--period", "2026-03", "--station", "1"}},
		{verb: "hub report", dir: "tinh", args: []string{"--period", "2026-01..2026-03"}},
		{verb: "hub stations", dir: "tinh", args: []string{"fence", "1", "1"}},
		{verb: "hub backup", dir: "tinh", args: []string{"code", "--ca", in("ca.key")}},
		{verb: "hub backup", dir: "tinh", args: []string{"--to", in("copies")}},
		{verb: "hub backup", dir: "tinh", args: []string{"verify", in("copies")}},
		{verb: "hub restore", dir: "tinh-moi", args: []string{"--from", in("copies"), "--key", in("tinh/copies.key"), "--ca", in("ca.key"), "--id", "n4", "--peer", "n4=" + raft + "," + links}},
		{verb: "backup", dir: "xa", args: []string{in("copy")}},
		{verb: "restore", dir: "xa-moi", args: []string{in("copy"), "--key", in("xa.key")}},
		{verb: "doctor", dir: "xa-moi"},
		{verb: "rescue", args: []string{"find", "--roots", p.dir}},
	}
}

// answers runs a call and wants JSON and nothing but JSON.
func (p *scene) answers(c call) {
	p.t.Helper()
	args := append(strings.Fields(c.verb), c.args...)
	for i, a := range args {
		if a == "PIN" {
			args[i] = p.pin()
		}
	}
	if c.dir != "" {
		args = append(args, "--dir", filepath.Join(p.dir, c.dir))
	}
	args = append(args, "--json")
	var out, errs bytes.Buffer
	if code := run(p.t.Context(), args, stdio{in: strings.NewReader(c.in), out: &out, err: &errs}); code != exitDone {
		p.t.Fatalf("tramxa %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	n, dec := 0, json.NewDecoder(&out)
	for ; dec.More(); n++ {
		var v any
		if err := dec.Decode(&v); err != nil {
			p.t.Errorf("tramxa %s does not answer JSON: %v", strings.Join(args, " "), err)
			break
		}
		if v == nil {
			p.t.Errorf("tramxa %s answers null", strings.Join(args, " "))
		}
	}
	if n == 0 || n > 1 && !c.lines {
		p.t.Errorf("tramxa %s answers %d JSON values", strings.Join(args, " "), n)
	}
	p.met[c.verb] = true
	if c.verb == "hub init" {
		p.serveHub()
	}
}

// serveHub runs the node as 'hub run' does, with the quick elections of the demo.
func (p *scene) serveHub() {
	p.t.Helper()
	c, err := hubPart(p.hub)
	if err != nil {
		p.t.Fatal(err)
	}
	n, err := openHub(p.t.Context(), p.hub, c, demoTuning, newLogger(nil, 0))
	if err != nil {
		p.t.Fatal(err)
	}
	p.node = n
	stop, err := serveControl(p.hub, hubHandler(n))
	if err != nil {
		p.t.Fatal(err)
	}
	p.stop = sync.OnceFunc(func() {
		stop()
		if err := n.close(); err != nil {
			p.t.Error(err)
		}
	})
	p.t.Cleanup(p.stop)
	for end := time.Now().Add(patience); !n.Leads(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatal("the only node does not lead")
		}
	}
}

func (p *scene) pin() string {
	b, err := os.ReadFile(filepath.Join(p.hub, "hub.pin"))
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func (p *scene) file(name, text string) {
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *scene) port() string { return replicationtest.FreeAddress(p.t) }
