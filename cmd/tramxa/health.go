package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"tramxa/service"
)

// health asks the parts of the station again and again, and tells the launcher
// while they answer. On a trial start the journal is written too.
func (n *stationNode) health(ctx context.Context) error {
	probes := []service.Probe{
		{Name: "page", Ask: pageAnswers(n.pageAddr)},
		{Name: "station", Ask: n.Answers},
	}
	if n.launcher.Trial() {
		probes = append(probes, service.Probe{Name: "trial", Ask: n.trial()})
	}
	n.launcher.Health(ctx, probes, service.HealthOptions{Log: n.log.with("health", n.dir)})
	return ctx.Err()
}

// pageAnswers asks the page at addr as a browser on this machine would.
func pageAnswers(addr string) func(context.Context) error {
	return func(ctx context.Context) error { return answersHTTP(ctx, "http://"+addr+"/healthz") }
}

// answersHTTP wants a whole answer that says all is well.
func answersHTTP(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := pageProbe.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10)); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answers %s", resp.Status)
	}
	return nil
}

// pageProbe asks no proxy and keeps no connection.
var pageProbe = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// trial is the probe of a program that is not confirmed yet: it writes its
// version into the access lane once, reads that back, and later only reads.
func (n *stationNode) trial() func(context.Context) error {
	var written atomic.Bool
	return func(ctx context.Context) error {
		if !written.Load() {
			if err := n.Try(ctx, readVersion().Version); err != nil {
				return err
			}
			written.Store(true)
		}
		if st := n.Status(); st.Rebuilding {
			return errors.New("the register is still being made again")
		}
		return nil
	}
}
