package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/auth"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/report"
	"tramxa/localui"
	"tramxa/replication/hub"
)

// pageServer serves handlers on listeners until close.
type pageServer struct {
	ctx     context.Context
	stop    context.CancelFunc
	servers []*http.Server
}

func newPageServer() *pageServer {
	ctx, stop := context.WithCancel(context.Background())
	return &pageServer{ctx: ctx, stop: stop}
}

// serve listens on addr; config nil means in the clear. It returns the address
// it listens on.
func (p *pageServer) serve(addr string, config *tls.Config, h http.Handler) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", withHint(fmt.Errorf("listen for pages: %w", err), "another program has this address: stop it, or change the address in "+configFile)
	}
	at := l.Addr().String()
	if config != nil {
		l = tls.NewListener(l, config)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, BaseContext: func(net.Listener) context.Context { return p.ctx }}
	p.servers = append(p.servers, srv)
	go func() { _ = srv.Serve(l) }()
	return at, nil
}

// close ends the pages: open websockets by their context, requests by waiting a
// little.
func (p *pageServer) close() {
	p.stop()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for _, s := range p.servers {
		if s.Shutdown(ctx) != nil {
			_ = s.Close()
		}
	}
}

// setupCode is what lets the first account be made from another machine. It is
// shown where the program was started, and only while there is no account.
func setupCode() (string, error) {
	const letters = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
	b := make([]byte, 10)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:5]) + "-" + string(b[5:]), nil
}

// place is what the pages call a station.
func (c stationConfig) place(unit string) string {
	if c.Name != "" {
		return c.Name
	}
	return "Trạm y tế " + unit
}

// showPages puts the station's pages behind the doors.
func (n *stationNode) showPages(d *doors, out io.Writer) error {
	code, err := setupCode()
	if err != nil {
		return err
	}
	o := localui.StationOptions{
		Book: n.Station, Registrar: n.Registrar(), Auth: n.auth, Status: n.pageStatus, Changed: n.Changed,
		SyncNow: n.syncNow, Access: n.looked, Place: n.config.place(n.Store().Genesis().Unit), Hosts: n.config.Names, SetupCode: code,
		Practice: n.practice, Log: n.log.with("pages", n.dir),
	}
	if n.trying != nil {
		n.trying.hosts = n.config.Names
		o.PracticeOf = n.trying
	}
	if n.care != nil {
		o.Care = n.care.pages(d)
	}
	h, err := localui.NewStation(o)
	if err != nil {
		return err
	}
	if n.trying != nil {
		h = localui.WithPractice(h, n.trying.handler)
	}
	n.pageAddr = d.page
	n.doors.Store(d)
	n.code.Store(&code)
	d.show(h)
	if n.auth.Empty() {
		fmt.Fprintf(out, "no account yet: open the page on this machine, or give this code on another: %s\n", code)
	}
	return nil
}

func (n *stationNode) looked(ctx context.Context, actor uint32, look string, ref population.ID) error {
	return n.Looked(ctx, actor, appliance.Look{What: look, Of: ref})
}

func (n *stationNode) syncNow() {
	if sp := n.spoke.Load(); sp != nil {
		sp.Now()
	}
}

// pageStatus is the station for the pages.
func (n *stationNode) pageStatus() localui.Status {
	st := n.Status()
	s := localui.Status{
		Station: uint32(st.Origin.Station), Epoch: uint32(st.Origin.Epoch), Unit: st.Unit,
		Head: uint64(st.Head), Acked: uint64(st.Acked.Seq), AckedAt: st.Acked.At, AccessHead: uint64(st.AccessHead),
		Now: st.Now, Trusted: st.Trusted, Today: st.Today, Line: localui.LineNone,
		Full: st.Full, FreeMB: st.Free >> 20, Rebuilding: st.Rebuilding, Checkpoint: uint64(st.Checkpoint), Version: readVersion().Version,
	}
	if st.Failed != nil {
		s.Failed = st.Failed.Error()
	}
	if sp := n.spoke.Load(); sp != nil {
		line := sp.Status()
		s.Line, s.Connected, s.Hub = string(line.Stage), line.Connected, line.Hub
		if line.LastError != nil {
			s.Problem = line.LastError.Error()
		}
	}
	return s
}

// serveHubPages serves a hub node's pages.
func serveHubPages(dir string, n *hubNode, practice bool, out io.Writer, log logger) (addr string, stop func(), err error) {
	a, err := auth.Open(auth.Options{File: filepath.Join(dir, accountsFile)})
	if err != nil {
		return "", nil, err
	}
	code, err := setupCode()
	if err != nil {
		return "", nil, err
	}
	h, err := localui.NewHub(localui.HubOptions{Board: board{n}, Releases: shelf{n}, Auth: a, Place: "Máy chủ tỉnh " + n.config.ID, SetupCode: code,
		Practice: practice, Log: log.with("pages", n.config.ID)})
	if err != nil {
		return "", nil, err
	}
	p := newPageServer()
	if addr, err = p.serve(n.config.Page, nil, h); err != nil {
		p.close()
		return "", nil, err
	}
	if a.Empty() && out != nil {
		fmt.Fprintf(out, "no account yet: open the page on this machine, or give this code on another: %s\n", code)
	}
	return addr, p.close, nil
}

// board shows a hub node to the pages.
type board struct{ n *hubNode }

func (b board) Stations(context.Context) ([]localui.StationLine, error) {
	list, err := b.n.Stations()
	if err != nil {
		return nil, err
	}
	lines := make([]localui.StationLine, 0, len(list))
	for _, s := range list {
		l := localui.StationLine{Station: uint32(s.Station), Epoch: uint32(s.Epoch), Name: s.Name, Unit: s.Unit, UnitName: s.UnitName, LastContact: s.LastContact,
			Watermark: uint64(s.Watermark), Waiting: uint64(s.Waiting), Batches: s.Batches, Fenced: s.Fenced, Quarantined: s.Quarantined, Version: s.Version}
		if u := s.Update; u != nil {
			l.Update = &localui.UpdateLine{Sequence: u.Sequence, Outcome: u.Outcome, Reason: u.Reason}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func (b board) Report(ctx context.Context, station uint32, o report.Options) (*report.Report, error) {
	if station == 0 {
		return b.n.RollUp(ctx, o)
	}
	rep, err := b.n.Report(journal.Station(station), o)
	if errors.Is(err, hub.ErrUnknownStation) {
		err = localui.ErrNoStation
	}
	return rep, err
}

func (b board) Status() localui.HubStatus {
	s := b.n.Hub.Status()
	out := localui.HubStatus{Node: s.Node, State: s.State, Leader: s.Leader, Term: s.Term, Applied: s.Applied, Version: readVersion().Version}
	for _, p := range b.n.config.Peers {
		out.Peers = append(out.Peers, p.ID)
	}
	for _, bad := range []string{s.Damage, s.Diverged, s.Error} {
		if bad != "" {
			out.Problems = append(out.Problems, bad)
		}
	}
	out.Problems = append(out.Problems, oldCopies(b.n.copies.look(), time.Now())...)
	return out
}
