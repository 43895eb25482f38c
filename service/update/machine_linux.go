package update

import (
	"strings"

	"golang.org/x/sys/unix"
)

// osVersion is the kernel's, without what a distribution adds to it.
func osVersion() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	v := unix.ByteSliceToString(u.Release[:])
	if i := strings.IndexFunc(v, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		v = v[:i]
	}
	return strings.Trim(v, ".")
}

func ramBytes() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return int64(info.Totalram) * int64(info.Unit)
}
