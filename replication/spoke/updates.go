package spoke

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tramxa/replication/link"
)

// ErrAltered means that the bytes fetched are not the part that was offered.
var ErrAltered = errors.New("the part is not what was offered")

// Updates asks the hub for newer releases, fetches their parts and tells how they
// went. It verifies hashes, never signatures: those are for who puts a release
// in place. It decides no time of day either. For one goroutine at a time.
type Updates struct {
	Dialer    *link.Dialer // required
	Addresses []string     // required: "host:port" of the hub's nodes
	// Busy says that the line is wanted for records; a fetch waits meanwhile.
	// Nil: never.
	Busy func() bool
	Log  *slog.Logger // nil: discarded

	MinBackoff time.Duration // 0: 1 s
	MaxBackoff time.Duration // 0: 5 min

	next int // address to try first
}

// File is where a part goes; *os.File is one.
type File interface {
	io.ReaderAt
	io.WriterAt
}

// Check returns the release the hub has for this station now, nil when there is
// none.
func (u *Updates) Check(ctx context.Context, a link.Asking) (*link.Offer, error) {
	q := url.Values{"app": {a.App}, "sequence": {strconv.FormatUint(a.Sequence, 10)}, "system": a.Systems}
	for _, h := range a.From {
		q.Add("from", h.String())
	}
	var offer *link.Offer
	err := u.anyNode(ctx, func(ctx context.Context, c *http.Client, addr string) error {
		resp, err := u.do(ctx, c, http.MethodGet, addr, link.UpdatePath+"?"+q.Encode(), nil, "")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.failure == nil && resp.StatusCode == http.StatusOK {
			offer, err = link.ParseOffer(resp.Body)
			return err
		}
		return resp.failure
	})
	return offer, err
}

// Report tells the hub how far this station is with a release; nil when that is
// committed. The caller keeps it until then, and may send it again at will.
// Words too long or not plain are made to fit.
func (u *Updates) Report(ctx context.Context, r link.Report) error {
	r.Version, r.Reason = plain(r.Version, link.MaxVersion), plain(r.Reason, link.MaxReason)
	return u.anyNode(ctx, func(ctx context.Context, c *http.Client, addr string) error {
		for range maxRedirects {
			resp, err := u.do(ctx, c, http.MethodPost, addr, link.ReportPath, r, "")
			if err != nil {
				return err
			}
			resp.Body.Close()
			var elsewhere *link.Elsewhere
			if !errors.As(resp.failure, &elsewhere) || elsewhere.Leader == "" {
				return resp.failure
			}
			addr = elsewhere.Leader
		}
		return errors.New("the hub's nodes name each other as leader")
	})
}

// plain makes one line of valid text of at most max bytes.
func plain(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	for len(s) > max {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// Fetch brings a part to a file of which the first have bytes are there already,
// and returns how many are there in the end; another Fetch goes on from them. Cut
// lines are taken up again at the byte, at any node. nil: the file holds the part,
// its hash is right. ErrAltered: begin again with nothing. link.ErrNoPart: it is
// not offered any more.
func (u *Updates) Fetch(ctx context.Context, p link.OfferedPart, to File, have int64) (int64, error) {
	if have < 0 || have > p.Size {
		return 0, fmt.Errorf("%w: %d bytes are there, the part has %d", ErrAltered, have, p.Size)
	}
	c := u.client()
	defer c.CloseIdleConnections()
	for failures := 0; have < p.Size; {
		if err := u.yield(ctx); err != nil {
			return have, err
		}
		n, err := u.fetchOn(ctx, c, p, to, have)
		have += n
		if err == nil {
			continue
		}
		if failures++; n > 0 {
			failures = 1
		}
		if final(err) || ctx.Err() != nil || failures >= fetchTries {
			return have, errors.Join(err, ctx.Err())
		}
		u.next++
		u.log().Info("fetching a part goes on", "part", p.SHA256.String()[:8], "have", have, "size", p.Size, "error", err)
		if err := u.pause(ctx, failures, err); err != nil {
			return have, err
		}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(to, 0, p.Size)); err != nil {
		return have, err
	}
	if link.Hash(sum.Sum(nil)) != p.SHA256 {
		return 0, fmt.Errorf("%w: %s", ErrAltered, p.SHA256)
	}
	return have, nil
}

// fetchOn asks one node for the rest and returns how many bytes came.
func (u *Updates) fetchOn(ctx context.Context, c *http.Client, p link.OfferedPart, to File, have int64) (int64, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	stalled := time.AfterFunc(u.patience(), func() { stop(link.ErrStalled) })
	defer stalled.Stop()
	resp, err := u.do(ctx, c, http.MethodGet, u.address(), link.PartPath+p.SHA256.String(), nil, fmt.Sprintf("bytes=%d-", have))
	if err != nil {
		return 0, stallCause(ctx, err)
	}
	defer resp.Body.Close()
	want := fmt.Sprintf("bytes %d-%d/%d", have, p.Size-1, p.Size)
	switch {
	case resp.failure != nil:
		return 0, resp.failure
	case resp.StatusCode == http.StatusOK && have == 0 && resp.ContentLength == p.Size:
	case resp.StatusCode == http.StatusPartialContent && resp.Header.Get("Content-Range") == want:
	default:
		return 0, fmt.Errorf("%w: the hub has another size of it", ErrAltered)
	}
	got, b := int64(0), make([]byte, 16<<10)
	for got < p.Size-have {
		stalled.Stop()
		if err := u.yield(ctx); err != nil {
			return got, err
		}
		stalled.Reset(u.patience())
		n, err := resp.Body.Read(b[:min(int64(len(b)), p.Size-have-got)])
		if n > 0 {
			if _, err := to.WriteAt(b[:n], have+got); err != nil {
				return got, &localError{err}
			}
			got += int64(n)
		}
		if err != nil && got < p.Size-have {
			return got, stallCause(ctx, err)
		}
	}
	return got, nil
}

// localError is this machine's own trouble; another node would not help.
type localError struct{ error }

func (e *localError) Unwrap() error { return e.error }

// final tells what another node would not answer otherwise. A key that is not
// known is none of it: a node that is behind may not have heard of it yet.
func final(err error) bool {
	var local *localError
	return errors.As(err, &local) || errors.Is(err, link.ErrFencedOut) || errors.Is(err, link.ErrNoPart) || errors.Is(err, ErrAltered)
}

func stallCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// yield waits while the line is wanted for records.
func (u *Updates) yield(ctx context.Context) error {
	for u.Busy != nil && u.Busy() {
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (u *Updates) pause(ctx context.Context, failures int, err error) error {
	most := orDefault(u.MaxBackoff, 5*time.Minute)
	wait := backoff(failures, orDefault(u.MinBackoff, time.Second), most)
	var busy *busyError
	if errors.As(err, &busy) {
		wait = min(max(wait, busy.after), most)
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (u *Updates) log() *slog.Logger {
	if u.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return u.Log
}

func (u *Updates) patience() time.Duration { return orDefault(u.Dialer.Patience, 90*time.Second) }
