package population

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestFolds runs the tables of testdata/fold. A table is a list of situations:
// a title, the entries by sequence, and what the book then says of the entities
// asked for. The language is explained in testdata/fold/README.md.
func TestFolds(t *testing.T) {
	files, err := filepath.Glob("testdata/fold/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no tables", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runTable(t, string(b))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != string(b) && !*update {
				t.Errorf("%s: got\n%s", file, firstDifference(got, string(b)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	title := ""
	for i := range g {
		if strings.HasPrefix(g[i], "== ") {
			title = g[i]
		}
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("%s\n%s\nwant\n%s", title, g[i], strings.Join(w[min(i, len(w)-1):min(i+1, len(w))], ""))
		}
	}
	return "less than the table has"
}

// runTable returns the table with the answers as the folds give them.
func runTable(t *testing.T, table string) string {
	var out strings.Builder
	s := &situation{}
	lines := bufio.NewScanner(strings.NewReader(table))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "  "): // an answer, given anew
			continue
		case strings.HasPrefix(line, "== "):
			s = &situation{}
		}
		out.WriteString(line + "\n")
		words := strings.Fields(line)
		if len(words) == 0 || line[0] == '#' || line[0] == '=' {
			continue
		}
		var err error
		if words[0] == "person" || words[0] == "household" {
			for _, word := range words[1:] {
				out.WriteString(s.answer(t, words[0], word))
			}
		} else {
			err = s.record(words)
		}
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	return out.String()
}

// situation is the live entries of a table's situation.
type situation struct{ live []Located }

// record adds an entry, amends one in place, or takes one back.
func (s *situation) record(words []string) error {
	seq, err := strconv.ParseUint(words[0], 10, 64)
	if err != nil || len(words) < 2 {
		return fmt.Errorf("no sequence: %v", err)
	}
	if words[1] == "annuls" {
		gone, err := strconv.ParseUint(words[2], 10, 64)
		s.live = slices.DeleteFunc(s.live, func(l Located) bool { return l.Seq == gone })
		return err
	}
	at := slices.IndexFunc(s.live, func(l Located) bool { return l.Seq == seq })
	if words[1] == "amends" {
		target, err := strconv.ParseUint(words[2], 10, 64)
		if at = slices.IndexFunc(s.live, func(l Located) bool { return l.Seq == target }); err != nil || at < 0 {
			return fmt.Errorf("nothing to amend: %v", err)
		}
		e, err := parseSituation(words[3:])
		s.live[at].Entry = e
		return err
	}
	if at >= 0 {
		return fmt.Errorf("sequence %d twice", seq)
	}
	e, err := parseSituation(words[1:])
	s.live = append(s.live, Located{seq, e})
	return err
}

// about returns the live entries that refer to the entity, newest first, so that
// the fold has something to put in order.
func (s *situation) about(r Ref) []Located {
	var out []Located
	for _, l := range s.live {
		if slices.Contains(l.Entry.Refs(), r) {
			out = append(out, l)
		}
	}
	slices.Reverse(out)
	return out
}

func (s *situation) answer(t *testing.T, what, word string) string {
	n, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if what == "household" {
		h := FoldHousehold(own(uint32(n)), s.about(Ref{TypeHousehold, own(uint32(n))}))
		fmt.Fprintf(&out, "  %d: head %d, number %s, area %d", n, h.Head.Serial(), h.Number, h.Area.Serial())
		if h.Closed {
			out.WriteString(", closed")
		}
		for _, m := range h.Moves {
			fmt.Fprintf(&out, "; area %d from %s", m.Area.Serial(), m.FromPer)
		}
		out.WriteString("\n")
		return out.String()
	}
	p := FoldPerson(own(uint32(n)), s.about(Ref{TypePerson, own(uint32(n))}))
	checkStays(t, &p)
	fmt.Fprintf(&out, "  %d: relation %d, marital %d, spouse %d", n, p.Relation, p.Marital, p.Spouse.Serial())
	if p.Name != "" {
		fmt.Fprintf(&out, ", %s", p.Name)
	}
	if p.Dead {
		fmt.Fprintf(&out, ", dead %s", p.Died)
	}
	if p.Same != 0 {
		fmt.Fprintf(&out, ", the same as %d", p.Same.Serial())
	}
	fmt.Fprintf(&out, ", last %d\n", p.Last)
	for _, s := range p.Stays {
		fmt.Fprintf(&out, "      in %d: %s %s (%s)", s.Household.Serial(), causeNames[s.In], s.From, s.FromPer)
		if s.Out != CauseNone {
			fmt.Fprintf(&out, " until %s %s (%s)", causeNames[s.Out], s.To, s.ToPer)
		}
		out.WriteString("\n")
	}
	return out.String()
}

var causeNames = []string{"", "registered", "birth", "arrival", "missed", "moved", "death", "departure", "double", "out", "same"}

// checkStays checks what every fold promises.
func checkStays(t *testing.T, p *Person) {
	t.Helper()
	for i, s := range p.Stays {
		switch last := i == len(p.Stays)-1; {
		case s.Household == 0 || s.In == CauseNone:
			t.Errorf("stay %d of %v has no household or beginning", i, p.ID)
		case s.Out == CauseNone && (!last || s.ToSeq != 0 || s.ToPer != 0 || !s.To.IsZero()):
			t.Errorf("stay %d of %v is open", i, p.ID)
		case s.Out != CauseNone && s.ToPer < s.FromPer:
			t.Errorf("stay %d of %v ends in %v before it begins in %v", i, p.ID, s.ToPer, s.FromPer)
		case i > 0 && s.FromPer < p.Stays[i-1].ToPer:
			t.Errorf("stay %d of %v begins before the one before it ends", i, p.ID)
		case (s.In == CauseMoved) != (i > 0 && p.Stays[i-1].Out == CauseMoved):
			t.Errorf("stay %d of %v: half a move", i, p.ID)
		}
	}
	if p.Active() && (p.Dead || p.Same != 0) {
		t.Errorf("%v is in the book, dead %v, the same as %v", p.ID, p.Dead, p.Same)
	}
	if p.Exists() && p.Order>>placeBits == 0 {
		t.Errorf("%v has no place on the sheet", p.ID)
	}
}
