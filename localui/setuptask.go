package localui

import (
	"context"
	"sync"
	"time"
)

// task is one long work in the background, told of on a page. The zero value is
// ready.
type task struct {
	mu      sync.Mutex
	running bool
	ended   bool
	began   time.Time
	stage   Text
	done    int64
	total   int64
	err     error
}

// taskView is how far a task has come.
type taskView struct {
	Running, Ended bool
	Failed         string
	Stage          string
	Percent        int // −1: not known
	Seconds        int // since it began
	Left           int // seconds likely left; −1: not known
}

// start runs work unless some is running. The work outlives the request.
func (t *task) start(work func(ctx context.Context, say Progress) error, after func(error)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running {
		return false
	}
	t.running, t.ended, t.began, t.stage, t.done, t.total, t.err = true, false, time.Now(), Text{}, 0, 0, nil
	go func() {
		err := work(context.Background(), t.say)
		if after != nil {
			after(err)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.running, t.ended, t.err = false, true, err
	}()
	return true
}

func (t *task) say(stage Text, done, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stage, t.done, t.total = stage, done, total
}

func (t *task) view(w words) taskView {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := taskView{Running: t.running, Ended: t.ended, Stage: t.stage.In(w.lang), Percent: -1, Left: -1}
	if t.running || t.ended {
		v.Seconds = int(time.Since(t.began).Seconds())
	}
	if t.total > 0 && t.done >= 0 {
		v.Percent = int(min(100, 100*t.done/t.total))
	}
	if v.Percent > 4 && v.Seconds > 2 {
		v.Left = v.Seconds * (100 - v.Percent) / v.Percent
	}
	if t.err != nil {
		v.Failed = w.failure(t.err)
	}
	return v
}
