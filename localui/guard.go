package localui

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// maxBody bounds the body of every request, in bytes: a form of one household
// with twenty persons has about six thousand.
const maxBody = 64 << 10

// guard wraps pages in what holds for all of them: the Host allow-list (a name
// of somebody else's that was pointed at this address is refused, so that a web
// site cannot read the book through the browser), the same-origin check for
// everything that changes something, the bound on bodies, and the headers.
// In the clear it answers this machine alone, whatever the caller listens on.
func guard(hosts []string, next http.Handler) http.Handler {
	checked := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if r.TLS == nil && !fromHere(r) {
			http.Error(w, "chỉ qua https / over https only", http.StatusForbidden)
			return
		}
		if !allowedHost(hosts, r.Host) && !ownHost(r) {
			http.Error(w, "địa chỉ này không phải của trạm / this address is not the station's", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		checked.ServeHTTP(w, r)
	})
}

// setHeaders sets what every answer carries. There is no
// Strict-Transport-Security: it would hold for every port of the name, so the
// help page in the clear could not be reached any more and a certificate made
// anew not be accepted; what comes in the clear from elsewhere is refused.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// allowedHost reports whether host, with or without a port, is one of hosts, or
// a loopback name.
func allowedHost(hosts []string, host string) bool {
	name := hostOf(host)
	if name == "localhost" {
		return true
	}
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() {
		return true
	}
	return slices.Contains(hosts, name)
}

// hostOf is the name or address in a Host, lower case, without port.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// ownHost reports whether the Host of a request is the very address it came in
// at, or this machine's own name, alone or below .local. A web site elsewhere
// cannot take these on: an address is not looked up, and neither a name without
// a dot nor one below .local is given to anybody by the DNS (RFC 6762).
func ownHost(r *http.Request) bool {
	name := hostOf(r.Host)
	if ip := net.ParseIP(name); ip != nil {
		at, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		return at != nil && at.IP.Equal(ip)
	}
	return slices.Contains(machineNames(), name)
}

// fromHere reports whether the request comes from this machine itself.
func fromHere(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
