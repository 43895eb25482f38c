package main

// sameDevice is not told here: a hub runs on Linux.
func sameDevice(string, string) bool { return false }
