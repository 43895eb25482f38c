// Package sealed owns the form of the small files: one JSON object and a line with
// the CRC32C of all before it, so that a person can read them and one flipped bit
// makes them invalid.
//
//	{ … }
//	crc32c 1f2e3d4c
//
// It refuses to know what is in a file, its version and its greatest length: that
// is for the package whose file it is. So are the sentinels of errors.
package sealed
