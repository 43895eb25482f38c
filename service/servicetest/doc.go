// Package servicetest tries the services of tramxa where they live: the real
// program under a real systemd in a container, and the real program for Windows
// under the service manager of wine. It has tests only.
//
// The tests need a system of their own and minutes of time; they run when
// TRAMXA_SYSTEM=1 is set and skip with a reason otherwise:
//
//	TRAMXA_SYSTEMD_ROOT  a directory with a small Debian (made there when it is
//	                     empty or missing); not set: made anew in a temporary place
//	TRAMXA_WINE_ROOT     a directory with a Debian that has wine 10
//
// Both want root. Nothing leaves the machine but the download of Debian's
// packages, when the root has to be made.
package servicetest
