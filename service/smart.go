package service

import "strings"

// SmartTimer is the unit that has the health of the disks asked once a day, by
// root, because the service itself may not reach a disk.
const SmartTimer = "tramxa-smart.timer"

// SmartUnits are the timer and its job, by file name, for packages and images;
// the unit of the service pulls the timer in. Program and Base must be given;
// ErrBadConfig.
func SmartUnits(c Config) (map[string]string, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("@MARK@", unitMark, "@EXEC@", quoteUnit(c.Program), "@BASE@", quoteUnit(string(c.Base)))
	return map[string]string{
		SmartTimer:             fill.Replace(smartTimer),
		"tramxa-smart.service": fill.Replace(smartJob),
	}, nil
}

const smartTimer = `@MARK@
[Unit]
Description=tramxa - hoi suc khoe o dia moi ngay (daily question to the disks)

[Timer]
OnBootSec=3min
OnUnitActiveSec=1d
AccuracySec=10min
`

// The directory stays after the job: the service reads the answer there and
// cannot write it.
const smartJob = `@MARK@
[Unit]
Description=tramxa - suc khoe o dia (health of the disks)

[Service]
Type=oneshot
ExecStart=@EXEC@ machine smart --dir @BASE@ --out /run/tramxa/smart.json
RuntimeDirectory=tramxa
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
TimeoutStartSec=2min
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateNetwork=yes
NoNewPrivileges=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictRealtime=yes
MemoryMax=128M
Nice=10
IOSchedulingClass=idle
`
