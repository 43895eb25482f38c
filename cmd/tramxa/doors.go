package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"tramxa/localui"
)

// doors are the addresses that a station's pages are served on: this machine in
// the clear and, where configured, the LAN with TLS and the help page in the
// clear. What they show can change while they stay open: first the setup, then
// the station.
type doors struct {
	*pageServer
	now  atomic.Pointer[http.Handler]
	page string // on this machine, host:port

	cert  *localui.LANCert // of the LAN; nil: this machine only
	port  string
	names []string // configured
}

func (d *doors) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*d.now.Load()).ServeHTTP(w, r) }

// show puts h behind all doors.
func (d *doors) show(h http.Handler) { d.now.Store(&h) }

// close closes them; nil has none.
func (d *doors) close() error {
	if d != nil {
		d.pageServer.close()
	}
	return nil
}

// openDoors opens the addresses of a configuration; until show they answer that
// the station is starting.
func openDoors(c stationConfig, dir, place string, log logger, out io.Writer) (*doors, error) {
	d := &doors{pageServer: newPageServer()}
	d.show(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "2")
		http.Error(w, "trạm đang mở / the station is starting", http.StatusServiceUnavailable)
	}))
	var err error
	if d.page, err = d.serve(c.Listen, nil, d); err == nil {
		fmt.Fprintf(out, "pages: http://%s\n", d.page)
		err = d.openLAN(c, dir, place, log, out)
	}
	if err != nil {
		d.pageServer.close()
		return nil, err
	}
	return d, nil
}

// openLAN serves the same with TLS, and the help page in the clear.
func (d *doors) openLAN(c stationConfig, dir, place string, log logger, out io.Writer) error {
	if c.LAN == "" {
		return nil
	}
	cert, err := localui.LANCertificate(dir, c.Names, log.with("lan", dir))
	if err != nil {
		return err
	}
	at, err := d.serve(c.LAN, cert.Config(), d)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		return err
	}
	d.cert, d.port, d.names = cert, port, c.Names
	fmt.Fprintf(out, "LAN: %s\nfingerprint: %s\n", strings.Join(d.addresses(), " "), d.fingerprint())
	if c.LANHelp == "" {
		return nil
	}
	help, err := localui.NewHelp(localui.HelpOptions{Place: place, Now: func() ([]string, string) { return d.addresses(), d.fingerprint() }, Log: log.with("help", dir)})
	if err != nil {
		return err
	}
	_, err = d.serve(c.LANHelp, nil, help)
	return err
}

// addresses are where other machines find the pages now, the best first: what
// was configured, then the machine's own addresses.
func (d *doors) addresses() []string {
	if d.cert == nil {
		return nil
	}
	var list []string
	for _, name := range d.names {
		host := name
		if d.port != "443" {
			host = net.JoinHostPort(name, d.port)
		}
		list = append(list, "https://"+host)
	}
	for _, a := range localui.LANAddresses(d.port) {
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// fingerprint is that of the certificate they see there; "" none.
func (d *doors) fingerprint() string {
	if d.cert == nil {
		return ""
	}
	return d.cert.Fingerprint()
}
