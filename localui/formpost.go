package localui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
)

// formPage shows an empty form, or asks first whom it is about.
func (s *station) formPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := s.forms[r.PathValue("phieu")]
	if f == nil {
		return errNotFound
	}
	return s.view(r.Context(), func(book *register.View) error {
		sub, err := loadSubject(book, f, r.URL.Query(), s.o.Status().Today)
		if err != nil {
			return err
		}
		if sub.missing(f) {
			return s.show(w, v, http.StatusOK, "pick", v.text(f.Label), pickBody{Form: f.Slug, Title: v.text(f.Label), Person: f.About == aboutPerson})
		}
		values := url.Values{}
		if f.fill != nil {
			f.fill(sub, values.Set)
		}
		if f.Slug == "dia-ban" {
			fillArea(sub, r.URL.Query().Get("diaban"), s.o.Status().Unit, values.Set)
		}
		if err := s.lookedAtForm(r.Context(), v, f, sub, values, 0); err != nil {
			return err
		}
		rows, _ := strconv.Atoi(r.URL.Query().Get("_rows")) // of a draft that is taken up again
		keepRows(f, values, rows)
		st := &shower{words: v.words, sub: sub, form: f, values: values}
		body := formBody{Action: "/ghi/" + f.Slug}
		if n, err := strconv.ParseUint(r.URL.Query().Get("saved"), 10, 64); err == nil {
			if e, _ := book.Entry(n); e != nil { // never "saved" of what is not in the book
				body.Saved = n
			}
		}
		return s.showForm(w, v, http.StatusOK, st, body)
	})
}

// pickBody asks whom a form is about.
type pickBody struct {
	Form, Title string
	Person      bool
}

// fillArea shows an area as it is, or proposes the next number.
func fillArea(sub *subject, id, unit string, set func(string, string)) {
	a := sub.area
	if id == "" || a == nil {
		n := uint32(1)
		for _, other := range sub.v.Areas() {
			n = max(n, other.Number+1)
		}
		set("number", strconv.FormatUint(uint64(n), 10))
		set("unit", unit)
		set("date", sub.today.Vi())
		return
	}
	set("id", id)
	set("number", strconv.FormatUint(uint64(a.Number), 10))
	set("unit", fmt.Sprintf("%05d", a.Unit))
	set("hamlet", a.Hamlet)
	set("date", sub.today.Vi())
	if a.Collaborator != 0 {
		set("collaborator", strconv.FormatUint(uint64(a.Collaborator), 10))
	}
	if a.Closed {
		set("closed", "1")
	}
}

// showForm completes and writes the page of a form. The command key is granted
// here and stays the same until something is recorded.
func (s *station) showForm(w http.ResponseWriter, v *visit, status int, sh *shower, body formBody) error {
	body.Fields = sh.fields()
	body.Summary = sh.findings
	body.Slug = sh.form.Slug
	body.Title = v.text(sh.form.Label)
	if body.Amends != 0 {
		body.Title = v.text("amend.title", "form", body.Title, "n", body.Amends)
	}
	body.Next = body.Amends == 0 && sh.form.Group != ""
	key := sh.values.Get("key")
	if key == "" {
		device, seq, err := s.auth.NextForm(v.token)
		if err != nil {
			return err
		}
		key = registrar.Key{Device: device, Seq: seq}.String()
	}
	hide := func(name, value string) {
		if value != "" {
			body.Hidden = append(body.Hidden, keptField{name, value})
		}
	}
	hide("key", key)
	hide("_by", strconv.FormatUint(uint64(v.user.Number), 10))
	hide("base", strconv.FormatUint(sh.sub.base, 10))
	hide("id", sh.values.Get("id"))
	body.About = &aboutView{}
	if sh.sub.household != nil && sh.form.About != aboutNothing {
		l := v.householdLine(sh.sub.v, sh.sub.household)
		body.About.Household, body.Cancel = &l, l.Href
		hide("ho", l.ID)
	}
	if sh.sub.person != nil && sh.form.About == aboutPerson {
		l := v.personLine(sh.sub.person, sh.sub.today)
		body.About.Person, body.Cancel = &l, l.Href
		hide("nguoi", l.ID)
	}
	if sh.sub.area != nil && sh.form.About == aboutNothing && sh.form.Slug != "dia-ban" {
		hide("diaban", sh.sub.area.ID.String())
	}
	if body.Cancel == "" {
		body.Cancel = "/ghi"
	}
	for _, fd := range sh.form.Fields {
		if fd.Type == typeRows {
			hide("_rows", strconv.Itoa(rowsShown(sh.values)))
		}
	}
	return s.show(w, v, status, "form", body.Title, body)
}

// formPost records a form, or shows it again with what is wrong.
func (s *station) formPost(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := s.forms[r.PathValue("phieu")]
	if f == nil {
		return errNotFound
	}
	return s.take(w, r, v, f, 0)
}

// attempt is one passage of a posted form.
type attempt struct {
	cmd    registrar.Command
	answer registrar.Answer
	n      int
	err    error
}

// opened checks that a form was opened by who sends it: one kept in the login
// page must not be written in the name of somebody else who logs in there.
func (v *visit) opened(values url.Values) error {
	if by := values.Get("_by"); by != "" && by != strconv.FormatUint(uint64(v.user.Number), 10) {
		return errOtherUser
	}
	return nil
}

// take reads and records a posted form; target is the entry it amends, or 0.
func (s *station) take(w http.ResponseWriter, r *http.Request, v *visit, f *form, target uint64) error {
	values := r.PostForm
	if err := v.opened(values); err != nil {
		return err
	}
	values.Del("_form") // only a check may leave things out
	if values.Has("_more") {
		values.Set("_rows", strconv.Itoa(rowsShown(values)+1))
		return s.again(w, r, v, f, target, http.StatusOK, nil)
	}
	at, err := s.attempt(r.Context(), v, f, target, values, s.o.Registrar.Record)
	if err != nil {
		return err
	}
	if at.err == nil && at.answer.Status == registrar.StatusRecorded {
		return s.saved(w, r, v, f, at.answer)
	}
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(at.err, registrar.ErrForbidden):
		return errForbidden
	case at.err != nil && !errors.Is(at.err, registrar.ErrBadCommand):
		status = http.StatusServiceUnavailable
	}
	return s.again(w, r, v, f, target, status, at)
}

// attempt reads a form and gives its command to do (Record or Check).
func (s *station) attempt(ctx context.Context, v *visit, f *form, target uint64, values url.Values,
	do func(context.Context, uint32, registrar.Command) (registrar.Answer, error)) (*attempt, error) {
	at := &attempt{}
	err := s.view(ctx, func(book *register.View) error {
		sub, err := loadSubject(book, f, values, s.o.Status().Today)
		if err != nil {
			return err
		}
		if sub.missing(f) {
			return errBadInput
		}
		at.cmd.Entries, _ = readForm(f, sub, values, target)
		return nil
	})
	if err != nil || at.cmd.Entries == nil {
		return at, err
	}
	at.n = len(at.cmd.Entries)
	if at.cmd.Key, err = registrar.ParseKey(values.Get("key")); err != nil {
		return nil, errBadInput
	}
	for name, list := range values {
		rule, ok := strings.CutPrefix(name, "reason.")
		if ok && strings.TrimSpace(list[0]) != "" && len(at.cmd.Confirm) < registrar.MaxConfirm {
			at.cmd.Confirm = append(at.cmd.Confirm, population.Confirmation{Rule: rule, Reason: strings.TrimSpace(list[0])})
		}
	}
	at.answer, at.err = do(ctx, v.user.Number, at.cmd)
	return at, nil
}

// again shows a posted form with everything typed and what was found.
func (s *station) again(w http.ResponseWriter, r *http.Request, v *visit, f *form, target uint64, status int, at *attempt) error {
	values := r.PostForm
	return s.view(r.Context(), func(book *register.View) error {
		sub, err := loadSubject(book, f, values, s.o.Status().Today)
		if err != nil {
			return err
		}
		sh := &shower{words: v.words, sub: sub, form: f, values: values, amends: target != 0}
		body := formBody{Action: r.URL.Path, Amends: target, Again: true}
		if at != nil {
			_, rd := readForm(f, sub, values, target)
			sh.place(rd, at.answer.Findings, at.n)
			body.Refused = len(rd.faults) > 0 || at.answer.Status == registrar.StatusRefused
			body.Ask = !body.Refused && at.answer.Status == registrar.StatusAsk
			s.explain(book, sh, at, &body)
		}
		return s.showForm(w, v, status, sh, body)
	})
}

// explain says what an error that is not about a field means for the form.
func (s *station) explain(book *register.View, sh *shower, at *attempt, body *formBody) {
	switch {
	case at.err == nil:
	case errors.Is(at.err, registrar.ErrBadCommand):
		body.Message = sh.text("form.bad")
		if seqs, used := book.Repeat(at.cmd.Key.Device, at.cmd.Key.Seq); used && len(seqs) > 0 {
			body.Message = sh.text("form.used", "n", seqs[len(seqs)-1])
			sh.values.Del("key") // another form now
		}
	default:
		body.Message = sh.text("form.not_saved")
		s.log.Error("localui: a form was not recorded", "form", sh.form.Slug, "error", at.err)
	}
}

// saved goes on after a form was recorded.
func (s *station) saved(w http.ResponseWriter, r *http.Request, v *visit, f *form, a registrar.Answer) error {
	seq := strconv.FormatUint(a.Seqs[len(a.Seqs)-1], 10)
	to := "/da-luu/" + seq
	if r.PostForm.Get("then") == "next" {
		q := url.Values{"saved": {seq}}
		for _, name := range []string{"ho", "diaban"} {
			if id := r.PostForm.Get(name); id != "" && f.About != aboutPerson {
				q.Set(name, id)
			}
		}
		if area := r.PostForm.Get("area"); area != "" && f.About == aboutNothing {
			q.Set("diaban", area) // the next household is of the same area
		}
		to = "/ghi/" + f.Slug + "?" + q.Encode()
	}
	w.Header().Set("X-Saved", seq)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// checkPost answers what is wrong with a form so far, for the script: nothing
// is written.
func (s *station) checkPost(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := s.forms[r.PostForm.Get("_form")]
	if f == nil {
		return errNotFound
	}
	target, _ := strconv.ParseUint(r.PostForm.Get("_target"), 10, 64)
	values := r.PostForm
	at, err := s.attempt(r.Context(), v, f, target, values, s.o.Registrar.Check)
	if err != nil {
		return err
	}
	if errors.Is(at.err, registrar.ErrForbidden) {
		return errForbidden
	}
	type line struct {
		Name  string `json:"name"`
		Level string `json:"level"`
		Text  string `json:"text"`
		Rule  string `json:"rule"`
		Asks  bool   `json:"asks"`
	}
	out := []line{}
	err = s.view(r.Context(), func(book *register.View) error {
		sub, err := loadSubject(book, f, values, s.o.Status().Today)
		if err != nil {
			return err
		}
		sh := &shower{words: v.words, sub: sub, form: f, values: values, amends: target != 0}
		_, rd := readForm(f, sub, values, target)
		sh.place(rd, at.answer.Findings, at.n)
		for _, fv := range sh.findings {
			out = append(out, line{fv.Name, fv.Level(), fv.Text, fv.Rule, fv.Asks})
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(w).Encode(out)
}
