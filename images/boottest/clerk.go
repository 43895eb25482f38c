package boottest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Clerk is a browser on another machine of the LAN. The certificate is the
// station's own; a person compares its fingerprint with the screen.
type Clerk struct {
	base string
	http *http.Client
}

// NewClerk opens a browser for the pages at host:port.
func NewClerk(at string) (*Clerk, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Clerk{"https://" + at, &http.Client{Jar: jar, Timeout: 3 * time.Minute,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}, nil
}

// Get and Post read a page, after redirects.
func (c *Clerk) Get(path string) (string, error) { return c.read(c.http.Get(c.base + path)) }

// Post sends a form.
func (c *Clerk) Post(path string, form url.Values) (string, error) {
	return c.read(c.http.PostForm(c.base+path, form))
}

func (c *Clerk) read(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: %s: %s", resp.Request.Method, resp.Request.URL.Path, resp.Status, plain(b))
	}
	return string(b), err
}

var (
	markup = regexp.MustCompile(`(?s)<(script|style|head).*?</(script|style|head)>|<[^>]*>|\s+`)

	clockField = regexp.MustCompile(`name="(date|time|shown)"[^>]*value="([^"]*)"`)
	askedGroup = regexp.MustCompile(`Nhóm (\d) ▢`)
	secretCode = regexp.MustCompile(`"code":\s*"([A-Z0-9-]+)"`)
)

// plain is the text of a page, bounded.
func plain(b []byte) string {
	s := []rune(strings.Join(strings.Fields(markup.ReplaceAllString(string(b), " ")), " "))
	return string(s[:min(len(s), 1500)])
}

// Password is that of the head of the station that SetUp makes.
const Password = "con mèo ăn khế"

// SetUp goes through all pages of the first start, with the code from the
// screen, and leaves the clerk at the station's door. The recovery code, which
// only the paper shows, is read in the machine.
func (c *Clerk) SetUp(ctx context.Context, v *VM, code string) error {
	post := func(path string, form url.Values) func() error {
		return func() error { _, err := c.Post("/cai-dat/"+path, form); return err }
	}
	for _, step := range []func() error{
		post("ma", url.Values{"code": {code}}),
		post("ngon-ngu", url.Values{"language": {"vi"}}),
		post("don-vi", url.Values{"unit": {"23764"}, "unit_name": {"Xã Ia Grai"}, "place": {"Trạm y tế xã Ia Grai"}}),
		c.clock,
		post("may", nil),
		post("noi-tinh", url.Values{"station": {"135"}, "later": {"1"}}),
		post("truong-tram", url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {Password}, "again": {Password}}),
		func() error { return c.sheet(ctx, v) },
		post("du-lieu", url.Values{"data": {"empty"}}),
		post("mo", nil),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Clerk) clock() error {
	page, err := c.Get("/cai-dat/dong-ho")
	if err != nil {
		return err
	}
	form := url.Values{}
	for _, m := range clockField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	_, err = c.Post("/cai-dat/dong-ho", form)
	return err
}

func (c *Clerk) sheet(ctx context.Context, v *VM) error {
	page, err := c.Get("/cai-dat/phieu")
	if err != nil {
		return err
	}
	secret, err := v.Shell(ctx, "", "cat /var/lib/tramxa-keys/setup.secret").Output()
	if err != nil {
		return fmt.Errorf("read the recovery code: %w", err)
	}
	m := secretCode.FindSubmatch(secret)
	if m == nil {
		return fmt.Errorf("no recovery code in %d bytes", len(secret))
	}
	groups, form := strings.Split(string(m[1]), "-"), url.Values{}
	for i, a := range askedGroup.FindAllStringSubmatch(page, -1) {
		form.Set(fmt.Sprintf("group%d", i+1), groups[a[1][0]-'1'])
	}
	_, err = c.Post("/cai-dat/phieu", form)
	return err
}
