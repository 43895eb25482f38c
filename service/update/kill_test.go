package update_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tramxa/service/update"
)

const churnEnv = "TRAMXA_TEST_CHURN" // the directory to churn in

func TestMain(m *testing.M) {
	if dir := os.Getenv(churnEnv); dir != "" {
		if err := churn(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// churn applies, starts, confirms, fails and rolls back without end. Bundles
// 2.tramup … lie in dir; the next that is new is taken.
func churn(dir string) error {
	p, err := reopen(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	for n := 2; ; n++ {
		s, err := update.Open(p)
		if err != nil {
			return err
		}
		b, closer, err := update.OpenBundleFile(filepath.Join(dir, fmt.Sprintf("v%d.tramup", n)), *p.Trust)
		if errors.Is(err, os.ErrNotExist) {
			n = 1
			continue
		}
		if err != nil {
			return err
		}
		err = s.StageBundle(ctx, b, update.Choice{ByHand: true, Again: true})
		closer.Close()
		if no := update.AsRefusal(err); no != nil && (no.Reason == update.ReasonDisk || no.Reason == update.ReasonDamaged) || err != nil && no == nil {
			return err
		}
		prog, err := s.Next(ctx)
		if err != nil {
			return err
		}
		switch {
		case prog.Trial && n%4 == 3:
			err = errors.Join(s.Failed(prog, "bad"), s.Failed(prog, "bad"))
		case prog.Trial:
			err = s.Confirmed(prog)
		}
		if err != nil {
			return err
		}
		if err := s.Rollback(); err != nil && update.AsRefusal(err) == nil {
			return err
		}
	}
}

// reopen reads what TestKilledAnywhere has left for its children.
func reopen(dir string) (update.Options, error) {
	b, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err != nil {
		return update.Options{}, err
	}
	set, err := update.ParseKeySet(b)
	if err != nil {
		return update.Options{}, err
	}
	path := filepath.Join(dir, "factory")
	sum, size, err := update.HashFile(path)
	trust := update.NewTrust(set)
	return update.Options{Dir: filepath.Join(dir, "app"), Trust: &trust,
		Self: update.Build{Version: "v1", Sequence: 1, System: update.System(), SHA256: sum, Size: size, Formats: update.ThisFormats, Path: path}}, err
}

// TestKilledAnywhere kills a process that applies, confirms and rolls back, and
// looks each time whether a whole program starts. 200 times with TRAMXA_LONG=1.
func TestKilledAnywhere(t *testing.T) {
	dir := t.TempDir()
	kills, releases := 10, 80
	if os.Getenv("TRAMXA_LONG") != "" {
		kills, releases = 200, 1500
	}
	known := killSetup(t, dir, releases)
	rng := rand.New(rand.NewPCG(3, 4))
	versions, trials := map[string]bool{}, 0
	for i := range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), churnEnv+"="+dir)
		cmd.Stderr = os.Stderr
		must(t, cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			t.Fatalf("kill %d: the process ended by itself: %v", i, err)
		case <-time.After(time.Duration(rng.IntN(400)) * time.Millisecond):
		}
		must(t, cmd.Process.Kill())
		<-ended
		o, err := reopen(dir)
		must(t, err)
		s, err := update.Open(o)
		must(t, err)
		st, err := s.State()
		must(t, err)
		p, err := s.Next(context.Background())
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		sum, _, err := update.HashFile(p.Path)
		must(t, err)
		if known[sum] != p.Label {
			t.Fatalf("kill %d: %s is started from a file of %q", i, p.Label, known[sum])
		}
		versions[p.Label] = true
		if p.Trial {
			trials++
		}
		if st.Trial == nil && st.In(st.Current).Version != p.Label {
			t.Fatalf("kill %d: %s runs, not the confirmed %s", i, p.Label, st.In(st.Current).Version)
		}
	}
	t.Logf("%d kills; %d different versions started afterwards, %d times one on trial", kills, len(versions), trials)
}

// killSetup makes the keys, the factory's program and bundles of so many
// releases, and says which file is which version.
func killSetup(t *testing.T, dir string, releases int) map[update.Hash]string {
	t.Helper()
	var keys []*update.PrivateKey
	var public []update.PublicKey
	for range 3 {
		k, err := update.NewPrivateKey()
		must(t, err)
		keys, public = append(keys, k), append(public, k.Public())
	}
	set, err := update.NewKeySet(1, 2, public...)
	must(t, err)
	chain, err := update.NewChain(set)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "keys.json"), set.Bytes(), 0o644))
	known := map[update.Hash]string{}
	now, parts := time.Now(), t.TempDir()
	for n := 1; n <= releases; n++ {
		name := filepath.Join(dir, "factory")
		if n > 1 {
			name = filepath.Join(dir, fmt.Sprintf("program-%d", n))
		}
		b := make([]byte, 20_000)
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		for i := range b {
			b[i] = byte(rng.IntN(50))
		}
		must(t, os.WriteFile(name, b, 0o755))
		sum, _, err := update.HashFile(name)
		must(t, err)
		known[sum] = fmt.Sprintf("v%d", n)
		if n == 1 {
			continue
		}
		d := update.Draft{Channel: "stable", Sequence: uint64(n), Version: known[sum], Released: now, Expires: now.AddDate(1, 0, 0), Formats: update.ThisFormats,
			Files: []update.DraftFile{{System: update.System(), Kind: update.KindProgram, Path: name}}}
		_, err = update.BuildBundle(context.Background(), d, parts, filepath.Join(dir, fmt.Sprintf("v%d.tramup", n)), chain, keys[0], keys[1])
		must(t, err)
	}
	return known
}
