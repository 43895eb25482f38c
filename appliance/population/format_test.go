package population

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFormatIsDocumented: the tables of FORMAT.md are those of the layouts, and
// every kind has one. -update writes them anew; the prose is by hand.
func TestFormatIsDocumented(t *testing.T) {
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	prose, _, ok := strings.Cut(string(b), tablesBegin)
	if !ok {
		t.Fatal("FORMAT.md has no place for the tables")
	}
	want := prose + tablesBegin + layoutTables()
	if *update {
		if err := os.WriteFile("FORMAT.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(b) != want {
		t.Error("the tables of FORMAT.md are not those of the layouts; see the difference with -update")
	}
	for _, k := range Kinds() {
		if !strings.Contains(want, fmt.Sprintf("### %d %s\n", k, k)) {
			t.Errorf("FORMAT.md does not say how %s is written", k)
		}
	}
}

const tablesBegin = "## Layouts of version 1\n"

func layoutTables() string {
	var out strings.Builder
	for _, k := range Kinds() {
		fmt.Fprintf(&out, "\n### %d %s\n\n| position | field | written as |\n|---|---|---|\n", k, k)
		d := &describer{out: &out}
		d.levels = []level{{}}
		visit(d, kinds[k].blank)
	}
	return out.String()
}

// describer is a visitor that writes what it visits as rows of a table.
type describer struct {
	out    *strings.Builder
	levels []level
}

// level is a record or list being described.
type level struct {
	at, name string
	n        int
	list     bool
}

func (d *describer) top() *level { return &d.levels[len(d.levels)-1] }

// row writes a row and returns its position and path.
func (d *describer) row(name, form string, positions int) (at, path string) {
	l := d.top()
	at, path = l.at+fmt.Sprint(l.n), l.name+name
	if l.list {
		at, path = l.at+"i", strings.TrimSuffix(l.name, ".")+"[i]"
	}
	shown := at
	if positions > 1 {
		shown = fmt.Sprintf("%s–%s%d", at, l.at, l.n+positions-1)
	}
	l.n += positions
	fmt.Fprintf(d.out, "| %s | %s | %s |\n", shown, path, form)
	return at, path
}

func (d *describer) num(name string, n, max uint64) uint64 {
	d.row(name, fmt.Sprintf("number ≤ %d", max), 1)
	return n
}

func (d *describer) flag(name string, b bool) bool {
	d.row(name, "0 or 1", 1)
	return b
}

func (d *describer) word(name string, n uint8, words []string) uint8 {
	var choices []string
	for i, w := range words[1:] {
		choices = append(choices, fmt.Sprintf("%d %s", i+1, w))
	}
	d.row(name, strings.Join(choices, ", "), 1)
	return n
}

func (d *describer) text(name, s string, max int) string {
	d.row(name, fmt.Sprintf("text ≤ %d bytes", max), 1)
	return s
}

func (d *describer) lines(name, s string, max int) string {
	d.row(name, fmt.Sprintf("text ≤ %d bytes, line breaks allowed", max), 1)
	return s
}

func (d *describer) name(name, s string) string {
	d.row(name, "name", 1)
	return s
}

func (d *describer) hash(name string, b []byte) []byte {
	d.row(name, "32 bytes or none", 1)
	return b
}

func (d *describer) id(name string, id ID) ID {
	d.row(name, "id", 1)
	return id
}

func (d *describer) idNear(name string, id, _ ID) ID {
	d.row(name, "id near", 1)
	return id
}

func (d *describer) idNext(name string, id, _ ID) ID {
	d.row(name, "id next", 1)
	return id
}

func (d *describer) date(name string, v Date) Date {
	d.row(name, "date", 1)
	return v
}

func (d *describer) period(name string, p Period, _ Date) Period {
	d.row(name, "period", 1)
	return p
}

func (d *describer) household(name string, n HouseholdNumber) HouseholdNumber {
	d.row(name, "household number", 1)
	return n
}

func (d *describer) number(name, s string, _ Sex, _ Date) string {
	d.row(name, "personal number", 2)
	return s
}

func (d *describer) insurance(name, s, _ string) string {
	d.row(name, "insurance number", 1)
	return s
}

func (d *describer) fields(name string, fs []Field) []Field {
	var bits []string
	for i, w := range fieldWords[1:] {
		bits = append(bits, fmt.Sprintf("%d %s", i, w))
	}
	d.row(name, "bits: "+strings.Join(bits, ", "), 1)
	return fs
}

func (d *describer) entry(name string, e Entry) Entry {
	d.row(name, "kind, version, body as bytes", 3)
	return e
}

func (d *describer) object(name string) {
	at, path := d.row(name, "record", 1)
	d.levels = append(d.levels, level{at: at + ".", name: path + "."})
}

// list describes one item of the list.
func (d *describer) list(name string, _, max int) int {
	at, path := d.row(name, fmt.Sprintf("list of ≤ %d", max), 1)
	d.levels = append(d.levels, level{at: at + ".", name: path + ".", list: true})
	return 1
}

func (d *describer) item(int) {}
func (d *describer) end()     { d.levels = d.levels[:len(d.levels)-1] }
