package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"tramxa/appliance/auth"
	"tramxa/appliance/report"
)

// sameReport compares two reports by the bytes a reader gets, but for the
// moment they were taken at.
func sameReport(a, b *report.Report) (bool, error) {
	var x, y bytes.Buffer
	if err := a.WriteJSON(&x); err != nil {
		return false, err
	}
	if err := b.WriteJSON(&y); err != nil {
		return false, err
	}
	return bytes.Equal(x.Bytes(), y.Bytes()), nil
}

// hubPages serves the pages of the first node, with an account to log in by.
func (d *demo) hubPages(ctx context.Context) (string, error) {
	n := d.nodes[0]
	dir := filepath.Join(d.options.dir, "hub", n.config.ID)
	a, err := auth.Open(auth.Options{File: filepath.Join(dir, accountsFile)})
	if err != nil {
		return "", err
	}
	if err := a.Add(ctx, 1, demoLogin, demoPassword); err != nil {
		return "", err
	}
	addr, stop, err := serveHubPages(dir, n, true, nil, d.log)
	d.hubPagesStop = stop
	return addr, err
}

// play shows the month while people watch, then stays until they have seen
// enough.
func (d *demo) play(ctx context.Context) error {
	addr, err := d.hubPages(ctx)
	if err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.say, "\n  station  http://%s   (login %s, password %s)\n  hub      http://%s   (login %s, password %s)\n\nthe month %s happens within a minute; Ctrl-C ends\n",
		d.station.pageAddr, demoLogin, demoPassword, addr, demoLogin, demoPassword, d.month)
	list := acts(d.commune.Month(d.month))
	pause := d.options.pace / time.Duration(max(len(list), 1))
	last := time.Now()
	for i, act := range list {
		if err := d.station.invent(ctx, act...); err != nil {
			return err
		}
		if time.Since(last) > 5*time.Second || i == len(list)-1 {
			last = time.Now()
			st := d.station.Status()
			fmt.Fprintf(d.say, "%d of %d acts · saved %d · province has %d\n", i+1, len(list), st.Head, st.Acked.Seq)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
	fmt.Fprintln(d.say, "the month is over; the pages stay until Ctrl-C")
	select {
	case <-ctx.Done():
		return nil
	case err := <-d.served:
		d.served <- err
		return err
	}
}
