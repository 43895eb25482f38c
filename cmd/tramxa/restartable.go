package main

import (
	"errors"
	"net/http"

	"tramxa/service"
)

// restartable adds to a control port what 'tramxa update' asks of a running
// service: to start again, which again then hears once. Without a launcher nobody
// would start it.
func restartable(report *service.Reporter, h http.Handler, again chan<- struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("POST /v1/restart", func(w http.ResponseWriter, r *http.Request) {
		if report == nil {
			writeProblem(w, withHint(errors.New("this was started by hand"), "stop it and start it again yourself"))
			return
		}
		if writeJSON(w, map[string]bool{"restarting": true}) != nil {
			return
		}
		report.Restart(r.URL.Query().Get("why"))
		select {
		case again <- struct{}{}:
		default: // asked before
		}
	})
	return mux
}
