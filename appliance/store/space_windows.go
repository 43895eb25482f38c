package store

import "golang.org/x/sys/windows"

// diskSize returns the bytes of the file system dir is on.
func diskSize(dir string) (uint64, error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var total uint64
	err = windows.GetDiskFreeSpaceEx(p, nil, &total, nil)
	return total, err
}
