package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/report"
	"tramxa/appliance/rules"
)

// stationHandler answers the station verbs.
func stationHandler(n *stationNode) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := fn(w, r); err != nil {
				writeProblem(w, err)
			}
		})
	}
	handle("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) error { return writeJSON(w, n.status()) })
	handle("GET /v1/screen", func(w http.ResponseWriter, _ *http.Request) error { return writeJSON(w, n.screen()) })
	handle("POST /v1/restart", n.handleRestart)
	handle("GET /v1/restart", func(w http.ResponseWriter, _ *http.Request) error {
		return writeJSON(w, restartWaiting{n.works.waiting()})
	})
	handle("POST /v1/record", n.handleRecord)
	handle("POST /v1/import", n.long("import", n.handleImport))
	handle("POST /v1/undo", n.long("undo", n.handleUndo))
	handle("GET /v1/users", n.handleUsers)
	handle("POST /v1/users", n.handleAddUser)
	handle("POST /v1/password", n.handlePassword)
	handle("POST /v1/sync", n.handleSync)
	handle("POST /v1/backup", n.long("backup", n.handleBackup))
	handle("POST /v1/verify", n.long("verify", n.handleVerify))
	handle("GET /v1/report", func(w http.ResponseWriter, r *http.Request) error {
		rep, err := n.report(r.Context(), r.URL.Query())
		if err != nil {
			return err
		}
		return writeReport(w, rep, r.URL.Query().Get("format"), r.URL.Query().Get("lang"))
	})
	return mux
}

func (n *stationNode) report(ctx context.Context, q interface{ Get(string) string }) (*report.Report, error) {
	o, err := reportOptions(q)
	if err != nil {
		return nil, err
	}
	var rep *report.Report
	err = n.View(ctx, func(v *register.View) error {
		rep, err = report.Compute(v, o)
		return err
	})
	return rep, err
}

// stationStatus is what 'station status' shows.
type stationStatus struct {
	Station  uint32    `json:"station"`
	Epoch    uint32    `json:"epoch"`
	Unit     string    `json:"unit"`
	Saved    uint64    `json:"saved"`   // records durable here
	Acked    uint64    `json:"acked"`   // records the province has
	Waiting  uint64    `json:"waiting"` // records still to send
	AckedAt  time.Time `json:"acked_at,omitzero"`
	Line     string    `json:"line"` // stage of the line to the hub
	Problem  string    `json:"problem,omitempty"`
	FreeMB   uint64    `json:"free_mb"`
	Full     bool      `json:"full,omitempty"`
	Clock    time.Time `json:"clock"`
	Trusted  bool      `json:"clock_trusted"`
	Heals    int       `json:"heals"` // times the view was made again since the start
	Failed   string    `json:"failed,omitempty"`
	Accounts int       `json:"accounts"`

	Backup *backupState `json:"backup,omitempty"` // of the copies; none: never tried
}

func (n *stationNode) status() stationStatus {
	st := n.Status()
	s := stationStatus{Station: uint32(st.Origin.Station), Epoch: uint32(st.Origin.Epoch), Unit: st.Unit,
		Saved: uint64(st.Head), Acked: uint64(st.Acked.Seq), Waiting: st.Waiting, AckedAt: st.Acked.At, Line: "offline",
		FreeMB: st.Free >> 20, Full: st.Full, Clock: st.Now, Trusted: st.Trusted, Heals: st.Heals, Accounts: len(n.auth.Logins()), Backup: n.backupState(st.Now)}
	if st.Failed != nil {
		s.Failed = st.Failed.Error()
	}
	if sp := n.spoke.Load(); sp != nil {
		ss := sp.Status()
		s.Line = string(ss.Stage)
		if ss.LastError != nil {
			s.Problem = ss.LastError.Error()
		}
	}
	return s
}

// screen is what a console beside the machine shows of the running station.
func (n *stationNode) screen() screen {
	s := screen{Stage: "running", Place: n.config.place(n.Store().Genesis().Unit)}
	if d := n.doors.Load(); d != nil {
		s.Addresses, s.Mark = d.addresses(), d.fingerprint()
	}
	if code := n.code.Load(); code != nil && n.auth.Empty() {
		s.Code = *code
	}
	return s
}

// restartAnswer says whether the station starts again now, or what that waits for.
type restartAnswer struct {
	Restarting bool     `json:"restarting"`
	WaitsFor   []string `json:"waits_for,omitempty"`
}

// restartWaiting says whether a restart waits for something that runs.
type restartWaiting struct {
	Waiting bool `json:"waiting"`
}

// handleRestart ends the process so that its launcher starts it again: an update
// was put in place. Without a launcher nobody would. Long works are waited for, and
// so is the answer.
func (n *stationNode) handleRestart(w http.ResponseWriter, r *http.Request) error {
	if n.launcher == nil || n.restart == nil {
		return withHint(errors.New("this station was started by hand"), "stop it and start it again yourself")
	}
	answered, err := n.works.begin("")
	if err != nil {
		return writeJSON(w, restartAnswer{Restarting: true})
	}
	defer answered()
	waits := n.restartWhenIdle(r.URL.Query().Get("why"))
	return writeJSON(w, restartAnswer{Restarting: len(waits) == 0, WaitsFor: waits})
}

// answerLine is one answer of 'station record'.
type answerLine struct {
	Line     int             `json:"line"`
	Key      string          `json:"key,omitempty"`
	Status   string          `json:"status"` // recorded, ask, refused, error
	Seqs     []uint64        `json:"seqs,omitempty"`
	IDs      []population.ID `json:"ids,omitempty"`
	Repeat   bool            `json:"repeat,omitempty"`
	Findings []findingLine   `json:"findings,omitempty"`
	Error    string          `json:"error,omitempty"`
}

type findingLine struct {
	Rule  string `json:"rule"`
	Level string `json:"level"`
	Field string `json:"field,omitempty"`
	Text  string `json:"text"`
}

func findingLines(list []rules.Finding, lang string) []findingLine {
	out := make([]findingLine, 0, len(list))
	for _, f := range list {
		level := "soft"
		if f.Hard {
			level = "hard"
		}
		out = append(out, findingLine{Rule: f.Rule, Level: level, Field: f.Field, Text: rules.Text(f, lang)})
	}
	return out
}

// maxLine bounds one command; ParseCommand refuses longer ones too.
const maxLine = 64 << 10

// handleRecord writes commands one after the other and answers each as soon as
// it is durable. A line that cannot be taken is answered and passed over.
func (n *stationNode) handleRecord(w http.ResponseWriter, r *http.Request) error {
	actor, err := n.actor(r.Context(), r.URL.Query().Get("as"))
	if err != nil {
		return err
	}
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex()
	lang := r.URL.Query().Get("lang")
	in := bufio.NewReaderSize(r.Body, maxLine+2)
	for line := 1; ; line++ {
		b, err := readLine(in)
		if len(b) > 0 || err == nil || errors.Is(err, errLongLine) {
			a := n.recordLine(r.Context(), actor, b, err, lang)
			a.Line = line
			if a.Status != "" {
				if err := writeJSON(w, a); err != nil {
					return nil // nobody listens any more; what was answered is saved
				}
				_ = rc.Flush()
			}
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return nil
		}
	}
}

var errLongLine = errors.New("line is longer than 64 KiB")

// readLine reads a line without its end; a longer one is read over and reported.
func readLine(in *bufio.Reader) ([]byte, error) {
	b, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		if err == nil {
			b = b[:len(b)-1]
		}
		return b, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return []byte{}, errLongLine
}

func (n *stationNode) recordLine(ctx context.Context, actor uint32, b []byte, readErr error, lang string) answerLine {
	if errors.Is(readErr, errLongLine) {
		return answerLine{Status: "error", Error: readErr.Error()}
	}
	if len(trimSpace(b)) == 0 {
		return answerLine{}
	}
	cmd, err := registrar.ParseCommand(b)
	if err != nil {
		return answerLine{Status: "error", Error: err.Error()}
	}
	a, err := n.Registrar().Record(ctx, actor, cmd)
	if err != nil {
		return answerLine{Key: cmd.Key.String(), Status: "error", Error: err.Error()}
	}
	return answerLine{Key: cmd.Key.String(), Status: string(a.Status), Seqs: a.Seqs, IDs: a.IDs, Repeat: a.Repeat,
		Findings: findingLines(a.Findings, lang)}
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\r' || b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// actor finds who writes: the login given, or the only one who could.
func (n *stationNode) actor(ctx context.Context, login string) (uint32, error) {
	var number uint32
	err := n.View(ctx, func(v *register.View) error {
		if login != "" {
			if number = v.UserByLogin(login); number == 0 {
				return fmt.Errorf("no user %q in the book", login)
			}
			return nil
		}
		for _, u := range v.Users() {
			if u.Disabled || (u.Role != population.RoleHead && u.Role != population.RoleOfficer) {
				continue
			}
			if number != 0 {
				return usagef("several users may write: say who with --as LOGIN")
			}
			number = u.Number
		}
		return nil // 0 only on a station without users, where the rules allow the first alone
	})
	return number, err
}

// syncPatience is how long 'station sync' waits while nothing moves: longer than
// a hub needs to choose a new leader.
const syncPatience = 30 * time.Second

func (n *stationNode) handleSync(w http.ResponseWriter, r *http.Request) error {
	before := n.Status().Acked.Seq
	sp := n.spoke.Load()
	if sp == nil {
		if len(n.config.Hub) == 0 {
			return usagef("this station has no hub: put it into %s", configFile)
		}
		ctx, stop := context.WithCancel(r.Context())
		defer stop()
		var err error
		if sp, err = n.newSpoke(); err != nil {
			return err
		}
		go func() { _ = sp.Run(ctx) }()
	}
	sp.Now()
	moved, since := n.Status().Acked.Seq, time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		st, line := n.Status(), sp.Status()
		if st.Waiting == 0 {
			return writeJSON(w, map[string]any{"moved": st.Acked.Seq - before, "waiting": 0})
		}
		if line.Stage == spokeStopped {
			return &coded{err: line.LastError, code: exitFailed}
		}
		if st.Acked.Seq != moved {
			moved, since = st.Acked.Seq, time.Now()
		}
		if time.Since(since) > syncPatience {
			return unreachable(fmt.Errorf("%d records still wait, and none moved for %s: %w", st.Waiting, syncPatience, lineProblem(line.LastError)), "nothing is lost; they go when the line is back")
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}
