//go:build !linux

package main

// machineGuestVerbs are the verbs of the bootable image, which is Linux.
func machineGuestVerbs() []verb { return nil }
