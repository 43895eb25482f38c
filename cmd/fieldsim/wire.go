package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/population/populationtest"
)

// row is one measurement: bytes on the wire in both directions, IP headers
// included, until the acknowledgement.
type row struct {
	Work    string  `json:"work"`  // a first sync, b day, c month
	Peer    string  `json:"peer"`  // tramxa, https-gzip
	State   string  `json:"state"` // fresh, resumed, open
	Link    string  `json:"link"`  // none: loopback as it is
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	Records int     `json:"records"`
	Payload int64   `json:"tcp_payload"`
	Packets int64   `json:"packets"`
	Method  string  `json:"method"`
}

// wire prints what a contact costs, and what the same records cost a plain peer.
func wire(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("wire", flag.ContinueOnError)
	asJSON := fs.Bool("json", false, "one JSON object a line")
	persons := fs.Int("persons", 10_000, "size of the commune of work a")
	seed := fs.Int64("seed", 1, "of the invented commune")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return errors.New("fieldsim wire [--json] [--persons N] [--seed N]")
	}
	works, err := threeWorks(*seed, populationtest.GiaLai, *persons)
	if err != nil {
		return err
	}
	if !*asJSON {
		fmt.Fprintf(stdout, "%s\n%-5s %-11s %-8s %10s %8s\n", method, "work", "peer", "state", "bytes", "packets")
	}
	return measureAll(context.Background(), works, func(r row) error {
		if *asJSON {
			return json.NewEncoder(stdout).Encode(r)
		}
		_, err := fmt.Fprintf(stdout, "%-5s %-11s %-8s %10d %8d\n", r.Work, r.Peer, r.State, r.Bytes, r.Packets)
		return err
	})
}

func measureAll(ctx context.Context, works []work, emit func(row) error) error {
	for _, state := range []string{"fresh", "resumed", "open"} {
		for _, measure := range []func(context.Context, []work, string, func(row) error) error{measureLink, measurePeer} {
			if err := measure(ctx, works, state, emit); err != nil {
				return err
			}
		}
	}
	return nil
}

func newRow(w work, peer, state string, c count, start time.Time) row {
	return row{Work: w.name, Peer: peer, State: state, Link: "none", Bytes: c.ip(), Seconds: time.Since(start).Seconds(),
		Records: len(w.records), Payload: c.payload, Packets: c.packets, Method: method}
}

// measureLink sends the works one after the other, as a station would: each goes
// on where the one before ended.
func measureLink(ctx context.Context, works []work, state string, emit func(row) error) error {
	dir, clean, err := tempDir()
	if err != nil {
		return err
	}
	defer clean()
	hub, err := newHubEnd(dir)
	if err != nil {
		return err
	}
	defer hub.stop()
	s, err := hub.newSender()
	if err != nil {
		return err
	}
	head := journal.Seq(0)
	for _, w := range works {
		r, err := s.measure(ctx, w, state, head)
		if err != nil {
			return fmt.Errorf("work %s, %s: %w", w.name, state, err)
		}
		head += journal.Seq(len(w.records))
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) measure(ctx context.Context, w work, state string, head journal.Seq) (row, error) {
	switch state {
	case "fresh":
		if err := s.forget(); err != nil {
			return row{}, err
		}
	case "resumed": // a connection before leaves its ticket
		conn, err := s.connect(ctx, head)
		if err != nil {
			return row{}, err
		}
		conn.Close()
	}
	start := time.Now()
	conn, err := s.connect(ctx, head+journal.Seq(len(w.records)))
	if err != nil {
		return row{}, err
	}
	defer conn.Close()
	var before count
	if state == "open" {
		before, start = s.tap.count(), time.Now()
	}
	if err := s.send(ctx, conn, w.records); err != nil {
		return row{}, err
	}
	return newRow(w, "tramxa", state, s.tap.count().minus(before), start), nil
}

func measurePeer(ctx context.Context, works []work, state string, emit func(row) error) error {
	for _, w := range works {
		r, err := measurePost(ctx, w, state)
		if err != nil {
			return fmt.Errorf("peer, work %s, %s: %w", w.name, state, err)
		}
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

func measurePost(ctx context.Context, w work, state string) (row, error) {
	p, err := newHTTPSPeer()
	if err != nil {
		return row{}, err
	}
	defer p.stop()
	defer p.close()
	var before count
	if state != "fresh" {
		if err := p.post(ctx, nil); err != nil {
			return row{}, err
		}
	}
	switch state {
	case "resumed":
		p.close()
	case "open":
		before = p.tap.count()
	}
	start := time.Now()
	if err := p.post(ctx, w.json); err != nil {
		return row{}, err
	}
	return newRow(w, "https-gzip", state, p.tap.count().minus(before), start), nil
}
