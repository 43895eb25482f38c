package localui

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
)

// target reads the sequence in the path and the entry it names: the form it is
// amended with, nil when there is none, and whether it is in force.
func (s *station) target(r *http.Request, book *register.View) (uint64, population.Entry, *form, bool) {
	seq, err := strconv.ParseUint(r.PathValue("so"), 10, 64)
	if err != nil {
		return 0, nil, nil, false
	}
	e, live := book.Entry(seq)
	if e == nil {
		return 0, nil, nil, false
	}
	f := formOfKind(e)
	if f != nil {
		f = s.forms[f.Slug]
	}
	if e.Kind() == population.KindHouseholdOpened {
		f = s.forms["mo-ho"] // "ho-den" opens it with arrivals of their own
	}
	return seq, e, f, live
}

// amendPage shows an entry in its form, to put another in its place.
func (s *station) amendPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.view(r.Context(), func(book *register.View) error {
		seq, e, f, live := s.target(r, book)
		if f == nil || !live || f.Slug == "dia-ban" {
			return errNotFound
		}
		about := subjectOf(e)
		if seq > 1 {
			about.Set("base", strconv.FormatUint(seq-1, 10))
		}
		sub, err := loadSubject(book, f, about, s.o.Status().Today)
		if err != nil {
			return err
		}
		values := fillAmend(f, e, sub)
		if err := s.lookedAtForm(r.Context(), v, f, sub, values, householdOf(e)); err != nil {
			return err
		}
		rows, _ := strconv.Atoi(r.URL.Query().Get("_rows"))
		keepRows(f, values, rows)
		sh := &shower{words: v.words, sub: sub, form: f, values: values, amends: true}
		return s.showForm(w, v, http.StatusOK, sh, formBody{Action: r.URL.Path, Amends: seq})
	})
}

func (s *station) amendPost(w http.ResponseWriter, r *http.Request, v *visit) error {
	var f *form
	var seq uint64
	err := s.view(r.Context(), func(book *register.View) error {
		seq, _, f, _ = s.target(r, book)
		return nil
	})
	if err != nil {
		return err
	}
	if f == nil {
		return errNotFound
	}
	return s.take(w, r, v, f, seq)
}

// annulBody asks for the reason to take an entry back.
type annulBody struct {
	Seq      uint64
	Entry    entryLine
	Key      string
	By       uint32 // who opened it
	Reason   string
	Findings []findingView
	Error    string
}

func (s *station) annulPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.annulShow(w, r, v, http.StatusOK, annulBody{})
}

func (s *station) annulShow(w http.ResponseWriter, r *http.Request, v *visit, status int, body annulBody) error {
	if body.Key == "" {
		device, seq, err := s.auth.NextForm(v.token)
		if err != nil {
			return err
		}
		body.Key = registrar.Key{Device: device, Seq: seq}.String()
	}
	body.By = v.user.Number
	return s.view(r.Context(), func(book *register.View) error {
		seq, e, _, live := s.target(r, book)
		if e == nil || !live && body.Error == "" && body.Findings == nil {
			return errNotFound
		}
		body.Seq = seq
		body.Entry = v.entryLine(book, seq, e, 0)
		return s.show(w, v, status, "annul", v.text("annul.title"), body)
	})
}

func (s *station) annulPost(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := v.opened(r.PostForm); err != nil {
		return err
	}
	body := annulBody{Key: r.PostForm.Get("key"), Reason: strings.TrimSpace(r.PostForm.Get("reason"))}
	key, err := registrar.ParseKey(body.Key)
	seq, err2 := strconv.ParseUint(r.PathValue("so"), 10, 64)
	if err != nil || err2 != nil {
		return errBadInput
	}
	if body.Reason == "" {
		body.Error = v.text("annul.reason_missing")
		return s.annulShow(w, r, v, http.StatusUnprocessableEntity, body)
	}
	e := population.Tidy(population.Annulment{Common: population.Common{Note: body.Reason}, First: seq, Last: seq})
	cmd := registrar.Command{Key: key, Entries: []population.Entry{e}, ConfirmAll: body.Reason}
	a, err := s.o.Registrar.Record(r.Context(), v.user.Number, cmd)
	switch {
	case isForbidden(err):
		return errForbidden
	case errors.Is(err, registrar.ErrBadCommand):
		body.Error = v.text("form.bad")
		if saved, err := s.usedFor(r.Context(), key); err != nil {
			return err
		} else if saved != 0 { // the form was opened again with "back" and another reason
			body.Error, body.Key = v.text("form.used", "n", saved), ""
		}
		return s.annulShow(w, r, v, http.StatusUnprocessableEntity, body)
	case err != nil:
		s.log.Error("localui: an annulment was not recorded", "error", err)
		body.Error = v.text("form.not_saved")
		return s.annulShow(w, r, v, http.StatusServiceUnavailable, body)
	case a.Status == registrar.StatusRecorded:
		http.Redirect(w, r, "/da-luu/"+strconv.FormatUint(a.Seqs[0], 10), http.StatusSeeOther)
		return nil
	}
	for _, f := range a.Findings {
		body.Findings = append(body.Findings, findingView{Hard: f.Hard, Rule: f.Rule, Text: findingText(f, v.lang)})
	}
	return s.annulShow(w, r, v, http.StatusUnprocessableEntity, body)
}

// usedFor is the record a key was used for, 0 none.
func (s *station) usedFor(ctx context.Context, key registrar.Key) (seq uint64, err error) {
	err = s.view(ctx, func(book *register.View) error {
		if seqs, used := book.Repeat(key.Device, key.Seq); used && len(seqs) > 0 {
			seq = seqs[len(seqs)-1]
		}
		return nil
	})
	return seq, err
}
