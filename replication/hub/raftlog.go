package hub

import (
	"bytes"
	"context"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// raftLog lets raft and its log store write into ours. They know of addresses,
// indexes and errors only, never of what is in an entry.
func raftLog(log *slog.Logger) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name: "raft", Level: hclog.Info, DisableTime: true, Output: lineLog{log},
	})
}

// lineLog turns a line of hclog into one of slog.
type lineLog struct{ log *slog.Logger }

func (l lineLog) Write(p []byte) (int, error) {
	level := slog.LevelDebug
	switch {
	case bytes.HasPrefix(p, []byte("[ERROR]")):
		level = slog.LevelWarn // an error of a line or a vote is daily bread, not ours
	case bytes.HasPrefix(p, []byte("[WARN]")):
		level = slog.LevelInfo
	}
	l.log.Log(context.Background(), level, string(bytes.TrimSpace(p)))
	return len(p), nil
}
