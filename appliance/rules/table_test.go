package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/population"
	"tramxa/appliance/rules"
)

// TestTables runs the situations of testdata/*.txt against a real register.
func TestTables(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no tables", err)
	}
	db := newDB(t)
	met := make(map[string]bool)
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cases(string(b)) {
				t.Run(c.title, func(t *testing.T) { c.run(t, db, met) })
			}
		})
	}
	for _, r := range rules.PackOn(population.Date{Year: 2026, Month: 6, Day: 1}).Rules {
		if !met[r.ID] && !unreachable[r.ID] {
			t.Errorf("no table expects rule %s", r.ID)
		}
	}
}

// unreachable lists rules that no line of a table can meet; see guards_test.go.
var unreachable = map[string]bool{"G06": true, "A08": true}

type step struct {
	no   int
	text string
	want []string // for "?"
}

type situation struct {
	title string
	steps []step
}

func cases(text string) []situation {
	var out []situation
	for i, s := range strings.Split(text, "\n") {
		s = strings.TrimSpace(s)
		if j := strings.Index(s, " #"); j >= 0 {
			s = strings.TrimSpace(s[:j])
		}
		switch {
		case s == "" || s[0] == '#':
		case strings.HasPrefix(s, "case "):
			out = append(out, situation{title: s[5:]})
		case strings.HasPrefix(s, "= "):
			steps := out[len(out)-1].steps
			steps[len(steps)-1].want = append(steps[len(steps)-1].want, strings.Join(strings.Fields(s[2:]), " "))
		default:
			c := &out[len(out)-1]
			c.steps = append(c.steps, step{no: i + 1, text: s})
		}
	}
	return out
}

func (c situation) run(t *testing.T, db *badger.DB, met map[string]bool) {
	b := newBook(t, db)
	n := &names{ids: make(map[string]population.ID), labels: make(map[string]uint64)}
	now := rules.Now{Day: population.Date{Year: 2026, Month: 3, Day: 20}, Trusted: true}
	for _, s := range c.steps {
		if day, ok := strings.CutPrefix(s.text, "today "); ok {
			w := strings.Fields(day)
			now.Day, _ = population.ParseDate(w[0])
			now.Trusted = !slices.Contains(w, "untrusted")
			continue
		}
		c.step(t, b, n, now, s, met)
	}
}

func (c situation) step(t *testing.T, b *book, n *names, now rules.Now, s step, met map[string]bool) {
	t.Helper()
	mode, text := byte(' '), s.text
	if text[0] == '?' || text[0] == '!' {
		mode, text = text[0], strings.TrimSpace(text[1:])
	}
	label := ""
	if text[0] == '@' {
		label, text, _ = strings.Cut(text, " ")
	}
	e, err := readEntry(n, text)
	if err != nil {
		t.Fatalf("line %d: %v", s.no, err)
	}
	fs := b.write(now, e, func(fs []rules.Finding) bool { return mode == '!' || mode == ' ' && !rules.Hard(fs) })
	var got []string
	for _, f := range fs {
		got = append(got, show(f))
		if mode == '?' {
			met[f.Rule] = true
		}
	}
	switch {
	case mode == '?':
		compare(t, s, got)
	case mode == ' ' && rules.Hard(fs):
		t.Fatalf("line %d: %s: refused: %v", s.no, s.text, got)
	case label != "":
		n.labels[label] = uint64(b.seq)
	}
}

func compare(t *testing.T, s step, got []string) {
	t.Helper()
	want := s.want
	if len(want) == 0 {
		t.Fatalf("line %d: what is expected?", s.no)
	}
	if len(want) == 1 && want[0] == "none" {
		want = nil
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("line %d: %s\n got %s\nwant %s", s.no, s.text, strings.Join(got, " | "), strings.Join(want, " | "))
	}
}

func show(f rules.Finding) string {
	level := "soft"
	if f.Hard {
		level = "hard"
	}
	return strings.TrimSpace(f.Rule + " " + level + " " + f.Field)
}
