package service

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestProtocol1IsFrozen reads what programs of version 1 have ever said.
func TestProtocol1IsFrozen(t *testing.T) {
	golden, err := os.ReadFile("testdata/protocol1.txt")
	if err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	lines := make(chan message)
	go func() {
		defer close(lines)
		readLines(io.NopCloser(bytes.NewReader(golden)), lines)
	}()
	for m := range lines {
		again.WriteString(m.String() + "\n")
	}
	want := `tramxa/1 starting opening the journal, 12%
tramxa/1 ready
tramxa/1 alive
tramxa/1 failing nhật ký: hết chỗ
tramxa/1 alive all four
tramxa/1 confirmed
tramxa/1 restart an update is there
tramxa/1 stopping
`
	if again.String() != want {
		t.Errorf("heard:\n%s", again.String())
	}
}

func TestLinesThatAreIgnored(t *testing.T) {
	for _, line := range []string{"", "hello", "tramxa/1", "tramxa/1 ", "tramxa/2 ready", "tramxa/1 READY", "tramxa/1 dance", "tramxa/1  ready", " tramxa/1 ready",
		"tramxa/1 starting " + strings.Repeat("x", MaxLine)} {
		if m, err := parseLine(line); err == nil {
			t.Errorf("%q was heard as %v", cut(line, 40), m)
		}
	}
}

func TestLongLineIsDroppedWhole(t *testing.T) {
	in := "tramxa/1 alive " + strings.Repeat("tramxa/1 ready ", 1000) + "\ntramxa/1 stopping\n" + strings.Repeat("x", 5000)
	lines := make(chan message)
	go func() {
		defer close(lines)
		readLines(io.NopCloser(strings.NewReader(in)), lines)
	}()
	var got []word
	for m := range lines {
		got = append(got, m.word)
	}
	if len(got) != 1 || got[0] != wordStopping {
		t.Errorf("heard %q", got)
	}
}

func TestSaidTextStaysOneLineWithinTheBound(t *testing.T) {
	for _, text := range []string{"two\nlines\r\n", "\x00\x1b[31m", strings.Repeat("ệ", 2000), "bad \xff utf8", "sep\u2028arator"} {
		line := message{word: wordFailing, text: text}.String()
		if len(line) >= MaxLine || strings.ContainsFunc(line, unicode.IsControl) || !utf8.ValidString(line) {
			t.Errorf("%q is said as %q", cut(text, 20), cut(line, 60))
		}
		if _, err := parseLine(line); err != nil {
			t.Errorf("%q is not understood: %v", cut(line, 60), err)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"tramxa/1 ready", "tramxa/1 starting 12%", "tramxa/1 failing \xff", "tramxa/1 alive\r", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		m, err := parseLine(line)
		if err != nil {
			return
		}
		said := m.String()
		if len(said) >= MaxLine || strings.ContainsAny(said, "\n\r") {
			t.Fatalf("%q becomes %q", line, said)
		}
		again, err := parseLine(said)
		if err != nil || again.word != m.word {
			t.Fatalf("%q becomes %q, which is read as %v, %v", line, said, again, err)
		}
	})
}
