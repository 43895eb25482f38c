package main

import (
	"context"
	"errors"
	"net/http"
)

func (n *stationNode) handleImport(w http.ResponseWriter, r *http.Request) error {
	return errors.New("x")
}
func (n *stationNode) handleUndo(w http.ResponseWriter, r *http.Request) error {
	return errors.New("x")
}
func runStationImport(ctx context.Context, args []string, std stdio) error { return errors.New("x") }
