//go:build unix

package service

import (
	"os"
	"syscall"
)

// tree is a process group: the program and all it has started.
type tree int

// treeAttr makes the program the leader of a group of its own. It also keeps a
// Ctrl-C at the launcher's terminal from the program: it is stopped by its
// standard input.
func treeAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func newTree(p *os.Process) (tree, error) { return tree(p.Pid), nil }

func (t tree) kill() { _ = syscall.Kill(-int(t), syscall.SIGKILL) }

func (t tree) close() {}
