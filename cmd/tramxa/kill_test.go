package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKilledStationKeepsWhatItAnswered kills the real program while clerks write
// through its control port, as 'station record' does, and asks it again after
// the restart: what was answered is there under the same sequence and the same
// ids, what was not answered is there once or not at all, and nothing else is.
func TestKilledStationKeepsWhatItAnswered(t *testing.T) {
	kills := 10
	if long() {
		kills = 200
	} else {
		t.Log("10 kills; TRAMXA_LONG=1 makes it 200")
	}
	k := &killing{t: t, program: buildProgram(t), dir: filepath.Join(t.TempDir(), "xa"), random: rand.New(rand.NewPCG(20260315, 1))}
	k.settle()
	for range kills {
		k.round()
	}
	k.reckon(kills)
}

// buildProgram builds tramxa, once for all tests: the test binary is another
// program. The flags of a release are left out, they would compile everything once
// more.
func buildProgram(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("skipped: the go command is not on the path, it builds the program to be killed")
	}
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

var (
	builtIn string // the folder of the program once there is one; TestMain removes it
	built   = sync.OnceValues(func() (name string, err error) {
		if builtIn, err = os.MkdirTemp("", "tramxa-built-"); err != nil {
			return "", err
		}
		name = filepath.Join(builtIn, "tramxa.exe") // the ending does no harm where it is not needed
		cmd := exec.Command("go", "build", "-o", name, ".")
		cmd.Env = append(os.Environ(), "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build: %w\n%s", err, out)
		}
		return name, nil
	})
)

// killing is the campaign against one station.
type killing struct {
	t       *testing.T
	program string
	dir     string
	random  *rand.Rand
	area    string
	clerks  []*clerk
	logs    bytes.Buffer // what all its processes wrote to standard error
	early   int          // kills before the station answered anybody
}

// settle makes the station, with these flags too, its head, an area and the
// clerks.
func (k *killing) settle(flags ...string) {
	k.verb("", append([]string{"station", "init", "--dir", k.dir, "--station", "1", "--unit", "23764", "--listen", "127.0.0.1:0"}, flags...)...)
	k.verb("gạo trắng nước trong\n", "station", "user", "add", "lan", "--name", "Trần Thị Lan", "--role", "head", "--dir", k.dir)
	out := k.verb(`{"entry":{"kind":"area_defined","number":1,"unit":23764,"hamlet":"Làng Dút","date":"2026-03-01"}}`, "station", "record", "--dir", k.dir)
	var a answerLine
	if err := json.Unmarshal(out, &a); err != nil || len(a.IDs) != 1 {
		k.t.Fatalf("area: %s", out)
	}
	k.area = a.IDs[0].String()
	for device := 1; device <= 4; device++ {
		k.clerks = append(k.clerks, &clerk{t: k.t, device: device, area: k.area})
	}
}

// verb runs a verb in this process.
func (k *killing) verb(in string, args ...string) []byte {
	k.t.Helper()
	var out, errs bytes.Buffer
	if code := run(k.t.Context(), args, stdio{in: strings.NewReader(in), out: &out, err: &errs}); code != exitDone {
		k.t.Fatalf("tramxa %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	return out.Bytes()
}

// round starts the station, lets the clerks write, and kills it. Every fourth
// time it is killed at any moment of its start, while it may be recovering.
func (k *killing) round() {
	cmd := exec.Command(k.program, "station", "run", "--dir", k.dir)
	cmd.Stderr = &k.logs
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	kill := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it says "killed", as it should
	}
	if k.random.IntN(4) == 0 {
		time.Sleep(time.Duration(k.random.IntN(150)) * time.Millisecond)
		kill()
		k.early++
		return
	}
	c := k.reach(cmd)
	for _, w := range k.clerks {
		w.ask(c, w.answered[max(0, len(w.answered)-20):])
	}
	var wg sync.WaitGroup
	for _, w := range k.clerks {
		wg.Go(func() { w.work(c) })
	}
	time.Sleep(time.Duration(20+k.random.IntN(280)) * time.Millisecond)
	kill()
	wg.Wait()
}

// reach waits until the station answers.
func (k *killing) reach(cmd *exec.Cmd) *control {
	k.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		c, err := dialControl(k.t.Context(), k.dir)
		if err != nil {
			k.t.Fatal(err)
		}
		if c != nil {
			return c
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	k.t.Fatalf("the station does not answer after %v\n%s", patience, k.logs.String())
	return nil
}

// reckon starts the station for the last time and compares it with the clerks'
// ledgers.
func (k *killing) reckon(kills int) {
	h, closeStation, err := stationOpener(k.dir, newLogger(&k.logs, 0))(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	c := &control{client: &http.Client{Transport: handlerTransport{h}}, base: "http://in.process"}
	answered, unknown := 0, 0
	records := []uint64{1, 2} // the user, the area
	for _, w := range k.clerks {
		answered += len(w.answered)
		unknown += w.unknown
		if w.pending != "" {
			if err := w.send(c); err != nil {
				k.t.Fatal(err)
			}
		}
		w.ask(c, w.answered)
		for _, a := range w.answered {
			records = append(records, a.seqs...)
		}
	}
	var status stationStatus
	if err := c.get(k.t.Context(), "/v1/status", nil, &status); err != nil {
		k.t.Fatal(err)
	}
	if err := closeStation(); err != nil {
		k.t.Error(err)
	}
	slices.Sort(records)
	for i, seq := range records {
		if seq != uint64(i+1) {
			k.t.Fatalf("record %d was answered twice, or one before it was never asked for", seq)
		}
	}
	if status.Saved != uint64(len(records)) {
		k.t.Errorf("the journal has %d records, the clerks know of %d", status.Saved, len(records))
	}
	if out := k.verb("", "doctor", "--dir", k.dir, "--json"); !bytes.Contains(out, []byte(`"whole":true`)) {
		k.t.Errorf("the doctor says %s", out)
	}
	if bytes.Contains(k.logs.Bytes(), []byte(clerkFamily)) {
		k.t.Errorf("a person's name is in the station's log:\n%s", k.logs.String())
	}
	lost := 0
	for _, w := range k.clerks {
		lost += w.lost
	}
	k.t.Logf("%d kills (%d of them while it started), %d answered, %d of unknown outcome sent again, %d lost", kills, k.early, answered, unknown, lost)
	if answered == 0 {
		k.t.Error("nothing was answered: this run proves nothing")
	}
}

// clerkFamily is the family name of everybody the clerks write.
const clerkFamily = "Rơ Châm"

// clerk writes one command after the other and keeps the answers.
type clerk struct {
	t        *testing.T
	device   int
	area     string
	number   int // of its commands
	homeless [2]string
	pending  string // sent, not answered: the next to be sent
	answered []ledgerLine
	unknown  int
	lost     int
}

// ledgerLine is a command and what was answered.
type ledgerLine struct {
	command string
	seqs    []uint64
	ids     []string
}

// work writes until the station is gone.
func (w *clerk) work(c *control) {
	for {
		if err := w.send(c); err != nil {
			w.unknown++
			return
		}
	}
}

// send sends the pending command, or the next one. Its error means that the
// outcome is not known.
func (w *clerk) send(c *control) error {
	if w.pending == "" {
		w.pending = w.next()
	}
	answers, err := record(w.t.Context(), c, w.pending+"\n")
	if err != nil {
		return err
	}
	if len(answers) != 1 {
		return fmt.Errorf("%d answers to one command", len(answers))
	}
	a := answers[0]
	if a.Status != "recorded" || len(a.Seqs) != 1 {
		w.t.Errorf("device %d: %s answered %+v", w.device, w.pending, a)
		return fmt.Errorf("not recorded")
	}
	l := ledgerLine{command: w.pending, seqs: a.Seqs}
	for _, id := range a.IDs {
		l.ids = append(l.ids, id.String())
	}
	w.answered, w.pending = append(w.answered, l), ""
	if len(l.ids) == 3 {
		w.homeless = [2]string{l.ids[0], l.ids[1]}
	}
	return nil
}

// next makes a command: a household of two, then a birth in it.
func (w *clerk) next() string {
	w.number++
	day := func(n int) string { return fmt.Sprintf("%02d-%02d", 1+n%12, 1+n%28) }
	const confirm = `"confirm":[{"rule":"D04","reason":"sổ cũ"},{"rule":"X01","reason":"đã hỏi"}]`
	if mother := w.homeless; mother[0] != "" {
		w.homeless = [2]string{}
		return fmt.Sprintf(`{"key":"%d:%d","entry":{"kind":"birth","household":"%s","order":1,"place":1,"weight":3000,"child":{"relation":3,"name":"%s","sex":"male","born":"2026-%s","residence":1,"mother":"%s"}},%s}`,
			w.device, w.number, mother[0], w.name("Con"), "03-"+fmt.Sprintf("%02d", 1+w.number%28), mother[1], confirm)
	}
	return fmt.Sprintf(`{"key":"%d:%d","entry":{"kind":"household_opened","area":"%s","number":"%d","type":"family","date":"2026-03-01","members":[`+
		`{"relation":1,"name":"%s","sex":"female","born":"%d-%s","marital":4,"residence":1},{"relation":7,"name":"%s","sex":"male","born":"%d-%s","residence":1}]},%s}`,
		w.device, w.number, w.area, w.device*1_000_000+w.number,
		w.name("Mai"), 1985+w.number%15, day(w.number), w.name("Thắng"), 1980+w.number%20, day(w.number+5), confirm)
}

// name spells the command's number, so that nobody has a namesake.
func (w *clerk) name(last string) string {
	syllables := []string{"An", "Bảo", "Chi", "Dung", "Em", "Giang", "Hà", "Khang", "Linh", "My"}
	s := clerkFamily
	for n := w.number*10 + w.device; n > 0; n /= 10 {
		s += " " + syllables[n%10]
	}
	return s + " " + last
}

// ask sends commands that were answered before: each must be recognised and get
// the same answer.
func (w *clerk) ask(c *control, ledger []ledgerLine) {
	w.t.Helper()
	var b strings.Builder
	for _, l := range ledger {
		b.WriteString(l.command + "\n")
	}
	answers, err := record(w.t.Context(), c, b.String())
	if err != nil || len(answers) != len(ledger) {
		w.t.Fatalf("device %d: %d of %d commands answered again: %v", w.device, len(answers), len(ledger), err)
	}
	for i, a := range answers {
		var ids []string
		for _, id := range a.IDs {
			ids = append(ids, id.String())
		}
		if l := ledger[i]; a.Status != "recorded" || !a.Repeat || !slices.Equal(a.Seqs, l.seqs) || !slices.Equal(ids, l.ids) {
			w.lost++
			w.t.Errorf("device %d: answered with %v %v before, now %+v", w.device, l.seqs, l.ids, a)
		}
	}
}

// record sends commands as 'station record' does.
func record(ctx context.Context, c *control, lines string) ([]answerLine, error) {
	var out bytes.Buffer
	if err := c.call(ctx, http.MethodPost, "/v1/record", url.Values{"lang": {"en"}}, strings.NewReader(lines), &out); err != nil {
		return nil, err
	}
	var answers []answerLine
	dec := json.NewDecoder(&out)
	for dec.More() {
		var a answerLine
		if err := dec.Decode(&a); err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}
