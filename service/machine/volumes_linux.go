package machine

import (
	"context"
	"os"
)

func removable(context.Context) ([]Volume, error) { return system().removable(space) }

func disks(context.Context) ([]Device, error) { return system().disks(probeDevice) }

// probeDevice looks into a device; one that may not be read is unknown.
func probeDevice(device string) (kind, label string) {
	f, err := os.Open(device)
	if err != nil {
		return "", ""
	}
	defer f.Close()
	return probeFS(f)
}
