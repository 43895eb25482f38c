package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"tramxa/appliance/store"
)

// A child of this test binary is a station under load until it is killed.
const (
	childDir  = "TRAMXA_TEST_STORE_DIR"
	childKeys = "TRAMXA_TEST_STORE_KEYS"
	clerks    = 4
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := station(dir, os.Getenv(childKeys)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// station saves without end and tells of each save after it was answered.
func station(dir, keys string) error {
	s, err := store.Open(context.Background(), childOptions(dir, keys))
	if err != nil {
		return err
	}
	fmt.Println("open")
	var wg sync.WaitGroup
	for dev := uint32(1); dev <= clerks; dev++ {
		wg.Go(func() {
			for n := uint64(1); ; n++ {
				if _, err := save(s, dev, n); err != nil {
					fmt.Println("error:", err)
					os.Exit(1)
				}
				fmt.Println("saved", dev, n) // one write, so a whole line
			}
		})
	}
	wg.Wait()
	return nil
}

func childOptions(dir, keys string) store.Options {
	return store.Options{Dir: dir, KeyFile: keys, Reserve: 1, Ballast: -1, CheckpointEvery: 60, SegmentSize: 64 << 10}
}

// TestKilledProcessesLoseNothingAnswered kills a real process under load at
// random moments, starts and checkpoints included.
func TestKilledProcessesLoseNothingAnswered(t *testing.T) {
	kills := 20
	if long() {
		kills = 200
	} else {
		t.Logf("%d kills; TRAMXA_LONG=1 makes 200", kills)
	}
	o := onDisk(t)
	rng := rand.New(rand.NewPCG(3, 4))
	last := make(map[uint32]uint64)
	early := 0
	for kill := range kills {
		after, from := time.Duration(rng.IntN(150))*time.Millisecond, moments[rng.IntN(len(moments))]
		opened, err := killOne(o, last, after, from)
		if err != nil {
			t.Fatalf("life %d: %v", kill, err)
		}
		if !opened {
			early++
		}
		if kill%10 == 9 {
			lookAfterKill(t, o, last)
		}
	}
	lookAfterKill(t, o, last)
	t.Logf("%d kills, %d of them during a start; answered by device: %v", kills, early, last)
	if len(last) == 0 {
		t.Error("nothing was answered")
	}
}

// moment is from when on the time to a kill is counted. On a slow disk nothing is
// answered within the time after it was open, so some wait for an answer.
type moment string

const (
	fromStart  moment = "start"
	fromOpen   moment = "open"
	fromAnswer moment = "saved"
)

var moments = []moment{fromStart, fromOpen, fromOpen, fromAnswer}

// killOne kills a station some time after a moment of its life.
func killOne(o store.Options, last map[uint32]uint64, after time.Duration, from moment) (opened bool, err error) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+o.Dir, childKeys+"="+o.KeyFile)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	killed := false
	reached := func(m moment) {
		if m == from && !killed {
			killed = true
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	reached(fromStart)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var dev uint32
		var n uint64
		switch line := lines.Text(); {
		case line == "open":
			opened = true
			reached(fromOpen)
		case scan(line, &dev, &n):
			last[dev] = max(last[dev], n)
			reached(fromAnswer)
		default:
			_ = cmd.Process.Kill()
			err = fmt.Errorf("the station says %q", line)
		}
	}
	_ = cmd.Wait() // killed
	return opened, err
}

func scan(line string, dev *uint32, n *uint64) bool {
	_, err := fmt.Sscanf(line, "saved %d %d", dev, n)
	return err == nil
}

func lookAfterKill(t *testing.T, o store.Options, last map[uint32]uint64) {
	t.Helper()
	s := open(t, childOptions(o.Dir, o.KeyFile))
	for dev, n := range last {
		if m, err := missing(s, dev, n); m != 0 || err != nil {
			t.Fatalf("device %d: command %d of %d answered is not there, %v", dev, m, n, err)
		}
	}
	if _, err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
}
