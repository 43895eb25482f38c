package localui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

// page is what every template gets; Body is the page's own.
type page struct {
	Lang, OtherLang, LangHref string
	Title                     string
	Place                     string
	Practice                  bool
	Entered                   bool // the practice commune, with a way back to the real book
	User                      userView
	Menu                      []menuItem
	More                      bool // the phone has a page for the rest of the menu
	Search                    bool
	Query                     string
	Pill                      pill
	Live                      bool // the pill is kept live
	Body                      any
}

type userView struct {
	Number uint32
	Login  string
	Name   string
}

type menuItem struct {
	Href, Label string
	Here        bool
	Tab         bool // among the tabs at the bottom of a phone
}

// renderer holds the templates, once for each language.
type renderer struct {
	locales map[string]locale
	assets  *assets
	sets    map[string]map[string]*template.Template // language → page → templates
}

func newRenderer() (*renderer, error) {
	locales, err := loadLocales()
	if err != nil {
		return nil, err
	}
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	r := &renderer{locales: locales, assets: a, sets: make(map[string]map[string]*template.Template)}
	for lang, l := range locales {
		if r.sets[lang], err = parsePages(lang, l, a); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// parsePages reads the files of templates/: those whose name begins with an
// underscore are shared, each of the others is a page.
func parsePages(lang string, l locale, a *assets) (map[string]*template.Template, error) {
	base := template.New("").Funcs(l.funcs(lang)).Funcs(template.FuncMap{"asset": a.url})
	base, err := base.ParseFS(templateFiles, "templates/layout.html", "templates/_*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	set := make(map[string]*template.Template)
	for _, name := range names {
		short := strings.TrimSuffix(path.Base(name), ".html")
		if short == "layout" || strings.HasPrefix(short, "_") {
			continue
		}
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", short, err)
		}
		set[short] = t
	}
	return set, nil
}

// write sends a page. It is made whole before the first byte goes out, so that
// an error never leaves half a page.
func (r *renderer) write(w http.ResponseWriter, status int, name string, p page) error {
	return r.writePart(w, status, name, "layout", p.Lang, p)
}

// writePart sends one named part of a page's templates.
func (r *renderer) writePart(w http.ResponseWriter, status int, name, part, lang string, data any) error {
	t := r.sets[lang][name]
	if t == nil {
		return fmt.Errorf("no page %q in %q", name, lang)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
	return nil
}
