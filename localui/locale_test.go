package localui

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	inTemplate = regexp.MustCompile(`\bt "([^"]+)"`)
	inGo       = regexp.MustCompile(`"([a-z0-9_]+(?:\.[a-z0-9_]+)*)"`)
	holes      = regexp.MustCompile(`\{[a-z]+\}`)
)

// made are the beginnings of keys that are put together while running, with the
// ends they can have where those are not Go literals.
var made = []string{"kind.", "cause.", "problem.", "role.", "line.", "check.", "node.", "state.station.", "f.", "update.stage.", "care.done."}

// TestEveryLocaleHasEveryKey: what templates and code ask for is there in every
// language, nothing stands there that nobody asks for, and both languages have
// the same holes to fill.
func TestEveryLocaleHasEveryKey(t *testing.T) {
	all, err := loadLocales() // an error when a language lacks what another has
	if err != nil {
		t.Fatal(err)
	}
	asked := make(map[string]bool)
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := templateFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inTemplate.FindAllStringSubmatch(string(b), -1) {
			asked[m[1]] = true
			if all["vi"][m[1]] == "" {
				t.Errorf("%s asks for %q, which no locale has", name, m[1])
			}
		}
	}
	for _, f := range allForms() {
		keys := []string{f.Label}
		for _, fd := range append(f.Fields, rowColumns()...) {
			keys = append(keys, fd.Label, fd.Help, fd.Section)
			for _, w := range fd.Words {
				keys = append(keys, w.Label)
			}
		}
		for _, key := range keys {
			if asked[key] = true; key != "" && all["vi"][key] == "" {
				t.Errorf("form %s asks for %q, which no locale has", f.Slug, key)
			}
		}
	}
	for key := range goLiterals(t) {
		asked[key] = true
	}
	for key, vi := range all["vi"] {
		if !asked[key] && !hasPrefix(key, made) {
			t.Errorf("nothing asks for %q", key)
		}
		v, e := strings.Join(holes.FindAllString(vi, -1), ""), strings.Join(holes.FindAllString(all["en"][key], -1), "")
		if len(v) != len(e) {
			t.Errorf("%q has %s in Vietnamese and %s in English", key, v, e)
		}
	}
}

// TestEveryKeyAskedForExists looks at what code asks for by a literal.
func TestEveryKeyAskedForExists(t *testing.T) {
	all, err := loadLocales()
	if err != nil {
		t.Fatal(err)
	}
	ask := regexp.MustCompile(`(?:\.text|fail\([^,]+,|kin|add)\(?\s*"([a-z_]+\.[a-z0-9_.]+)"`)
	for _, src := range sources(t) {
		for _, m := range ask.FindAllStringSubmatch(src, -1) {
			if key := m[1]; all["vi"][key] == "" && !strings.HasSuffix(key, ".") {
				t.Errorf("code asks for %q, which no locale has", key)
			}
		}
	}
	for _, k := range eventKinds {
		if all["vi"]["kind."+k.String()] == "" {
			t.Errorf("kind %s has no name", k)
		}
	}
	for _, name := range fieldNames() {
		if all["vi"]["f."+name.(string)] == "" {
			t.Errorf("column %s has no name", name)
		}
	}
}

func hasPrefix(key string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

func goLiterals(t *testing.T) map[string]bool {
	found := make(map[string]bool)
	for _, src := range sources(t) {
		for _, m := range inGo.FindAllStringSubmatch(src, -1) {
			found[m[1]] = true
		}
	}
	return found
}

func sources(t *testing.T) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			b, err := os.ReadFile(e.Name())
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, string(b))
		}
	}
	return list
}
