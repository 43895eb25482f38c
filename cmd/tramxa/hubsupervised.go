package main

import (
	"context"
	"fmt"
	"time"

	"tramxa/service"
)

// hubLife is the hub node's end of the launcher's protocol; a nil report, in the
// foreground, says nothing.
type hubLife struct{ report *service.Reporter }

// untilStopped ends the context when the launcher wants the node to stop too.
func (l hubLife) untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	if l.report != nil {
		go func() {
			select {
			case <-l.report.Stopped():
				l.report.Stopping()
				stop()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, stop
}

// openLimit bounds how long a node may be opening before the launcher takes it
// for hung: raft loads the newest snapshot and says nothing meanwhile, and that of
// a large province takes minutes on a slow disk.
const openLimit = 30 * time.Minute

// opening keeps the launcher patient until the returned function is called.
func (l hubLife) opening(ctx context.Context) (opened func()) {
	ctx, opened = context.WithTimeout(ctx, openLimit)
	began := time.Now()
	go func() {
		tick := time.NewTicker(15 * time.Second)
		defer tick.Stop()
		for ctx.Err() == nil {
			l.report.Starting(fmt.Sprintf("opening the hub node for %s", time.Since(began).Round(time.Second)))
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	return opened
}

// serve tells the launcher that the node serves, and keeps it told. A node
// without a leader is alive: only its peers can mend that.
func (l hubLife) serve(ctx context.Context, n *hubNode, page string, log logger) {
	l.report.Ready()
	probes := []service.Probe{
		{Name: "page", Ask: pageAnswers(page)},
		{Name: "state", Ask: func(context.Context) error { _, err := n.Stations(); return err }},
	}
	l.report.Health(ctx, probes, service.HealthOptions{Log: log.with("health", n.config.ID)})
}
