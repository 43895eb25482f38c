//go:build !linux

package main

import (
	"context"

	"tramxa/service/update"
)

// The image is a Linux; elsewhere the system below is not tramxa's to update.

func imageSystem() string { return "" }

func (u *updating) confirmRoot(context.Context) {}

func rootSystems() []string { return nil }

func hasRoot(update.Release) bool { return false }
