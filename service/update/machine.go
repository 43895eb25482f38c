package update

// Machine is what Preflight looks at. Zero values mean "not known" and refuse
// nothing: an old PC must not be kept from an update because it cannot say how
// large its memory is.
type Machine struct {
	System    string // GOOS/GOARCH
	OSVersion string // "5.10.0", "10.0.19045"
	RAM       int64  // bytes built in
}

// ThisMachine asks the system it runs on.
func ThisMachine() Machine {
	return Machine{System: System(), OSVersion: osVersion(), RAM: ramBytes()}
}
