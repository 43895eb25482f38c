package link_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/replication/link"
)

func sampleOffer() *link.Offer {
	return &link.Offer{Sequence: 9, Version: "1.9.0", Manifest: []byte("manifest"), Signatures: []byte("signed"), After: 61,
		Parts: []link.OfferedPart{{SHA256: link.Hash{2}, Size: 30, System: "linux/amd64", From: link.Hash{3}}, {SHA256: link.Hash{1}, Size: 100, System: "linux/amd64"}}}
}

func sampleReport() link.Report {
	return link.Report{Sequence: 9, Stage: "rolled_back", Running: 8, Version: "1.8.2", Reason: "trang không trả lời"}
}

// TestOldOffersAndReportsStillRead: an old station understands this hub, and this
// hub an old station.
func TestOldOffersAndReportsStillRead(t *testing.T) {
	for name, v := range map[string]any{"offer-v1.json": sampleOffer(), "report-v1.json": sampleReport()} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name)
		if flag.Lookup("update").Value.String() == "true" { // declared in message_test.go
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, golden) {
			t.Errorf("%s: written otherwise than version 1 was", name)
		}
	}
	golden, err := os.Open(filepath.Join("testdata", "offer-v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer golden.Close()
	if o, err := link.ParseOffer(golden); err != nil || fmt.Sprint(o) != fmt.Sprint(sampleOffer()) {
		t.Errorf("%+v, %v", o, err)
	}
	rep, err := os.Open(filepath.Join("testdata", "report-v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer rep.Close()
	if r, err := link.ParseReport(rep); err != nil || r != sampleReport() {
		t.Errorf("%+v, %v", r, err)
	}
}

// get asks as station 7 and returns status and body.
func (h *hub) get(t *testing.T, method, path, body string, head http.Header) (*http.Response, []byte) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: h.tls(t, 7, stationKey)}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequest(method, "https://"+h.addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range head {
		req.Header[k] = v
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

// TestRequestsAreTakenStrictly: what is not a question, a part or a report gets a
// status that says so.
func TestRequestsAreTakenStrictly(t *testing.T) {
	h := newHub(t, nil)
	offer := h.releases.Publish(9, "linux/amd64", []byte("0123456789"))
	part := link.PartPath + offer.Parts[0].SHA256.String()
	good := `{"sequence":9,"outcome":"staged"}`
	for _, tc := range []struct {
		method, path, body string
		head               http.Header
		status             int
		answer             string
	}{
		{"GET", "/v1/update?app=1&sequence=8&system=linux/amd64", "", nil, 200, `"sequence":9`},
		{"GET", "/v1/update?app=1&sequence=9&system=linux/amd64", "", nil, 204, ""},
		{"GET", "/v1/update?app=1&sequence=-1&system=linux/amd64", "", nil, 400, ""},
		{"GET", "/v1/update?app=1&sequence=8", "", nil, 400, ""},
		{"GET", "/v1/update?app=1&sequence=8&system=x&from=ABC", "", nil, 400, ""},
		{"GET", "/v1/update?app=1&sequence=8&system=x&station=9", "", nil, 400, ""},
		{"GET", "/v1/update?app=1&sequence=8&system=x", "", http.Header{"Origin": {"https://x.example"}}, 404, ""},
		{"GET", part, "", nil, 200, "0123456789"},
		{"GET", part, "", http.Header{"Range": {"bytes=4-"}}, 206, "456789"},
		{"GET", part, "", http.Header{"Range": {"bytes=44-"}}, 416, ""},
		{"GET", part[:len(part)-1], "", nil, 400, ""},
		{"GET", strings.ToUpper(part), "", nil, 400, ""},
		{"GET", link.PartPath + strings.Repeat("0", 64), "", nil, 400, ""},
		{"GET", link.PartPath + strings.Repeat("1", 64), "", nil, 404, ""},
		{"POST", part, "", nil, 404, ""},
		{"GET", "/v1/updates", "", nil, 400, ""},
		{"POST", link.ReportPath, good, nil, 204, ""},
		{"GET", link.ReportPath, "", nil, 404, ""},
		{"POST", link.ReportPath, good + good, nil, 400, ""},
		{"POST", link.ReportPath, `{"sequence":9,"outcome":"staged","name":"x"}`, nil, 400, ""},
		{"POST", link.ReportPath, `{"sequence":9,"outcome":"staged","reason":"` + strings.Repeat("x", 5000) + `"}`, nil, 400, ""},
		{"POST", link.ReportPath, "", nil, 400, ""},
	} {
		if tc.path == strings.ToUpper(part) {
			tc.path = link.PartPath + strings.ToUpper(offer.Parts[0].SHA256.String())
		}
		resp, b := h.get(t, tc.method, tc.path, tc.body, tc.head)
		if resp.StatusCode != tc.status || !strings.Contains(string(b), tc.answer) {
			t.Errorf("%s %s %.60s: %d %.80s, want %d %s", tc.method, tc.path, tc.body, resp.StatusCode, b, tc.status, tc.answer)
		}
	}
	if n := len(h.releases.Reports()); n != 1 {
		t.Errorf("%d reports were taken", n)
	}
	if n := h.end.UpdateBytes(); n < 16 || n > 100 { // ten, six, and the words of a 416
		t.Errorf("%d bytes counted", n)
	}
}

// TestRecordsGoBeforeParts: while a station sends records, its part comes slowly;
// afterwards at full speed.
func TestRecordsGoBeforeParts(t *testing.T) {
	h := newHub(t, nil)
	offer := h.releases.Publish(9, "linux/amd64", make([]byte, 200<<10))
	path := link.PartPath + offer.Parts[0].SHA256.String()
	d := &link.Dialer{TLS: h.tls(t, 7, stationKey)}
	conn, err := d.Dial(context.Background(), h.addr, hello(7))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begun := time.Now() // before the message whose time counts at the hub
	if _, err := conn.Send(context.Background(), chain(t, h, 1)[0]); err != nil {
		t.Fatal(err)
	}
	if _, b := h.get(t, "GET", path, "", nil); len(b) != 200<<10 {
		t.Fatalf("%d bytes", len(b))
	}
	// A link counts as sending for two seconds, which
	// TestSendingEndsSoonAfterTheLastMessage holds it to. Slowly all through, the fifty
	// pieces would take fifty.
	if took := time.Since(begun); took < 1900*time.Millisecond || took > 45*time.Second {
		t.Errorf("%v beside records", took)
	}
}

// TestAFewAtOnce: one station cannot take all of a node.
func TestAFewAtOnce(t *testing.T) {
	h := newHub(t, nil)
	hold, inside := make(chan struct{}), make(chan struct{}, 3)
	h.releases.Fault = func() error { inside <- struct{}{}; <-hold; return nil }
	ask := "/v1/update?app=1&sequence=9&system=x"
	done := make(chan int, 2)
	for range 2 {
		go func() { resp, _ := h.get(t, "GET", ask, "", nil); done <- resp.StatusCode }()
	}
	<-inside
	<-inside
	resp, _ := h.get(t, "GET", ask, "", nil)
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the third at once: %s", resp.Status)
	}
	close(hold)
	for range 2 {
		if s := <-done; s != http.StatusNoContent {
			t.Errorf("status %d", s)
		}
	}
}

// FuzzUpdateJSON: nothing panics, and what is read is within bounds.
func FuzzUpdateJSON(f *testing.F) {
	for _, name := range []string{"offer-v1.json", "report-v1.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := link.ParseOffer(bytes.NewReader(b))
		if err == nil && (o.Sequence == 0 || len(o.Parts) == 0) {
			t.Fatalf("%+v", o)
		}
		if err != nil && !errors.Is(err, link.ErrProtocol) {
			t.Fatalf("offer: %v", err)
		}
		if _, err := link.ParseReport(bytes.NewReader(b)); err != nil && !errors.Is(err, link.ErrProtocol) {
			t.Fatalf("report: %v", err)
		}
	})
}
