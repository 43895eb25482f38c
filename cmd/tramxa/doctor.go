package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"tramxa/appliance/journal"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
	"tramxa/service/place"
)

func doctorVerb() verb {
	return verb{name: "doctor", args: "[--dir D] [--heal [--from BACKUP] [--accept-end]|--rejoin|--branch] [--json]",
		about: "verify a station and say what is damaged; make a damaged journal anew; lead a restored station back to the province's history", run: runDoctor}
}

// diagnosis is what the doctor found.
type diagnosis struct {
	Whole       bool            `json:"whole"`
	Records     uint64          `json:"records"`
	Sequence    journal.Seq     `json:"sequence"` // the view was compared with the journal folded anew up to here
	ViewAgrees  bool            `json:"view_agrees"`
	Checkpoints int             `json:"checkpoints"`
	Bad         []journal.Seq   `json:"bad_checkpoints,omitempty"`
	Damage      []damagedRange  `json:"damage,omitempty"`
	Lanes       []laneDiagnosis `json:"lanes,omitempty"`
}

type laneDiagnosis struct {
	Lane    journal.Lane `json:"lane"`
	Records uint64       `json:"records"`
}

type damagedRange struct {
	Segment string      `json:"segment"`
	From    journal.Seq `json:"from"`
	To      journal.Seq `json:"to"`
	Offset  int64       `json:"offset"`
	Length  int64       `json:"length"`
	What    string      `json:"what,omitempty"`
}

func runDoctor(ctx context.Context, args []string, std stdio) error {
	f := newFlags("doctor", std)
	dir := dirFlag(f, "station")
	asJSON := f.Bool("json", false, "answer as JSON")
	heal := f.Bool("heal", false, "make damaged journals anew, with the records missing from a backup or the province; the station must be stopped")
	from := f.String("from", "", "with --heal: a backup that has the records")
	acceptEnd := f.Bool("accept-end", false, "with --heal: let a journal end where its damaged end and everything else ends")
	rejoin := f.Bool("rejoin", false, "of a station restored from a backup: take back what the province has had since; the station must be stopped")
	branch := f.Bool("branch", false, "show what was written on a restored station before it rejoined, as JSON lines")
	base := f.String("base", string(place.Default()), "directory of the installed tramxa, where a station is looked for when --dir names none")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if !f.given("dir") && os.Getenv("TRAMXA_DIR") == "" {
		var err error
		if *dir, err = stationSomewhere(ctx, *dir, place.Base(*base), std); err != nil {
			return err
		}
	}
	switch {
	case *heal && !*rejoin && !*branch:
		return runHeal(ctx, *dir, *from, *acceptEnd, *asJSON, std)
	case *heal || *from != "" || *acceptEnd || *rejoin && *branch:
		return usagef("--heal, --rejoin and --branch exclude each other; --from and --accept-end belong to --heal")
	case *rejoin:
		return runRejoin(ctx, *dir, *asJSON, std)
	case *branch:
		return runBranch(ctx, *dir, std)
	}
	var d diagnosis
	err := stationVerbControl(ctx, *dir, std, func(c *control) error {
		var b bytes.Buffer
		if err := c.call(ctx, http.MethodPost, "/v1/verify", nil, nil, &b); err != nil {
			return err
		}
		return json.Unmarshal(b.Bytes(), &d)
	})
	if errors.Is(err, journal.ErrDamaged) {
		d, err = examineClosed(ctx, *dir, std)
	}
	if err != nil {
		return err
	}
	if *asJSON {
		err = writeJSON(std.out, d)
	} else {
		err = showDiagnosis(std.out, d)
	}
	if err == nil && !d.Whole {
		return withHint(errors.New("the station is damaged"), "nothing was changed; copy the directory, stop the station, then 'tramxa doctor --heal' brings back what the province or a backup (--from) has")
	}
	return err
}

// stationSomewhere finds the station of this machine when the directory that is
// meant by default holds none: where the packages put it, on other drives, on
// sticks.
func stationSomewhere(ctx context.Context, dir string, base place.Base, std stdio) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, configFile)); err == nil {
		return dir, nil
	}
	roots := fixedRoots(base)
	for _, v := range removableVolumes(ctx) {
		roots = append(roots, v.dir)
	}
	list, err := rescue.Find(ctx, rescue.FindOptions{Roots: roots})
	if err != nil {
		return "", err
	}
	list = only(list, rescue.Station)
	if len(list) == 0 {
		return "", withHint(errors.New("no station found on this machine"), "plug in the disk or stick it is on, or give --dir; 'tramxa rescue' looks on all disks")
	}
	if len(list) > 1 {
		err := errors.New("more than one station found")
		for _, f := range list {
			err = fmt.Errorf("%w; station %d at %s", err, f.Genesis.Origin.Station, f.Path)
		}
		return "", withHint(err, "give --dir with one of them")
	}
	f := list[0]
	fmt.Fprintf(std.err, "station %d found at %s\n", f.Genesis.Origin.Station, f.Path)
	if c, err := readConfig(f.Path); err != nil || c.Station == nil || !fileThere(c.Station.Key) {
		return "", withHint(fmt.Errorf("the station at %s is not set up on this machine", f.Path), "'tramxa rescue check' looks at it, 'tramxa rescue' moves it here")
	}
	return f.Path, nil
}

func fileThere(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func (n *stationNode) handleVerify(w http.ResponseWriter, r *http.Request) error {
	v, err := n.Store().Verify(r.Context(), nil)
	if err != nil && len(v.Lanes[0].Damage)+len(v.Lanes[1].Damage)+len(v.Bad) == 0 {
		return err
	}
	d := diagnosis{Sequence: v.Seq, ViewAgrees: v.View == v.Fold, Checkpoints: len(v.Checkpoints), Bad: v.Bad}
	d.lanes(v.Lanes[:])
	d.Whole = d.ViewAgrees && len(d.Damage) == 0 && len(d.Bad) == 0
	return writeJSON(w, d)
}

func (d *diagnosis) lanes(reports []journal.VerifyReport) {
	for lane, rep := range reports {
		d.Records += uint64(rep.Records)
		d.Lanes = append(d.Lanes, laneDiagnosis{Lane: journal.Lane(lane), Records: uint64(rep.Records)})
		for _, bad := range rep.Damage {
			d.Damage = append(d.Damage, damagedRange{Segment: bad.Segment, From: bad.From, To: bad.To, Offset: bad.Offset, Length: bad.Length})
		}
	}
}

// examineClosed verifies the journals of a station too damaged to open.
func examineClosed(ctx context.Context, dir string, std stdio) (diagnosis, error) {
	c, err := stationPart(dir)
	if err != nil {
		return diagnosis{}, err
	}
	show := &progressPrinter{w: std.err}
	var reports []journal.VerifyReport
	for _, lane := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		rep, err := store.VerifyLane(ctx, store.Options{Dir: dir, KeyFile: c.Key}, lane, showStore(show))
		if err != nil && len(rep.Damage) == 0 {
			return diagnosis{}, err
		}
		reports = append(reports, rep)
	}
	var d diagnosis
	d.lanes(reports)
	return d, nil
}

func showDiagnosis(w io.Writer, d diagnosis) error {
	if d.Whole {
		_, err := fmt.Fprintf(w, "whole: %d records verified, the view equals the journal folded anew at %d, %d checkpoints good\n", d.Records, d.Sequence, d.Checkpoints-len(d.Bad))
		return err
	}
	for _, r := range d.Damage {
		fmt.Fprintf(w, "damaged: %s, bytes %d to %d, records %d to %d\n", r.Segment, r.Offset, r.Offset+r.Length, r.From, r.To)
	}
	for _, seq := range d.Bad {
		fmt.Fprintf(w, "damaged: the checkpoint at %d; others serve, and the next one takes its place\n", seq)
	}
	if len(d.Damage) == 0 && !d.ViewAgrees {
		fmt.Fprintln(w, "the view differs from the journal; it is made again at the next start")
	}
	return nil
}
