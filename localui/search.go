package localui

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

const hitsPerPage = 50

// searchBody is what was found.
type searchBody struct {
	Text   string
	Hits   []personLine
	Form   string // the form for which somebody is chosen, "" none
	About  subjectKind
	Title  string
	Prev   string
	Next   string
	From   int
	Active bool
	All    string // link to look at those not in the book too
}

func (s *station) search(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	body := searchBody{Text: strings.TrimSpace(q.Get("q")), Form: q.Get("viec"), Active: q.Get("tat-ca") == ""}
	if f := s.forms[body.Form]; f != nil {
		body.About, body.Title = f.About, v.text(f.Label)
	} else {
		body.Form = ""
	}
	page, _ := strconv.Atoi(q.Get("trang"))
	page = min(max(page, 0), 100)
	hits, more, err := s.find(r, v, body.Text, page*hitsPerPage, hitsPerPage, body.Active)
	if err != nil {
		return err
	}
	body.Hits, body.From = hits, page*hitsPerPage
	to := func(page int, all bool) string {
		q := url.Values{"q": {body.Text}}
		if page > 0 {
			q.Set("trang", strconv.Itoa(page))
		}
		if body.Form != "" {
			q.Set("viec", body.Form)
		}
		if all {
			q.Set("tat-ca", "1")
		}
		return "/tim?" + q.Encode()
	}
	if page > 0 {
		body.Prev = to(page-1, !body.Active)
	}
	if more {
		body.Next = to(page+1, !body.Active)
	}
	if body.Active {
		body.All = to(0, true)
	}
	p := s.page(v, v.text("search.title"), body)
	p.Query = body.Text
	if q.Get("phan") != "" {
		return s.writePart(w, http.StatusOK, "search", "hits", v.lang, p)
	}
	return s.write(w, http.StatusOK, "search", p)
}

// find searches in what the user may look at.
func (s *station) find(r *http.Request, v *visit, text string, from, limit int, active bool) (lines []personLine, more bool, err error) {
	if text == "" || utf8.RuneCountInString(text) > 80 {
		return nil, false, nil
	}
	today := s.o.Status().Today
	err = s.view(r.Context(), func(book *register.View) error {
		areas := []population.ID{0}
		if v.user.Role == population.RoleCollaborator {
			areas = v.user.Areas
		}
		for _, area := range areas {
			hits, rest, err := book.Search(register.Query{Text: text, Area: area, Active: active, Limit: limit, Offset: from})
			if err != nil {
				return err
			}
			more = more || rest
			for _, h := range hits {
				lines = append(lines, v.inHousehold(book, h.Person, today))
			}
		}
		return nil
	})
	return lines, more, err
}

// suggest answers a few persons for the inputs that name one, for the script.
func (s *station) suggest(w http.ResponseWriter, r *http.Request, v *visit) error {
	hits, _, err := s.find(r, v, strings.TrimSpace(r.PostForm.Get("q")), 0, 12, true)
	if err != nil {
		return err
	}
	type line struct {
		Value string `json:"v"`
		Text  string `json:"t"`
	}
	out := []line{}
	seen := make(map[string]bool)
	for _, h := range hits {
		l := line{h.ID, strings.Join([]string{h.Name, h.Born, h.Home}, " · ")}
		if r.PostForm.Get("loai") == string(aboutHousehold) {
			if h.Home == "" || seen[h.Home] {
				continue
			}
			seen[h.Home] = true
			l = line{h.Home, h.Name}
		}
		out = append(out, l)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(w).Encode(out)
}
