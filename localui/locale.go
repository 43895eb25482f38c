package localui

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

//go:embed locale/*.json
var localeFiles embed.FS

// Languages in the order in which they are offered; the first is the default.
var languages = []string{"vi", "en"}

// locale is the strings of one language by key.
type locale map[string]string

// loadLocales reads every language. A key that one language has and another
// has not is an error: a page is never half translated.
func loadLocales() (map[string]locale, error) {
	all := make(map[string]locale, len(languages))
	for _, lang := range languages {
		l := make(locale)
		for _, family := range []string{"", "setup."} {
			if err := l.read("locale/" + family + lang + ".json"); err != nil {
				return nil, err
			}
		}
		all[lang] = l
	}
	first := all[languages[0]]
	for _, lang := range languages[1:] {
		for key := range first {
			if all[lang][key] == "" {
				return nil, fmt.Errorf("locale %s has no %q", lang, key)
			}
		}
		for key := range all[lang] {
			if first[key] == "" {
				return nil, fmt.Errorf("locale %s has no %q", languages[0], key)
			}
		}
	}
	return all, nil
}

// read adds the strings of a file; a key stands in one file.
func (l locale) read(name string) error {
	b, err := localeFiles.ReadFile(name)
	if err != nil {
		return err
	}
	more := make(locale)
	if err := json.Unmarshal(b, &more); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for key, text := range more {
		if _, twice := l[key]; twice {
			return fmt.Errorf("%s: %q stands in another file too", name, key)
		}
		l[key] = text
	}
	return nil
}

// text returns the string of key with {name} replaced from args, which are
// name, value, name, value … A key that is missing is shown as itself, so that
// a page never breaks over a word; a test keeps that from happening.
func (l locale) text(key string, args ...any) string {
	s, ok := l[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(args); i += 2 {
		s = strings.ReplaceAll(s, "{"+fmt.Sprint(args[i])+"}", fmt.Sprint(args[i+1]))
	}
	return s
}

const langCookie = "lang"

// language returns the language asked for: the query wins and is remembered,
// then the cookie, then Vietnamese. The browser's own preference is not asked:
// PCs of a commune are often set to English by whoever installed them.
func language(w http.ResponseWriter, r *http.Request) string {
	if lang := known(r.URL.Query().Get("lang")); lang != "" {
		http.SetCookie(w, &http.Cookie{Name: langCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteStrictMode})
		return lang
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if lang := known(c.Value); lang != "" {
			return lang
		}
	}
	return languages[0]
}

func known(lang string) string {
	for _, l := range languages {
		if l == lang {
			return l
		}
	}
	return ""
}
