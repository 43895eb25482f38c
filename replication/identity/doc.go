// Package identity owns who is who between stations and hubs: the station's
// Ed25519 key, the hub's small authority (CA) and its node certificates, the TLS
// settings of both ends, and the registration a station hands to its hub.
//
// Trust is pinned keys. A station knows the public key of its hub's authority
// (Pin) and takes any node certificate signed by it; a hub knows the key of every
// station. TLS is 1.3 only, both certificates are checked in VerifyConnection,
// which also runs on resumed sessions, so a key withdrawn ends resumption too.
//
// The package refuses to decide whether a station may send: that is state of the
// hub. Keys are never logged and leave their file only into memory.
package identity
