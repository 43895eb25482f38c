package service

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
)

// runManaged answers the service manager ourselves. The library asks Windows
// whether this is a service and is told no on some systems, and it works before
// it says that it runs; we are told by an argument, and say so at once: the
// manager waits 30 s for a start, a refold on a hard disk takes longer.
func runManaged(ctx context.Context, name string, work func(context.Context) error) error {
	return svc.Run(name, &managed{ctx: ctx, name: name, work: work})
}

type managed struct {
	ctx  context.Context
	name string
	work func(context.Context) error
}

// Execute is called by svc.Run. Windows is told of a shutdown before other
// services are (preshutdown), with the 30 s that Install has asked for.
func (m *managed) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	status <- svc.Status{State: svc.StartPending}
	ctx, cancel := context.WithCancel(m.ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- m.work(ctx) }()
	running := svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptPreShutdown}
	status <- running
	m.event(func(l *eventlog.Log) error { return l.Info(1, m.name+" started") })
	for {
		select {
		case err := <-done: // the launcher never ends by itself but for a fault: an error exit, which the manager answers with a restart
			m.event(func(l *eventlog.Log) error { return l.Error(3, fmt.Sprintf("%s ended: %v", m.name, err)) })
			return true, 1
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				status <- running
			case svc.Stop, svc.Shutdown, svc.PreShutdown:
				cancel()
				waitStopping(done, requests, status)
				m.event(func(l *eventlog.Log) error { return l.Info(2, m.name+" stopped") })
				return false, 0
			}
		}
	}
}

// waitStopping shows progress until the work has ended; the launcher takes 25 s
// at most.
func waitStopping(done <-chan error, requests <-chan svc.ChangeRequest, status chan<- svc.Status) {
	stopping := svc.Status{State: svc.StopPending, WaitHint: 10_000}
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		stopping.CheckPoint++
		status <- stopping
		select {
		case <-done:
			return
		case <-requests: // answered by the next status
		case <-tick.C:
		}
	}
}

// event writes to the event log, which gets start, stop and faults of the
// launcher and nothing else.
func (m *managed) event(write func(*eventlog.Log) error) {
	l, err := eventlog.Open(m.name)
	if err != nil {
		return
	}
	defer l.Close()
	_ = write(l)
}
