//go:build !linux && !windows

package update

func osVersion() string { return "" }

func ramBytes() int64 { return 0 }
