package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tramxa/replication/hub"
	"tramxa/replication/identity"
	"tramxa/replication/link"
)

func hubVerb() verb {
	return verb{name: "hub", sub: []verb{
		{name: "init", args: "--dir D --id n1 --ca FILE --peer n1=RAFT,LINK --peer … [--json]", about: "make the directory of one node of the province's hub", run: runHubInit},
		{name: "run", args: "--dir D", about: "serve stations and pages until stopped", run: runHubRun},
		{name: "status", args: "--dir D [--json]", about: "say how the node and its cluster are", run: runHubStatus},
		{name: "stations", args: "list|add FILE|fence STATION EPOCH|replace STATION EPOCH --dir D [--json]", about: "the board of stations; make one known by its registration; take no more from one; let a new disk take a station's place", run: runHubStations},
		{name: "units", args: "list|import FILE --dir D [--json]", about: "the dated list of communes", run: runHubUnits},
		{name: "report", args: "--period 2026-03 [--station N] --dir D [--json|--csv]", about: "form 01-DSX of a station, or of all together", run: runHubReport},
		hubReleaseVerb(),
		hubBackupVerb(),
		hubRestoreVerb(),
	}}
}

// peerList collects --peer ID=RAFT,LINK.
type peerList []hubPeer

func (p *peerList) String() string { return fmt.Sprint([]hubPeer(*p)) }

func (p *peerList) Set(s string) error {
	id, rest, ok := strings.Cut(s, "=")
	raft, link, ok2 := strings.Cut(rest, ",")
	if !ok || !ok2 || id == "" || raft == "" || link == "" {
		return errors.New("a peer is written ID=RAFTHOST:PORT,LINKHOST:PORT")
	}
	*p = append(*p, hubPeer{ID: id, Raft: raft, Link: link})
	return nil
}

func runHubInit(_ context.Context, args []string, io stdio) error {
	f := newFlags("hub init", io)
	dir := dirFlag(f, "hub node")
	id := f.String("id", "n1", "name of this node; never used again for another machine")
	ca := f.String("ca", "", "file with the hub's authority; made when absent; keep it off the nodes afterwards")
	page := f.String("page", defaultHubPage, "address of the pages")
	asJSON := f.Bool("json", false, "answer as JSON")
	var peers peerList
	f.Var(&peers, "peer", "a node of the hub as ID=RAFTHOST:PORT,LINKHOST:PORT; give all of them")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if *ca == "" {
		return usagef("--ca names the file of the hub's authority")
	}
	c := hubConfig{ID: *id, Page: *page, Peers: peers}
	for _, p := range peers {
		if p.ID == *id {
			c.Raft, c.Link = p.Raft, p.Link
		}
	}
	if c.Raft == "" {
		return usagef("this node, %s, must be among the --peer flags", *id)
	}
	pin, err := initHub(*dir, *ca, c)
	if err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(io.out, map[string]string{"id": *id, "dir": *dir, "pin": pin.String()})
	}
	_, err = fmt.Fprintf(io.out, "hub node %s is ready in %s\npin %s\nhint: stations need the pin: 'tramxa station init --hub-pin %s --hub %s'\nhint: 'tramxa hub backup code --ca %s --dir %s' makes the recovery code for copies of the hub\n", *id, *dir, pin, pin, c.Link, *ca, *dir)
	return err
}

// initHub makes a node's directory: certificate and configuration.
func initHub(dir, caFile string, c hubConfig) (identity.Pin, error) {
	ca, err := identity.LoadCA(caFile)
	if errors.Is(err, os.ErrNotExist) {
		ca, err = identity.CreateCA(caFile)
	}
	if err != nil {
		return identity.Pin{}, fmt.Errorf("authority of the hub: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return identity.Pin{}, err
	}
	if err := writeConfig(dir, config{Hub: &c}); err != nil {
		return identity.Pin{}, err
	}
	if _, err := ca.CreateNode(dir, c.ID, time.Now()); err != nil {
		return identity.Pin{}, fmt.Errorf("certificate of the node: %w", err)
	}
	return ca.Pin(), nil
}

// hubNode is one running node: raft, the port for stations and the state.
type hubNode struct {
	*hub.Hub
	config hubConfig
	copies *hubCopies
	links  net.Listener
	stop   context.CancelFunc
	served chan error
}

// hubTuning is what the demo sets smaller than a server does.
type hubTuning struct {
	Times                   hub.Times
	BlockCache, IndexCache  int64
	LogSegment              int
	WatchDisk, ContactEvery time.Duration

	// OpenBundle verifies releases; nil: by the keys in this program.
	OpenBundle hub.Verifier

	// Raft and Links are ports opened already; nil: those of the configuration
	// are opened.
	Raft, Links net.Listener
}

func (t hubTuning) openBundle() hub.Verifier {
	if t.OpenBundle != nil {
		return t.OpenBundle
	}
	return openBundle
}

// openHub starts a node and lets stations in.
func openHub(ctx context.Context, dir string, c hubConfig, tune hubTuning, log logger) (*hubNode, error) {
	node, err := identity.LoadNode(dir)
	if err != nil {
		return nil, fmt.Errorf("certificate of the node: %w", err)
	}
	peers := make([]hub.Peer, 0, len(c.Peers))
	for _, p := range c.Peers {
		peers = append(peers, hub.Peer{ID: p.ID, Raft: p.Raft, Link: p.Link})
	}
	h, err := hub.Open(hub.Options{
		Dir: filepath.Join(dir, "data"), Node: node, Bind: c.Raft, Listener: tune.Raft, Peers: peers, Bootstrap: true,
		Times: tune.Times, BlockCache: tune.BlockCache, IndexCache: tune.IndexCache, LogSegment: tune.LogSegment,
		WatchDisk: tune.WatchDisk, ContactEvery: tune.ContactEvery, OpenBundle: tune.openBundle(), Log: log.with("hub", c.ID),
	})
	if err != nil {
		return nil, err
	}
	// The state is open here and nowhere else, so no proof is under way.
	if err := os.RemoveAll(filepath.Join(dir, copiesWork)); err != nil {
		log.with("copies", c.ID).Warn("left behind by a copy that was cut off, in clear", "folder", copiesWork, "error", err)
	}
	lh, err := link.NewHub(link.HubOptions{TLS: identity.ServerTLS(node, h.Known), Intake: h, Archive: h, Releases: h, Log: log.with("link", c.ID)})
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	ln := tune.Links
	if ln == nil {
		if ln, err = net.Listen("tcp", c.Link); err != nil {
			return nil, errors.Join(withHint(fmt.Errorf("listen for stations: %w", err), "is another hub node running on this address?"), h.Close())
		}
	}
	serve, stop := context.WithCancel(context.WithoutCancel(ctx))
	copies := &hubCopies{dir: dir, config: c, pin: node.Pin, hub: h, leader: h.Leader, sick: func() string { s := h.Status(); return cmp.Or(s.Diverged, s.Error) }, log: log}
	n := &hubNode{Hub: h, config: c, copies: copies, links: ln, stop: stop, served: make(chan error, 1)}
	go func() { n.served <- lh.Serve(serve, ln) }()
	return n, nil
}

// close stops taking from stations, then raft.
func (n *hubNode) close() error {
	n.stop()
	_ = n.links.Close()
	<-n.served
	return n.Hub.Close()
}
