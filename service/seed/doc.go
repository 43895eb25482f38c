// Package seed is what a technician's stick or an image knows of a station
// before its first start: number, commune, hub, network. It only fills in the
// setup pages beforehand; it holds no secret but the public key that may log in
// by SSH, and no identity: the keys of a station are made at its first start.
//
// It owns the format of seed.toml (version 1). It refuses unknown fields,
// numbers that no hub grants and addresses that are none.
package seed
