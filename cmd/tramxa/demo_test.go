package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/replication/fsm"
)

// inPrivate gives the test a folder for temporary files of its own, and wants it
// empty afterwards.
func inPrivate(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // Windows
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		for _, e := range left {
			t.Errorf("left behind: %s", e.Name())
		}
	})
}

// eventful is the seed of an invented commune of so many persons in which something
// happens in the month before this one and in this one, if that is over when the
// demo begins: one month in twelve nothing happens among 500.
func eventful(t *testing.T, persons int) (seed int64) {
	t.Helper()
	now := time.Now()
	this := population.MonthPeriod(now.Year(), int(now.Month()))
	happens := func(p population.Period) bool {
		c := populationtest.New(populationtest.Options{Seed: seed, Persons: persons, Start: p.First(), Mint: demoStation, Unit: 23764})
		return len(acts(c.Month(p))) > 0
	}
	for seed = 1; !happens(this-1) || !happens(this); seed++ {
		if seed == 100 {
			t.Fatal("nothing happens anywhere")
		}
	}
	return seed
}

func TestDemoOnceAgrees(t *testing.T) {
	inPrivate(t)
	var out bytes.Buffer
	says := &watcher{}
	if code := run(t.Context(), []string{"demo", "--once", "--persons", "500", "--seed", strconv.FormatInt(eventful(t, 500), 10), "--json"}, stdio{in: strings.NewReader(""), out: &out, err: says}); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, says)
	}
	var res demoResult
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&res); err != nil || dec.More() {
		t.Fatalf("the answer is not one JSON object: %v", err)
	}
	if !res.Reports || !res.States {
		t.Errorf("station and hub do not agree: %+v", res)
	}
	if res.Persons < 450 || res.Recorded < 100 || res.Acts == 0 || res.WireBytes == 0 {
		t.Errorf("hardly anything happened: %+v", res)
	}
	if res.Acknowledged != res.Recorded || len(res.HubApplied) != 3 {
		t.Errorf("recorded, acknowledged and applied differ: %+v", res)
	}
	for node, n := range res.HubApplied {
		if n != res.Recorded {
			t.Errorf("node %d applied %d of %d records", node+1, n, res.Recorded)
		}
	}
	t.Logf("%+v", res)
}

// TestDemoOutlivesItsLeader: the node that leads is gone when it gets an order, as
// one that a busy machine held up for too long is for the others.
func TestDemoOutlivesItsLeader(t *testing.T) {
	d := &demo{options: demoOptions{dir: t.TempDir(), hubPage: "127.0.0.1:0"}}
	defer func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := d.startHub(t.Context(), newLogger(nil, 0)); err != nil {
		t.Fatal(err)
	}
	var gone, heard *hubNode
	err := d.orders(t.Context(), func(ctx context.Context, lead *hubNode) error {
		if heard = lead; gone == nil {
			gone = lead
			if err := lead.close(); err != nil {
				t.Error(err)
			}
		}
		return lead.AddUnits(ctx, []fsm.UnitRow{demoUnitRow})
	})
	d.nodes = slices.DeleteFunc(d.nodes, func(n *hubNode) bool { return n == gone })
	if err != nil || heard == gone || len(d.nodes) != 2 {
		t.Errorf("%d nodes are left, the one that went was the last to be asked: %t; %v", len(d.nodes), heard == gone, err)
	}
}

// TestDemoEndsWithControlC stops the demo at each of its stages.
func TestDemoEndsWithControlC(t *testing.T) {
	for name, at := range map[string]string{
		"while the hub is made":     "making a hub",
		"while the station is made": "making a station",
		"while the month happens":   "happens within a minute",
	} {
		t.Run(name, func(t *testing.T) {
			inPrivate(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			says := &watcher{at: at, then: cancel}
			code := run(ctx, []string{"demo", "--persons", "50"}, stdio{in: strings.NewReader(""), out: says, err: says})
			if !errors.Is(ctx.Err(), context.Canceled) {
				t.Fatalf("it never came to %q: %v\n%s", at, ctx.Err(), says)
			}
			if code != exitDone {
				t.Errorf("exit code %d: whoever ends the demo has not failed\n%s", code, says)
			}
			if name == "while the month happens" && !strings.Contains(says.String(), "http://127.0.0.1:") {
				t.Errorf("it never said where the pages are\n%s", says)
			}
		})
	}
}

// TestDemoLetsIn: the addresses, logins and passwords that the demo prints open the
// pages of station and hub.
func TestDemoLetsIn(t *testing.T) {
	inPrivate(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	printed := make(chan struct{})
	says := &watcher{at: "happens within a minute", then: func() { close(printed) }}
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"demo", "--persons", "50"}, stdio{in: strings.NewReader(""), out: says, err: says})
	}()
	defer func() { cancel(); <-ended }()
	select {
	case <-printed:
	case <-ctx.Done():
		t.Fatalf("no addresses: %s", says)
	}
	ways := regexp.MustCompile(`http://(\S+) +\(login (\S+), password (\S+)\)`).FindAllStringSubmatch(says.String(), -1)
	if len(ways) != 2 {
		t.Fatalf("not a way to the station and one to the hub: %s", says)
	}
	for _, w := range ways {
		c := newClerkAtPC(t, w[1])
		resp, err := c.http.PostForm(c.base+"/dang-nhap", url.Values{"_login": {w[2]}, "_password": {w[3]}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Request.URL.Path == "/dang-nhap" {
			t.Errorf("%s: %s at %s", w[0], resp.Status, resp.Request.URL.Path)
		}
	}
}

// TestDemoKeepsADirectory runs the demo with --dir: what is kept can be looked
// at with the other verbs, and is not overwritten.
func TestDemoKeepsADirectory(t *testing.T) {
	inPrivate(t)
	dir := filepath.Join(t.TempDir(), "demo")
	args := []string{"demo", "--once", "--persons", "50", "--dir", dir}
	verb := func(want int, args ...string) string {
		t.Helper()
		says := &watcher{}
		if code := run(t.Context(), args, stdio{in: strings.NewReader(""), out: says, err: says}); code != want {
			t.Fatalf("tramxa %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, says)
		}
		return says.String()
	}
	verb(exitDone, args...)
	if s := verb(exitDone, "doctor", "--dir", filepath.Join(dir, "station")); !strings.HasPrefix(s, "whole: ") {
		t.Errorf("the doctor says %s", s)
	}
	if s := verb(exitFailed, args...); !strings.Contains(s, "holds a demo already") {
		t.Errorf("a second demo in the same directory says %s", s)
	}
}

// watcher keeps what is written and does something when it reads a certain text.
type watcher struct {
	mu   sync.Mutex
	b    bytes.Buffer
	at   string
	then func()
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.b.Write(p)
	if w.then != nil && bytes.Contains(w.b.Bytes(), []byte(w.at)) {
		w.then()
		w.then = nil
	}
	return n, err
}

func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}
