package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tramxa/appliance"
	"tramxa/appliance/auth"
	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
	"tramxa/localui"
)

// finish makes the station and its head's account. Interrupted anywhere it goes
// on from there: when called again, or, once there is a configuration, at the
// next start (settleFounding); then the head types her password on the first
// page.
func (f *founding) finish(ctx context.Context, a localui.Answers) error {
	s, err := f.secret()
	if err != nil {
		return err
	}
	if err := f.makeStation(a, s); err != nil {
		return err
	}
	if err := f.sealKeys(s); err != nil {
		return err
	}
	if err := f.makeHead(ctx, a); err != nil {
		return err
	}
	return f.forgetFounding()
}

// forgetFounding removes what only the setup needed: the secret last, because as
// long as it is there settleFounding looks again.
func (r *running) forgetFounding() error {
	return errors.Join(removeIfThere(r.base.Setup()), removeIfThere(r.takenKey()), removeIfThere(r.secretFile()))
}

func removeIfThere(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// secretFile is where the secret of a setup lies; see secret.
func (r *running) secretFile() string { return filepath.Join(filepath.Dir(r.key), foundingSecret) }

// takenKey is where a key file that was brought is kept for the restore it
// belongs to: a new station makes its own.
func (r *running) takenKey() string { return filepath.Join(filepath.Dir(r.key), "taken.key") }

// settleFounding ends a setup that the power has ended after the station got its
// configuration. Without it the sheet that was printed would open nothing, and
// the secret that the keys were made from would lie there for ever.
func (r *running) settleFounding() error {
	if r.base == "" {
		return nil
	}
	s, err := readFounding(r.secretFile())
	if err != nil {
		return err
	}
	if s != nil {
		keys, err := store.ReadKeys(journal.OS, r.key)
		if err != nil {
			return err
		}
		if madeFrom(keys, *s) { // else a backup was brought back, which has its own sheet
			if err := r.sealKeys(*s); err != nil {
				return err
			}
		}
	}
	return r.forgetFounding()
}

// madeFrom says whether keys were made from the secret.
func madeFrom(keys store.Keys, s secret) bool {
	k, err := store.NewKeys(keys.Station, keys.Epoch, s.source())
	return err == nil && k.Signer.Equal(keys.Signer)
}

func (f *founding) makeStation(a localui.Answers, s secret) error {
	if _, err := os.Stat(filepath.Join(f.dir, configFile)); err == nil {
		return nil // made before an interruption
	}
	mint := a.Mint
	if mint == 0 {
		mint = a.Station
	}
	o := store.InitOptions{Dir: f.dir, KeyFile: f.key, Station: journal.Station(a.Station), Mint: mint, Unit: a.Unit, Now: a.Clock.Confirmed, Rand: s.source()}
	if err := f.dropHalf(o, s); err != nil {
		return err
	}
	_, err := appliance.Init(o)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	keys, err := store.ReadKeys(journal.OS, f.key)
	if err != nil {
		return err
	}
	g, err := store.Genesis(journal.OS, f.dir, keys.Epoch)
	if err != nil {
		return err
	}
	if g.Origin.Station != o.Station || g.Unit != o.Unit {
		return occupied(g)
	}
	c := stationConfig{Key: f.key, Listen: defaultPage, LAN: defaultLAN, LANHelp: defaultLANHelp, Name: a.Place, Hub: a.Hub, HubPin: a.HubPin}
	_, err = furnish(f.dir, c, g, keys)
	return err
}

// dropHalf takes away what an interrupted finish has made when the answers are
// others now: keys made from this setup's secret, and a journal under them that
// nobody has written into, because no station was ever opened without a
// configuration.
func (f *founding) dropHalf(o store.InitOptions, s secret) error {
	keys, err := store.ReadKeys(journal.OS, f.key)
	if errors.Is(err, store.ErrNoKeys) {
		return nil
	}
	if err != nil {
		return err
	}
	g, err := store.Genesis(journal.OS, f.dir, keys.Epoch)
	if keys.Station == o.Station && err == nil && g.Origin.Mint == o.Mint && g.Unit == o.Unit {
		return nil
	}
	if !madeFrom(keys, s) {
		if err == nil || keys.Station != o.Station {
			return occupied(journal.Genesis{Origin: journal.Origin{Station: keys.Station}, Unit: g.Unit})
		}
		return nil
	}
	if err := os.RemoveAll(filepath.Join(f.dir, "journal")); err != nil {
		return err
	}
	return removeIfThere(f.key)
}

// occupied says that there is a book, or its key, which no setup may touch.
func occupied(g journal.Genesis) error {
	unit := g.Unit
	if unit == "" {
		unit = "?"
	}
	return localui.Refusal{Text: localui.Text{
		Vi: fmt.Sprintf("Trên máy này đã có sổ hoặc khóa của trạm %d, xã %s; không có gì bị thay đổi. Quay lại và nhập đúng số trạm và xã đó, hoặc gọi tỉnh.", g.Origin.Station, unit),
		En: fmt.Sprintf("There is a book or a key of station %d, commune %s, on this PC already; nothing was changed. Go back and give that station and commune, or call the province.", g.Origin.Station, unit)}}
}

// sealKeys writes the station's keys under the recovery code.
func (r *running) sealKeys(s secret) error {
	code, err := backups.ParseRecoveryCode(s.Code)
	if err != nil {
		return err
	}
	keys, err := store.ReadKeys(journal.OS, r.key)
	if err != nil {
		return err
	}
	b, err := backups.SealKeys(keys, code, rand.Reader)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(journal.OS, filepath.Join(r.dir, backups.SealedName), b, 0o600)
}

// makeHead writes the head into the book and gives the password.
func (f *founding) makeHead(ctx context.Context, a localui.Answers) error {
	n, err := openStation(ctx, f.dir, f.log, f.tune)
	if err != nil {
		return err
	}
	defer n.Close()
	written, err := n.headLogin(ctx)
	switch {
	case err != nil:
		return err
	case written == "":
		e := population.Tidy(population.UserCreated{Number: 1, Login: a.HeadLogin, Name: a.HeadName, Role: population.RoleHead})
		if err := n.invent(ctx, e); err != nil {
			return err
		}
	case written != a.HeadLogin: // of a finish that did not end
		return localui.Refusal{Text: localui.Text{
			Vi: fmt.Sprintf("Trưởng trạm đã được ghi vào sổ với tên đăng nhập “%s”. Quay lại và dùng tên đó.", written),
			En: fmt.Sprintf("The head is in the book already with the login “%s”. Go back and use that one.", written)}}
	}
	if err := n.auth.Add(ctx, 1, a.HeadLogin, a.HeadPassword); err != nil && !errors.Is(err, auth.ErrTaken) {
		return err
	}
	return nil
}

// headLogin is the login of user 1, the head a station begins with; "" while the
// book is empty.
func (n *stationNode) headLogin(ctx context.Context) (login string, err error) {
	err = n.View(ctx, func(v *register.View) error {
		if u := v.User(1); u != nil {
			login = u.Login
		}
		return nil
	})
	return login, err
}
