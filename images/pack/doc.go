// Package pack makes the files a release is handed out in: the programs for
// every system, .deb packages, archives, the Windows installer, the list of what
// is inside (CycloneDX) and the checksums.
//
// Same inputs, same bytes: every time that is written is the one the caller
// gives, every list is sorted, and owners are 0. It owns what the packages
// contain and how they behave when they are installed, replaced and removed. It
// refuses to decide when a release is one (sequence, keys, signatures): that is
// package service/update and the command mkimage. The unit files are handed in,
// because package service owns their text.
package pack
