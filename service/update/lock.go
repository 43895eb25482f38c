package update

import "sync"

// locker keeps processes that change the slots apart: the launcher, the station
// that fetches an update, the command line.
type locker interface {
	lock() (unlock func(), err error)
}

// inProcess is a lock for file systems that only this process sees.
type inProcess struct{ mu sync.Mutex }

func (l *inProcess) lock() (func(), error) {
	l.mu.Lock()
	return l.mu.Unlock, nil
}

// lockFile locks a file; the system lets go of it when the process ends.
type lockFile struct {
	mu   sync.Mutex
	name string
}

func (l *lockFile) lock() (func(), error) {
	l.mu.Lock()
	release, err := lockPath(l.name)
	if err != nil {
		l.mu.Unlock()
		return nil, err
	}
	return func() {
		release()
		l.mu.Unlock()
	}, nil
}
