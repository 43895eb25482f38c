package main

import (
	"context"
	"io"
)

func serveStationPages(n *stationNode, out io.Writer) (func(), error) { return func() {}, nil }
func serveHubPages(dir string, c hubConfig, n *hubNode, log logger) (func(), error) {
	return func() {}, nil
}
func serveDemoHubPages(ctx context.Context, d *demo) (func(), string, error) {
	return func() {}, "", nil
}
