package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/store"
)

// TestStrangerOnThePortNeverSeesTheToken: a control file left behind by a killed
// process may name a port that another program has now.
func TestStrangerOnThePortNeverSeesTheToken(t *testing.T) {
	const token = "0123456789abcdef"
	var heard []string
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.URL.String()+" "+r.Header.Get("Authorization"))
	}))
	defer stranger.Close()
	dir := t.TempDir()
	b, err := json.Marshal(controlPoint{Address: strings.TrimPrefix(stranger.URL, "http://"), Token: token})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, controlFile), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := dialControl(t.Context(), dir); c != nil || err != nil {
		t.Fatalf("a stranger is taken for the station: %v, %v", c, err)
	}
	if len(heard) == 0 || strings.Contains(strings.Join(heard, "\n"), token) {
		t.Fatalf("the stranger heard %q", heard)
	}
}

// TestControlPortAnswersItsOwn: who can read the file gets in, with it only.
func TestControlPortAnswersItsOwn(t *testing.T) {
	dir := t.TempDir()
	stop, err := serveControl(dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("{}")) }))
	if err != nil {
		t.Fatal(err)
	}
	c, err := dialControl(t.Context(), dir)
	if err != nil || c == nil {
		t.Fatalf("not reached: %v", err)
	}
	var v struct{}
	if err := c.get(t.Context(), "/v1/anything", nil, &v); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(c.base + "/v1/anything")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("without a token: %s", resp.Status)
	}
	stop()
	if _, err := os.Stat(filepath.Join(dir, controlFile)); !os.IsNotExist(err) {
		t.Fatalf("the file outlives the process: %v", err)
	}
}

// TestVerbBesideAStart: a verb finds nobody serving and the directory locked, for
// the service is just opening it. The service does the work then.
func TestVerbBesideAStart(t *testing.T) {
	dir := t.TempDir()
	var stop func()
	c, err := openControl(t.Context(), dir, func(context.Context) (http.Handler, func() error, error) {
		var err error
		stop, err = serveControl(dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("{}")) }))
		if err != nil {
			t.Fatal(err)
		}
		return nil, nil, store.ErrLocked
	})
	defer stop()
	if err != nil {
		t.Fatal(err)
	}
	var v struct{}
	if err := c.get(t.Context(), "/v1/anything", nil, &v); err != nil {
		t.Error(err)
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
}

// TestLockedStaysLocked: where nobody serves, the reason stays the answer.
func TestLockedStaysLocked(t *testing.T) {
	_, err := openControl(t.Context(), t.TempDir(), func(context.Context) (http.Handler, func() error, error) { return nil, nil, store.ErrLocked })
	if !errors.Is(err, store.ErrLocked) {
		t.Error(err)
	}
}
