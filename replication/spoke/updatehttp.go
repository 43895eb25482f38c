package spoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tramxa/replication/link"
)

// answer is a response; failure says what a status other than success means.
type answer struct {
	*http.Response
	failure error
}

// client speaks HTTP/1.1 over the dialer's TLS.
func (u *Updates) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialTLSContext: u.dialTLS, MaxConnsPerHost: 1, DisableCompression: true,
			TLSHandshakeTimeout: orDefault(u.Dialer.HandshakeTimeout, 30*time.Second), MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// do sends one request; body, when not nil, goes as JSON.
func (u *Updates) do(ctx context.Context, c *http.Client, method, addr, path string, body any, span string) (*answer, error) {
	var from io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		from = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://"+addr+path, from)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "")
	if span != "" {
		req.Header.Set("Range", span)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, link.HandshakeError(err)
	}
	a := &answer{Response: resp}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusNoContent:
	default:
		a.failure = failureOf(resp)
	}
	return a, nil
}

// failureOf turns a status into the error that says what to do about it.
func failureOf(resp *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return err
	}
	switch resp.StatusCode {
	case http.StatusMisdirectedRequest:
		var e link.Elsewhere
		if json.Unmarshal(b, &e) != nil {
			return link.ErrNotYet
		}
		return &e
	case http.StatusForbidden:
		return link.ErrFencedOut
	case http.StatusNotFound:
		return link.ErrNoPart
	case http.StatusConflict:
		return fmt.Errorf("%w: the hub says: %s", link.ErrSenseless, strings.TrimSpace(string(b)))
	case http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // absent or odd: our own wait
		return errors.Join(link.ErrNotYet, &busyError{time.Duration(min(max(seconds, 0), 3600)) * time.Second})
	}
	return fmt.Errorf("%w: http status %d", link.ErrProtocol, resp.StatusCode)
}

// anyNode calls fn with one node after the other until one answers; what
// each said in place of an answer is in the error.
func (u *Updates) anyNode(ctx context.Context, fn func(ctx context.Context, c *http.Client, addr string) error) error {
	if u.Dialer == nil || len(u.Addresses) == 0 {
		return errors.New("spoke: updates need a dialer and the hub's addresses")
	}
	c := u.client()
	defer c.CloseIdleConnections()
	var all []error
	for range u.Addresses {
		one, stop := context.WithTimeoutCause(ctx, u.patience(), link.ErrStalled)
		err := fn(one, c, u.address())
		stop()
		if err == nil || ctx.Err() != nil || final(err) || errors.Is(err, link.ErrSenseless) {
			return err
		}
		all = append(all, fmt.Errorf("%s: %w", u.address(), err))
		u.next++
	}
	return errors.Join(all...)
}

func (u *Updates) address() string { return u.Addresses[u.next%len(u.Addresses)] }
