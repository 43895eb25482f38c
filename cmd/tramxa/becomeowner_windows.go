package main

// becomeOwner changes nothing: on Windows rights come from the directory.
func becomeOwner(string) error { return nil }
