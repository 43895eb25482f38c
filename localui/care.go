package localui

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
)

// rolesCare may look after the machine.
var rolesCare = []population.Role{population.RoleHead, population.RoleTechnician}

// careBody is the technician's page.
type careBody struct {
	Checks    []check
	Warnings  []warningLine
	Addresses []string
	Print     string
	Backups   *backupView
	CanBackup bool
	Updates   *updateView
	Diagnosis bool
	Moved     bool
	Machine   bool
	Done      string
	Error     string
}

type warningLine struct {
	Bad  bool
	Text string
}

type backupView struct {
	Running bool
	Lines   []backupLine
}

type backupLine struct {
	Name, When, Size string
	Class, Sign      string
	Text, Problem    string
}

type updateView struct {
	UpdateStatus
	Short string // beginning of the build's hash
	Left  string // why Refused did not stay
	Stage string
	Check bool
	Apply bool
	Back  bool
}

func (s *station) careRoutes() {
	s.handle("GET /ky-thuat", rolesCare, s.carePage)
	s.handle("POST /ky-thuat/sao-luu", rolesCare, s.backupNow)
	s.handle("POST /ky-thuat/cap-nhat", rolesCare, s.updatePost)
	s.handle("POST /ky-thuat/may-nay", rolesCare, s.moveMeant)
	s.handle("GET /ky-thuat/chan-doan.zip", rolesCare, s.diagnosis)
	s.handle("GET /ky-thuat/may", rolesCare, s.machinePage)
}

func (s *station) carePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	b := careBody{Done: doneText(v, r.URL.Query().Get("xong"))}
	return s.careShow(w, r, v, http.StatusOK, b)
}

func doneText(v *visit, what string) string {
	switch what {
	case "sao-luu", "may-nay", "kiem-tra", "ap-dung", "quay-lai":
		return v.text("care.done." + what)
	}
	return ""
}

func (s *station) careShow(w http.ResponseWriter, r *http.Request, v *visit, status int, b careBody) error {
	c := s.o.Care
	quarantined, pending, err := s.unread(r)
	if err != nil {
		return err
	}
	st := s.o.Status()
	b.Checks = v.checks(st, quarantined, pending)
	b.Warnings = v.warnings(c)
	if c.Addresses != nil {
		b.Addresses, b.Print = c.Addresses()
	}
	if c.Backups != nil {
		b.Backups, b.CanBackup = v.backups(c.Backups(), st.Now), c.BackupNow != nil
	}
	if c.Updates != nil {
		b.Updates = v.updates(c)
	}
	b.Moved = c.Moved != nil && c.MoveMeant != nil && c.Moved()
	b.Diagnosis, b.Machine = c.Diagnosis != nil, c.Machine != nil
	return s.show(w, v, status, "care", v.text("care.title"), b)
}

func (w words) warnings(c Care) []warningLine {
	var out []warningLine
	if c.Warnings != nil {
		for _, x := range c.Warnings() {
			out = append(out, warningLine{x.Bad, x.Text.In(w.lang)})
		}
	}
	return out
}

// backupProblems are the sentences for BackupPlace.Problem.
var backupProblems = map[string]string{"no_room": "backup.problem.no_room", "damaged": "backup.problem.damaged", "read_only": "backup.problem.read_only",
	"gone": "backup.problem.gone", "unproven": "backup.problem.unproven"}

// backups turns the copies into lines; now is the station's clock.
func (w words) backups(st BackupStatus, now time.Time) *backupView {
	b := &backupView{Running: st.Running}
	for _, p := range st.Places {
		l := backupLine{Name: p.Name, When: w.clock(p.At, now), Size: w.bytes(p.Bytes)}
		if p.Problem != "" {
			l.Problem = w.text(first(backupProblems[p.Problem], "backup.problem.failed"))
		}
		if p.Name == "" {
			l.Name = w.text("backup.here")
		}
		switch {
		case p.At.IsZero():
			l.Class, l.Sign, l.Text = "warn", "⚠", w.text("backup.never")
		case !p.Proven:
			l.Class, l.Sign, l.Text = "bad", "✕", w.text("backup.bad")
		case now.Sub(p.At) > 72*time.Hour:
			l.Class, l.Sign, l.Text = "warn", "⚠", w.text("backup.old", "days", int(now.Sub(p.At).Hours()/24))
		default:
			l.Class, l.Sign, l.Text = "good", "✓", w.text("backup.good")
		}
		b.Lines = append(b.Lines, l)
	}
	return b
}

// bytes writes a size in the unit that reads best.
func (w words) bytes(n int64) string {
	switch {
	case n >= 10<<30:
		return w.num(n>>30) + " GB"
	case n >= 10<<20:
		return w.num(n>>20) + " MB"
	}
	return w.num((n+1023)>>10) + " KB"
}

func (w words) updates(c Care) *updateView {
	u := c.Updates()
	v := &updateView{UpdateStatus: u, Short: u.Build[:min(12, len(u.Build))], Left: u.Why.In(w.lang)}
	idle := u.Stage == ""
	v.Check = c.UpdateCheck != nil && idle && !u.Development
	v.Apply = c.UpdateApply != nil && idle && u.Offered != ""
	v.Back = c.UpdateBack != nil && idle && u.Previous != ""
	if !idle {
		v.Stage = w.text("update.stage."+u.Stage, "percent", strconv.Itoa(u.Percent))
	}
	return v
}

func (s *station) backupNow(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if s.o.Care.BackupNow == nil {
		return errNotFound
	}
	s.o.Care.BackupNow()
	http.Redirect(w, r, "/ky-thuat?xong=sao-luu", http.StatusSeeOther)
	return nil
}

func (s *station) moveMeant(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if s.o.Care.MoveMeant == nil {
		return errNotFound
	}
	if err := s.o.Care.MoveMeant(); err != nil {
		return err
	}
	http.Redirect(w, r, "/ky-thuat?xong=may-nay", http.StatusSeeOther)
	return nil
}

// updatePost does one thing about the program. What is refused is said on the
// page, and nothing has changed.
func (s *station) updatePost(w http.ResponseWriter, r *http.Request, v *visit) error {
	do := map[string]func() error{}
	c := s.o.Care
	if c.UpdateCheck != nil {
		do["kiem-tra"] = func() error { return c.UpdateCheck(r.Context()) }
	}
	if c.UpdateApply != nil {
		do["ap-dung"] = func() error { return c.UpdateApply(r.Context()) }
	}
	if c.UpdateBack != nil {
		do["quay-lai"] = func() error { return c.UpdateBack(r.Context()) }
	}
	what := r.PostForm.Get("viec")
	fn := do[what]
	if fn == nil {
		return errBadInput
	}
	if err := fn(); err != nil {
		s.log.Warn("localui: update", "what", what, "error", err)
		return s.careShow(w, r, v, http.StatusUnprocessableEntity, careBody{Error: v.text("update.refused") + " " + v.sentence(err)})
	}
	http.Redirect(w, r, "/ky-thuat?xong="+what, http.StatusSeeOther)
	return nil
}

// sentence is what an error says to people: of a Refusal the text meant for
// them; the words of another are the log's.
func (w words) sentence(err error) string {
	var r Refusal
	if errors.As(err, &r) {
		return r.In(w.lang)
	}
	return w.text("update.failed")
}

// diagnosis is written into memory of its own by the caller, a few hundred
// kilobytes; an error after the first byte leaves a broken zip, which says so.
func (s *station) diagnosis(w http.ResponseWriter, r *http.Request, v *visit) error {
	if s.o.Care.Diagnosis == nil {
		return errNotFound
	}
	name := "tramxa-" + strconv.Itoa(int(s.o.Status().Station)) + "-" + s.o.Status().Now.UTC().Format("20060102-1504") + ".zip"
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return s.o.Care.Diagnosis(r.Context(), w)
}

// machineBody is the health sheet.
type machineBody struct {
	Sections []sectionView
	Warnings []warningLine
	At       string
}

func (s *station) machinePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	if s.o.Care.Machine == nil {
		return errNotFound
	}
	sections, _ := v.sections(s.o.Care.Machine(r.Context()))
	b := machineBody{Sections: sections, Warnings: v.warnings(s.o.Care), At: s.o.Status().Now.In(clock.Country).Format("15:04 02/01/2006")}
	return s.show(w, v, http.StatusOK, "machine", v.text("machine.title"), b)
}
