// Package service makes tramxa a service of the machine and keeps it running:
// it installs the launcher with systemd or the Windows service manager, starts
// the program that is to run as a child of the launcher, watches it, and starts
// it again when it ends, hangs or asks for it.
//
// The launcher (Supervise) and the program (Supervised, Health) speak
// supervision protocol 1 over two pipes, see protocol.go. Which program is
// started, an update on trial or the one before it, is the business of the
// Source, not of this package.
//
// It refuses relative paths, places that a service cannot reach, systems without
// systemd, Windows below 10, and to write over a unit that a package or an
// administrator has put there. It removes no data, ever.
package service
