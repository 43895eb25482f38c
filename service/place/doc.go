// Package place says where things lie on a machine that tramxa is installed on:
// program, data, keys, slots, backups. It owns these names and nothing behind
// them; it touches no file.
//
// The keys lie outside the data, so that a copy of the data alone opens nothing.
// Everything that is written lies below two directories that survive updates and
// removal of the package.
package place
