package service

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is a program that runs under the protocol.
type child struct {
	process
	stdin io.Closer
	lines <-chan message // closed when its standard output has ended
	gone  <-chan struct{}
}

// process is what runs. Real ones are running; a test of time plays one, so that
// no disk and no processor has a part in what it measures.
type process interface {
	kill()       // ends it and all it has started
	code() int   // the exit code, after gone; -1 when a signal ended it
	how() string // says how it ended, after gone
}

// running is a process of the system.
type running struct {
	cmd  *exec.Cmd
	tree *holder // with all it has started
}

// holder guards a tree, which must not be touched when the process is over: its
// number or handle may be somebody else's by then.
type holder struct {
	mu   sync.Mutex
	tree tree
	over bool
}

// kill ends all that still runs.
func (h *holder) kill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.tree.kill()
	}
}

// end ends what the process has left behind.
func (h *holder) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tree.kill()
	h.tree.close()
	h.over = true
}

// startChild starts p. Its output is read from the first line on; the caller
// takes the lines until gone is closed, and then calls drop.
func startChild(p Program, args []string, stderr io.Writer) (*child, error) {
	cmd := exec.Command(p.Path, args...)
	cmd.Env = childEnv(os.Environ(), p)
	cmd.Stderr = stderr
	cmd.WaitDelay = 2 * time.Second // what it has started may hold the log open
	cmd.SysProcAttr = treeAttr()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdin.Close())
	}
	cmd.Stdout = in
	err = cmd.Start()
	in.Close()
	if err != nil {
		return nil, errors.Join(err, out.Close(), stdin.Close())
	}
	t, err := newTree(cmd.Process)
	if err != nil {
		err = errors.Join(fmt.Errorf("its processes cannot be held together: %w", err), cmd.Process.Kill(), out.Close())
		_ = cmd.Wait()
		return nil, err
	}
	lines, gone := make(chan message), make(chan struct{})
	r := running{cmd, &holder{tree: t}}
	go func() {
		defer close(lines)
		readLines(out, lines)
	}()
	go func() {
		_ = cmd.Wait() // judged by the process state
		r.tree.end()
		// The last lines are read; whoever else holds the pipe open is not waited
		// for. A regular pipe takes deadlines on every system but Windows, where
		// the job has just ended all holders.
		_ = out.SetReadDeadline(time.Now().Add(time.Second))
		close(gone)
	}()
	return &child{process: r, stdin: stdin, lines: lines, gone: gone}, nil
}

// childEnv is the launcher's environment without what belongs to the launcher
// alone.
func childEnv(env []string, p Program) []string {
	var out []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		switch name {
		case "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", EnvSupervised, EnvTrial:
			continue
		}
		out = append(out, e)
	}
	out = append(out, p.Env...)
	out = append(out, EnvSupervised+"=1")
	if p.Trial {
		out = append(out, EnvTrial+"=1")
	}
	return out
}

// readLines hands on the lines of the protocol until r ends. A line that is too
// long is dropped as a whole.
func readLines(r io.ReadCloser, to chan<- message) {
	defer r.Close()
	br := bufio.NewReaderSize(r, MaxLine)
	for {
		line, err := br.ReadSlice('\n')
		switch {
		case err == nil:
			if m, err := parseLine(string(line[:len(line)-1])); err == nil {
				to <- m
			}
		case errors.Is(err, bufio.ErrBufferFull):
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = br.ReadSlice('\n')
			}
			if err != nil {
				return
			}
		default:
			return
		}
	}
}

// askToStop ends the program's standard input.
func (c *child) askToStop() { _ = c.stdin.Close() }

func (r running) kill() {
	r.tree.kill()
	_ = r.cmd.Process.Kill()
}

// drop lets the reader of the lines end; nobody reads them any more.
func (c *child) drop() {
	go func() {
		for range c.lines {
		}
	}()
}

func (r running) code() int { return r.cmd.ProcessState.ExitCode() }

func (r running) how() string { return "ended with " + r.cmd.ProcessState.String() }
