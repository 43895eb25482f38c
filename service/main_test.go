package service_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tramxa/service"
)

// The test binary is also the program that the launcher starts, and the launcher
// itself: TRAMXA_TEST_ROLE says which.
const envRole = "TRAMXA_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

// play is a program under the launcher. Its directory is in the arguments.
func play(role string) int {
	if role == "launcher" {
		return playLauncher()
	}
	dir := os.Args[1]
	note(dir, "started")
	r := service.Supervised()
	if r == nil {
		return 9
	}
	switch role {
	case "crash early":
		return 3
	case "leave early":
		return 0
	case "mute":
		time.Sleep(time.Hour) // says nothing at all
	case "slow":
		time.Sleep(900 * time.Millisecond)
		r.Ready()
		r.Alive()
	case "spin again":
		return service.ExitAgain
	}
	for range 3 {
		r.Starting("opening")
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Println("a line that is not of the protocol")
	r.Ready()
	r.Alive()
	switch role {
	case "crash":
		return 3
	case "freeze":
		freeze()
	case "again":
		r.Restart("an update is there")
		return service.ExitAgain
	case "noisy grandchild":
		return spawnAndLeave(dir)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	limit := time.Duration(0)
	if role == "stuck probe" {
		limit = 50 * time.Millisecond
	}
	probe := service.Probe{Name: "journal", Limit: limit, Ask: func(ctx context.Context) error {
		switch role {
		case "sick":
			return errors.New("disk full")
		case "stuck probe":
			time.Sleep(time.Hour)
		}
		return nil
	}}
	go r.Health(ctx, []service.Probe{probe}, service.HealthOptions{Every: 20 * time.Millisecond, Rounds: 5})
	<-r.Stopped()
	if role == "deaf" {
		time.Sleep(time.Hour)
	}
	r.Stopping()
	note(dir, "stopped cleanly")
	return 0
}

// spawnAndLeave starts a process that would hold the output open for long.
func spawnAndLeave(dir string) int {
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), envRole+"=mute", service.EnvSupervised+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if cmd.Start() != nil {
		return 8
	}
	note(dir, fmt.Sprintf("grandchild-%d", cmd.Process.Pid))
	time.Sleep(100 * time.Millisecond)
	return 3
}

// playLauncher is a launcher in a process of its own, to be killed.
func playLauncher() int {
	dir := os.Args[1]
	os.Setenv(envRole, "good")
	src := &source{programs: []service.Program{{Path: os.Args[0], Label: "v1"}}}
	err := service.Supervise(context.Background(), service.SuperviseOptions{Source: src, Args: []string{dir}})
	if err != nil {
		return 1
	}
	return 0
}

// note leaves a file that the test looks for.
func note(dir, name string) {
	f, err := os.CreateTemp(dir, name+".*")
	if err == nil {
		f.Close()
	}
}

func notes(t *testing.T, dir, name string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, name+".*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// source hands out programs in order, the last one for ever, and remembers what
// it is told.
type source struct {
	programs  []service.Program
	nextErr   error
	failErr   error
	starts    int
	confirmed []string
	failed    []string
	onEnd     func() // after each failure or confirmation
}

func (s *source) Next(context.Context) (service.Program, error) {
	if s.nextErr != nil {
		s.starts++
		s.after()
		return service.Program{}, s.nextErr
	}
	p := s.programs[min(s.starts, len(s.programs)-1)]
	s.starts++
	return p, nil
}

func (s *source) Confirmed(p service.Program) error {
	s.confirmed = append(s.confirmed, p.Label)
	s.after()
	return nil
}

func (s *source) Failed(p service.Program, why string) error {
	s.failed = append(s.failed, p.Label+": "+why)
	s.after()
	return s.failErr
}

func (s *source) after() {
	if s.onEnd != nil {
		s.onEnd()
	}
}
