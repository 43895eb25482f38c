package localui

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
)

// HelpOptions are what the help page needs.
type HelpOptions struct {
	Place       string
	Addresses   []string // where the pages are on the LAN, e.g. "https://192.168.1.10:8443"
	Fingerprint string   // of the certificate, as LANCert.Fingerprint returns it
	Hosts       []string // further Host names that are this machine; none: any name is answered, the page is no secret
	// Now tells addresses and fingerprint at each request, for a machine whose
	// address comes from the LAN and may change; nil: those above.
	Now func() (addresses []string, fingerprint string)
	Log *slog.Logger
}

// NewHelp returns the page for the plain-http port on the LAN: how to reach the
// pages, and by which fingerprint to know the station. It has nothing else, sets
// no cookie and takes no form.
func NewHelp(o HelpOptions) (http.Handler, error) {
	if o.Now == nil && (len(o.Addresses) == 0 || o.Fingerprint == "") {
		return nil, errors.New("localui: Addresses and Fingerprint, or Now, are required")
	}
	r, err := newRenderer()
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", r.assets)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, q *http.Request) {
		lang := known(q.URL.Query().Get("lang"))
		if lang == "" {
			lang = languages[0]
		}
		other := languages[0]
		if lang == other {
			other = languages[1]
		}
		body := o
		if o.Now != nil {
			body.Addresses, body.Fingerprint = o.Now()
		}
		p := page{Lang: lang, OtherLang: other, LangHref: "/?lang=" + other, Place: o.Place,
			Title: r.locales[lang].text("help.title"), Body: body}
		if err := r.write(w, http.StatusOK, "help", p); err != nil {
			o.Log.Error("localui: help page failed", "error", err)
			http.Error(w, "error", http.StatusInternalServerError)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		setHeaders(w.Header())
		if len(o.Hosts) > 0 && !allowedHost(lower(o.Hosts), q.Host) {
			http.Error(w, "địa chỉ này không phải của trạm / this address is not the station's", http.StatusMisdirectedRequest)
			return
		}
		q.Body = http.MaxBytesReader(w, q.Body, 0)
		mux.ServeHTTP(w, q)
	}), nil
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}
