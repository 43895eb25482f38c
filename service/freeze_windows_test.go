package service_test

import (
	"os"
	"time"
)

// freeze stops this process as a hang does.
func freeze() { time.Sleep(time.Hour) }

func lives(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	p.Release()
	return true
}
