package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
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
	lan  []string
	mark string // fingerprint of the certificate on the LAN; "" none
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

// addresses are where other machines find the pages.
func (d *doors) addresses() []string { return d.lan }

// fingerprint is that of the certificate they see there; "" none.
func (d *doors) fingerprint() string { return d.mark }

// openLAN serves the same with TLS, and the help page in the clear.
func (d *doors) openLAN(c stationConfig, dir, place string, log logger, out io.Writer) error {
	if c.LAN == "" {
		return nil
	}
	names, ips := lanNames(c.Names)
	cert, print, err := localui.SelfSigned(dir, names, ips)
	if err != nil {
		return err
	}
	at, err := d.serve(c.LAN, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}, d)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		return err
	}
	for _, ip := range ips {
		d.lan = append(d.lan, "https://"+hostPort(ip.String(), port))
	}
	for _, name := range names {
		d.lan = append(d.lan, "https://"+hostPort(name, port))
	}
	d.mark = print
	fmt.Fprintf(out, "LAN: %s\nfingerprint: %s\n", strings.Join(d.lan, " "), print)
	if c.LANHelp == "" {
		return nil
	}
	help, err := localui.NewHelp(localui.HelpOptions{Place: place, Addresses: d.lan, Fingerprint: print, Log: log.with("help", dir)})
	if err != nil {
		return err
	}
	_, err = d.serve(c.LANHelp, nil, help)
	return err
}

// hostPort leaves out the port that browsers take by themselves.
func hostPort(host, port string) string {
	if port == "443" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// lanNames are the names and addresses of this machine on the LAN: those of the
// configuration, or else what the machine itself knows.
func lanNames(configured []string) (names []string, ips []net.IP) {
	for _, name := range configured {
		if ip := net.ParseIP(name); ip != nil {
			ips = append(ips, ip)
			continue
		}
		names = append(names, name)
	}
	if len(configured) > 0 {
		return names, ips
	}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		names = append(names, strings.ToLower(host), strings.ToLower(host)+".local")
	}
	list, _ := net.InterfaceAddrs()
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			ips = append(ips, n.IP)
		}
	}
	return names, ips
}
