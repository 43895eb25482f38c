package main

import (
	"io"
	"log/slog"
)

// logger hands each part its own slog.Logger.
type logger struct{ *slog.Logger }

// newLogger writes lines to w from level on; nil w discards them.
func newLogger(w io.Writer, level slog.Level) logger {
	if w == nil {
		return logger{slog.New(slog.DiscardHandler)}
	}
	return logger{slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))}
}

func (l logger) with(part, name string) *slog.Logger { return l.With("part", part, "name", name) }
