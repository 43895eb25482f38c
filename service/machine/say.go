package machine

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed locale/*.json
var localeFiles embed.FS

// Languages are those the package has words in.
var Languages = []string{"vi", "en"}

var locales = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range Languages {
		b, err := localeFiles.ReadFile("locale/" + lang + ".json")
		if err == nil {
			var words map[string]string
			err = json.Unmarshal(b, &words)
			all[lang] = words
		}
		if err != nil {
			panic("machine: internal error: locale " + lang + ": " + err.Error())
		}
	}
	return all
})

// Say is the text of a key with its values in {braces}; Vietnamese for a
// language it has not. A value may be a key itself; one that is a number with
// decimals ("1.5", "1.9 GB") is written with the language's decimal mark. A key it
// does not know is returned as it is.
func Say(lang, key string, values map[string]string) string {
	words, ok := locales()[lang]
	if !ok {
		words = locales()["vi"]
	}
	text, ok := words[key]
	if !ok {
		return key
	}
	var pairs []string
	for _, name := range sortedKeys(values) {
		v := values[name]
		if w, ok := words[v]; ok {
			v = withoutBraces(w)
		} else {
			v = decimal.ReplaceAllString(v, "${1}"+words["sheet.point"]+"${2}")
		}
		pairs = append(pairs, "{"+name+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// decimal is a number with decimals, and its unit if it has one.
var decimal = regexp.MustCompile(`^(\d+)\.(\d+(?: [A-Za-z/]+)?)$`)

// withoutBraces is a sentence inside a sentence, whose own values are not known.
func withoutBraces(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		j := strings.IndexByte(s, '}')
		if i < 0 || j < i {
			b.WriteString(s)
			return strings.TrimSpace(b.String())
		}
		b.WriteString(s[:i])
		s = s[j+1:]
	}
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Text is the sentence of a warning.
func (w Warning) Text(lang string) string { return Say(lang, w.Key, w.Values) }

// Text is the sentence of a reason.
func (r Reason) Text(lang string) string { return Say(lang, r.Key, r.Values) }

// Text is the sentence of a choice: what was chosen, and why.
func (c Choice) Text(lang string) string {
	return Say(lang, c.Key, c.Values) + ": " + Say(lang, c.Why, c.Values)
}

// Block is a section in a language.
type Block struct {
	Title string `json:"title"`
	Lines []Line `json:"lines"`
}

// Line of a block; a label "" continues the line above.
type Line struct {
	Label string `json:"label,omitempty"`
	Text  string `json:"text"`
	Level Level  `json:"level,omitempty"`
}

// Lines is the sheet in a language, for pages and PDF.
func (s Sheet) Lines(lang string) []Block {
	var out []Block
	for _, sec := range s.Sections {
		b := Block{Title: Say(lang, sec.Key, nil)}
		for _, r := range sec.Rows {
			l := Line{Text: r.Value, Level: r.Level}
			if r.Key != "" {
				l.Label = Say(lang, r.Key, r.Values)
			}
			if r.Text != "" {
				l.Text = Say(lang, r.Text, r.Values)
			}
			b.Lines = append(b.Lines, l)
		}
		out = append(out, b)
	}
	return out
}

// Write writes the sheet as text for a terminal.
func (s Sheet) Write(w io.Writer, lang string) error {
	for _, b := range s.Lines(lang) {
		if _, err := fmt.Fprintf(w, "%s\n", b.Title); err != nil {
			return err
		}
		for _, l := range b.Lines {
			mark := " "
			if l.Level == Warn || l.Level == Alarm {
				mark = "!"
			}
			text := l.Text
			if l.Label != "" {
				text = l.Label + ": " + text
			}
			if _, err := fmt.Fprintf(w, " %s %s\n", mark, text); err != nil {
				return err
			}
		}
	}
	return nil
}
