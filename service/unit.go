package service

import (
	"fmt"
	"path/filepath"
	"strings"
)

// unitMark is the first line of every unit of ours: only those are replaced or
// removed by Install and Uninstall.
const unitMark = "# tramxa unit, version 1"

// Unit is the systemd unit of the service, for Install and for packages. It is
// pure: the same Config gives the same bytes on every machine. Base and Program
// must be given; ErrBadConfig.
func Unit(c Config) (string, error) {
	if err := c.check(); err != nil {
		return "", err
	}
	exec := []string{c.Program}
	exec = append(exec, c.launcherArgs(false)...)
	for i, word := range exec {
		exec[i] = quoteUnit(word)
	}
	memory := stationMemory
	if c.Hub {
		memory = hubMemory
	}
	return strings.NewReplacer(
		"@MARK@", unitMark,
		"@TITLE@", c.title(),
		"@EXEC@", strings.Join(exec, " "),
		"@BASE@", quoteUnit(string(c.Base)),
		"@KEYS@", quoteUnit(c.Base.Keys()),
		"@USER@", User,
		"@NAME@", c.Name(),
		"@STATE@", c.state(),
		"@MEMORY@", memory,
	).Replace(unitText), nil
}

// Shares of the machine's memory, which systemd works out at each start. A
// station stays below 256 MB (GOMEMLIMIT does that); the rest is for the files
// it has mapped and the pages it has written. A hub's machine is the hub's.
const (
	stationMemory = "MemoryHigh=40%\nMemoryMax=50%"
	hubMemory     = "MemoryHigh=70%\nMemoryMax=80%"
)

// state says what is writable: below /var/lib systemd makes the two directories,
// gives them to the user and opens them; elsewhere Install makes them.
func (c Config) state() string {
	base := string(c.Base)
	if rel, err := filepath.Rel("/var/lib", base); err == nil && rel != "." && !strings.HasPrefix(rel, "..") && !strings.ContainsAny(rel, " \\:") {
		return fmt.Sprintf("StateDirectory=%s %s-keys\nStateDirectoryMode=0700", rel, rel)
	}
	return fmt.Sprintf("ReadWritePaths=%s %s", quoteUnit(base), quoteUnit(c.Base.Keys()))
}

// quoteUnit writes one word as systemd.syntax(7) reads it back; check has refused
// quotes, variables and specifiers.
func quoteUnit(word string) string {
	escaped := strings.ReplaceAll(word, `\`, `\\`)
	if strings.ContainsAny(word, " ;\\") {
		return `"` + escaped + `"`
	}
	return escaped
}

const unitText = `@MARK@
# Written by 'tramxa service install' or by the package. Changes of your own
# belong in a drop-in, which updates leave alone: systemctl edit @NAME@

[Unit]
Description=@TITLE@
After=network.target local-fs.target
Wants=tramxa-smart.timer
# A station has nobody beside it: starting again is never given up.
StartLimitIntervalSec=0

[Service]
ExecStart=@EXEC@
# What root has written there, with a verb of tramxa on a stopped service, is
# given to the service: it would not start on files that it cannot read.
ExecStartPre=-+/usr/bin/find @BASE@ @KEYS@ -xdev ! -user @USER@ -execdir /usr/bin/chown -h @USER@:@USER@ {} +
User=@USER@
Group=@USER@

# The launcher says READY when the program serves, and asks for more time
# (EXTEND_TIMEOUT_USEC) each time the program tells how far it has come, so a long
# refold is no failure and a hanging start is one. The watchdog is fed only while
# journal, view and pages answer.
Type=notify
NotifyAccess=main
TimeoutStartSec=90
WatchdogSec=60
Restart=always
RestartSec=2
# The launcher is told first and stops the program by its standard input within
# 25 s; whatever is left after that is ended.
KillMode=mixed
TimeoutStopSec=30
# Memory running out ends the program, which the launcher starts again, and other
# programs of the PC before it.
OOMPolicy=continue
OOMScoreAdjust=-200
@MEMORY@
TasksMax=512
LimitNOFILE=65536
LimitCORE=0

# Data, and keys beside them; sticks and second disks for backups and updates.
@STATE@
ReadWritePaths=-/run/tramxa/sticks -/media -/mnt
UMask=0077

# Everything else is closed. /proc stays readable in its general part: the
# station fits itself to the memory and the processor of the machine.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`

// Sysusers is the line of sysusers.d(5) that makes the user of the services, for
// Install and for packages.
func Sysusers() string {
	return fmt.Sprintf("u %s - \"tramxa station\" /var/lib/tramxa /usr/sbin/nologin\n", User)
}
