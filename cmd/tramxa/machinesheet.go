package main

import (
	"context"

	"tramxa/localui"
	"tramxa/service/machine"
)

// machineSections and diskTest are what the setup pages know of the PC.
func (f *founding) machineSections() []localui.Section {
	f.mu.Lock()
	defer f.mu.Unlock()
	return sectionsOf(f.facts, f.test)
}

func (f *founding) diskTest(ctx context.Context, say localui.Progress) error {
	return nil
}

func sectionsOf(machine.Facts, *machine.DiskResult) []localui.Section { return nil }
