package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/user"
	"strconv"
	"text/tabwriter"

	"tramxa/localui"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/service/update"
)

// maxBundle bounds a bundle sent to a running hub: programs for every system, and
// roots of image machines.
const maxBundle = 4 << 30

func hubReleaseVerb() verb {
	return verb{name: "release", args: "list|publish BUNDLE|ring NUMBER 1|2|3|stop|resume NUMBER --dir D [--json]",
		about: "releases of the program for the stations: which there are, let one go out ring by ring (1: one in a hundred, 2: one in ten, 3: all), stop it, let it go on", run: runHubRelease}
}

func runHubRelease(ctx context.Context, args []string, std stdio) error {
	f := newFlags("hub release", std)
	dir := dirFlag(f, "hub node")
	by := f.String("by", operatorName(), "who does it, for the others to see")
	reason := f.String("reason", "", "why a release is stopped")
	insist := f.Bool("insist", false, "publish although a node of the hub does not answer")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		words = []string{"list"}
	}
	return withControl(ctx, *dir, hubOpener(*dir), func(c *control) error {
		q := url.Values{"by": {*by}, "reason": {*reason}}
		switch {
		case words[0] == "list" && len(words) == 1:
			return printOrJSON(ctx, c, "/v1/releases", *asJSON, std.out, showReleases)
		case words[0] == "publish" && len(words) == 2:
			q.Set("insist", strconv.FormatBool(*insist))
			return sendFile(ctx, c, "/v1/releases", q, words[1], std.out)
		case words[0] == "ring" && len(words) == 3:
			q.Set("release", words[1])
			q.Set("ring", words[2])
			return c.call(ctx, http.MethodPost, "/v1/releases/ring", q, nil, std.out)
		case words[0] == "resume" && len(words) == 2:
			q.Set("release", words[1])
			q.Set("ring", "resume")
			return c.call(ctx, http.MethodPost, "/v1/releases/ring", q, nil, std.out)
		}
		return usagef("hub release takes: list, publish BUNDLE, ring NUMBER 1|2|3|stop, or resume NUMBER")
	})
}

// operatorName is who the system says is at the keyboard.
func operatorName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username[:min(len(u.Username), 64)]
	}
	return "operator"
}

func showReleases(w io.Writer, list []hub.ReleaseStatus) error {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintln(t, "release\tversion\tring\tconfirmed\tunder way\trefused\twent back\tparts here\tstate")
	for _, r := range list {
		var all fsm.Tally
		for _, one := range r.Rings {
			all.Stations += one.Stations
			all.Confirmed += one.Confirmed
			all.Underway += one.Underway
			all.Refused += one.Refused
			all.Bad += one.Bad
		}
		state := "goes out"
		switch {
		case r.Stopped:
			state = "stopped: " + r.Why
		case r.Retired:
			state = "replaced"
		}
		fmt.Fprintf(t, "%d\t%s\t%d\t%d/%d\t%d\t%d\t%d\t%d/%d\t%s\n", r.Sequence, r.Version, r.Ring, all.Confirmed, all.Stations, all.Underway, all.Refused, all.Bad, r.Held, r.Parts, state)
	}
	return t.Flush()
}

// releaseRoutes answers the verb of releases at a running node.
func releaseRoutes(mux *http.ServeMux, h *hub.Hub) {
	handle := func(pattern string, fn func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBundle)
			if err := fn(w, r); err != nil {
				writeProblem(w, releaseError(h, err))
			}
		})
	}
	handle("GET /v1/releases", func(w http.ResponseWriter, _ *http.Request) error {
		list, err := h.Releases()
		if err != nil {
			return err
		}
		return writeJSON(w, list)
	})
	handle("POST /v1/releases", func(w http.ResponseWriter, r *http.Request) error {
		q := r.URL.Query()
		c, err := h.PublishFrom(r.Context(), r.Body, q.Get("by"), q.Get("insist") == "true")
		if err != nil {
			return err
		}
		return writeJSON(w, map[string]any{"release": c.Sequence, "version": c.Version, "parts": len(c.Parts), "ring": fsm.RingOne})
	})
	handle("POST /v1/releases/ring", func(w http.ResponseWriter, r *http.Request) error { return setRing(h, w, r) })
}

func setRing(h *hub.Hub, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	sequence, err := strconv.ParseUint(q.Get("release"), 10, 60)
	if err != nil {
		return usagef("a release is a number; 'tramxa hub release list' shows them")
	}
	word := q.Get("ring")
	switch word {
	case "resume":
		err = h.Resume(r.Context(), sequence, q.Get("by"))
	case "stop":
		err = h.SetRing(r.Context(), sequence, fsm.RingStop, q.Get("by"), q.Get("reason"))
	case "1", "2", "3":
		err = h.SetRing(r.Context(), sequence, fsm.Ring(word[0]-'0'), q.Get("by"), "")
	default:
		return usagef("a ring is 1, 2, 3 or stop")
	}
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"release": sequence, "ring": word})
}

// releaseError adds what to do.
func releaseError(h *hub.Hub, err error) error {
	switch {
	case errors.Is(err, hub.ErrOldPeer):
		return withHint(err, "start that node with this program first; --insist publishes all the same, and a node of an older program then stops until it is updated")
	case errors.Is(err, hub.ErrNoRoom):
		return withHint(err, "make room on the disk of this node; releases that two newer ones have replaced everywhere go by themselves")
	case errors.Is(err, hub.ErrAltered):
		return &coded{err: err, code: exitRefused, hint: "the bundle was damaged on its way: copy it again"}
	case errors.Is(err, update.ErrFormat), errors.Is(err, update.ErrUnsigned), errors.Is(err, update.ErrDevelopment):
		return &coded{err: err, code: exitRefused}
	}
	return hubError(h, err)
}

// openBundle verifies bundles by the keys in this program.
func openBundle(r io.ReaderAt, size int64) (*hub.Bundle, error) {
	trust, err := update.BuiltIn()
	if err != nil {
		return nil, err
	}
	return bundleFor(trust)(r, size)
}

// bundleFor shows bundles that trust accepts to the hub.
func bundleFor(trust update.Trust) hub.Verifier {
	return func(r io.ReaderAt, size int64) (*hub.Bundle, error) {
		b, err := update.OpenBundle(r, size, trust)
		if err != nil {
			return nil, err
		}
		out := &hub.Bundle{Sequence: b.Sequence, MinFrom: b.MinFrom, Version: b.Version, Manifest: b.ManifestBytes(), Signatures: b.SignatureBytes()}
		for _, p := range b.Parts() {
			out.Parts = append(out.Parts, hub.BundlePart{
				ReleasePart: fsm.ReleasePart{Hash: p.SHA256, Size: p.Size, System: p.System, From: p.From},
				Open: func() (io.ReadCloser, error) {
					part, err := b.OpenPart(p.SHA256)
					return io.NopCloser(part), err
				},
			})
		}
		return out, nil
	}
}

// shelf shows the releases of a hub node to its pages.
type shelf struct{ n *hubNode }

func (s shelf) List(context.Context) ([]localui.ReleaseLine, error) {
	list, err := s.n.Releases()
	if err != nil {
		return nil, err
	}
	lines := make([]localui.ReleaseLine, 0, len(list))
	for _, r := range list {
		l := localui.ReleaseLine{Sequence: r.Sequence, Version: r.Version, By: r.By, Published: r.Published, Ring: int(r.Ring), Stopped: r.Stopped,
			Stop:    localui.ReleaseStop{By: r.Stop.By, Ring: int(r.Stop.Ring), Bad: r.Stop.Bad, Tried: r.Stop.Tried, Station: uint32(r.Stop.Station), Text: r.Stop.Text},
			Retired: r.Retired, Parts: r.Parts, Held: r.Held, Bytes: r.Bytes}
		for i, t := range r.Rings {
			l.Rings[i] = localui.RingLine{Stations: t.Stations, Confirmed: t.Confirmed, Underway: t.Underway, Refused: t.Refused, Bad: t.Bad}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func (s shelf) SetRing(ctx context.Context, sequence uint64, ring int, by string) error {
	err := s.n.SetRing(ctx, sequence, fsm.Ring(ring), by, "")
	if errors.Is(err, hub.ErrNotLeader) {
		err = localui.ErrNotLeader
	}
	return err
}
