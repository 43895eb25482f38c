package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A running station or hub node answers the other verbs over HTTP on a loopback
// port. Address and token stand in a file in its directory that only its owner
// can read: who may read the directory may steer it, nobody else. The same
// handler serves a verb that finds nobody running and opens the directory
// itself, so there is one way of doing each thing.

const controlFile = "control.json"

type controlPoint struct {
	Address string `json:"address"`
	Token   string `json:"token"`
	PID     int    `json:"pid"`
}

// serveControl serves h on a loopback port until the returned function is
// called, which also removes the file.
func serveControl(dir string, h http.Handler) (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for other verbs: %w", err)
	}
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	point := controlPoint{Address: l.Addr().String(), Token: hex.EncodeToString(raw), PID: os.Getpid()}
	b, err := json.Marshal(point)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, controlFile)
	tmp := name + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, name); err != nil {
		return nil, err
	}
	srv := &http.Server{Handler: withToken(point.Token, h), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() { _ = srv.Serve(l) }()
	return func() {
		_ = os.Remove(name)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
	}, nil
}

func withToken(token string, h http.Handler) http.Handler {
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == provePath {
			_, _ = io.WriteString(w, proof(token, r.URL.Query().Get("nonce")))
			return
		}
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "token is wrong", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// provePath answers who knows the token, without the token being sent: after a
// kill another program may hold the port that the file still names.
const provePath = "/v1/prove"

func proof(token, nonce string) string {
	m := hmac.New(sha256.New, []byte(token))
	_, _ = io.WriteString(m, "tramxa control v1 "+nonce)
	return hex.EncodeToString(m.Sum(nil))
}

// control is a verb's way to a station or hub node, running or opened by the
// verb itself.
type control struct {
	client *http.Client
	base   string
	token  string
	close  func() error
}

// opener opens a directory in this process.
type opener func(ctx context.Context) (http.Handler, func() error, error)

// pingPatience is how long a process that is there may take to say so: on an old PC
// whose disk is busy that is seconds.
const pingPatience = 10 * time.Second

// dialControl reaches the process that runs dir; nil, nil when none does.
func dialControl(ctx context.Context, dir string) (*control, error) {
	b, err := os.ReadFile(filepath.Join(dir, controlFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var p controlPoint
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, nil // torn by a power cut: nobody runs any more
	}
	c := &control{client: &http.Client{}, base: "http://" + p.Address, token: p.Token, close: func() error { return nil }}
	ping, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	if !proves(ping, c.base, p.Token) {
		return nil, nil // left behind by a process that was killed
	}
	return c, nil
}

// proves asks who is at base to prove that it knows the token.
func proves(ctx context.Context, base, token string) bool {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return false
	}
	nonce := hex.EncodeToString(raw)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+provePath+"?nonce="+nonce, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 256))
	return err == nil && hmac.Equal(got, []byte(proof(token, nonce)))
}

// openControl reaches the running process, or opens the directory itself. When that
// fails because a process was just about to serve it, that one does the work; one
// that hangs is not waited for twice.
func openControl(ctx context.Context, dir string, open opener) (*control, error) {
	began := time.Now()
	c, err := dialControl(ctx, dir)
	if c != nil || err != nil {
		return c, err
	}
	left := pingPatience - time.Since(began)
	h, closeDir, err := open(ctx)
	if err != nil {
		again, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		if c, derr := dialControl(again, dir); derr == nil && c != nil {
			return c, nil
		}
		return nil, err
	}
	return &control{client: &http.Client{Transport: handlerTransport{h}}, base: "http://in.process", close: closeDir}, nil
}

// problem is what a handler answers when it cannot do what was asked.
type problem struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
	Code  int    `json:"code"` // exit code of the verb
}

func writeProblem(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = writeJSON(w, problem{Error: err.Error(), Hint: hint(err), Code: exitCode(err)})
}

// call sends body to path and copies the answer to out.
func (c *control) call(ctx context.Context, method, path string, query url.Values, body io.Reader, out io.Writer) error {
	u := c.base + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.client.Do(req)
	if err != nil {
		return unreachable(err, "is the station or hub still running?")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return readProblem(resp)
	}
	if _, err := io.Copy(out, resp.Body); err != nil {
		return unreachable(err, "it stopped while answering; what was answered before is saved")
	}
	return nil
}

func readProblem(resp *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	var p problem
	if json.Unmarshal(b, &p) != nil || p.Error == "" {
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(b)))
	}
	return &coded{err: errors.New(p.Error), code: p.Code, hint: p.Hint}
}

// get decodes the JSON answer of a GET into v.
func (c *control) get(ctx context.Context, path string, query url.Values, v any) error {
	var b bytes.Buffer
	if err := c.call(ctx, http.MethodGet, path, query, nil, &b); err != nil {
		return err
	}
	return json.Unmarshal(b.Bytes(), v)
}

// handlerTransport carries requests to a handler in this process.
type handlerTransport struct{ h http.Handler }

func (t handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		req.Body = http.NoBody
	}
	pr, pw := io.Pipe()
	w := &pipeWriter{pw: pw, header: make(http.Header), ready: make(chan struct{})}
	go func() {
		t.h.ServeHTTP(w, req)
		w.WriteHeader(http.StatusOK)
		_ = pw.Close()
	}()
	select {
	case <-w.ready:
	case <-req.Context().Done():
		_ = pr.CloseWithError(req.Context().Err())
		return nil, req.Context().Err()
	}
	return &http.Response{StatusCode: w.code, Status: http.StatusText(w.code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: pr, Request: req, ContentLength: -1}, nil
}

// pipeWriter is the handler's side of handlerTransport.
type pipeWriter struct {
	pw     *io.PipeWriter
	header http.Header
	sent   http.Header
	code   int
	ready  chan struct{}
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(code int) {
	if w.code != 0 {
		return
	}
	w.code, w.sent = code, w.header.Clone()
	close(w.ready)
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pw.Write(b)
}

// Flush is there because handlers that stream call it; a pipe has nothing to
// flush.
func (w *pipeWriter) Flush() {}
