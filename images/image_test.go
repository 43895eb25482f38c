package images

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tramxa/images/disk"
	"tramxa/service/seed"
)

var rewrite = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it, then run with -update\n%s", name, got)
	}
}

func plan(t *testing.T) Plan {
	t.Helper()
	p, err := ParsePlan([]byte(plainPlan))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBootMenu(t *testing.T) {
	golden(t, "grub.cfg", grubConfig(plan(t)))
	p := plan(t)
	p.Console = []string{"tty1", "ttyS0,115200"}
	if c := grubConfig(p); !strings.Contains(c, "terminal_input console serial") || !strings.Contains(c, "console=tty1 console=ttyS0,115200") {
		t.Error("the serial line is not used")
	}
}

func TestBuildScript(t *testing.T) { golden(t, "build.sh", buildScript()) }

// The parts that start by themselves must be there, and nothing that asks for a
// password.
func TestOverlayIsWhole(t *testing.T) {
	list, err := overlay(plan(t))
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]placed{}
	for _, p := range list {
		if _, twice := has[p.path]; twice {
			t.Errorf("%s is there twice", p.path)
		}
		has[p.path] = p
	}
	for _, p := range list {
		if strings.HasPrefix(p.link, "/etc/systemd/system/") {
			if _, ok := has[p.link[1:]]; !ok {
				t.Errorf("%s leads nowhere", p.path)
			}
		}
		if bytes.HasPrefix(p.data, []byte("#!")) && p.mode != 0o755 {
			t.Errorf("%s cannot be run", p.path)
		}
	}
	if has["etc/machine-id"].data == nil && len(has["etc/machine-id"].data) != 0 {
		t.Error("an identity is in the image")
	}
	for _, u := range []string{"getty@.service", "serial-getty@.service"} {
		if has["etc/systemd/system/"+u].link != "/dev/null" {
			t.Errorf("%s can ask for a password", u)
		}
	}
	if _, ok := has["etc/tramxa/authorized_keys"]; ok {
		t.Error("SSH is on though no key was given")
	}
	if !strings.Contains(string(has["etc/systemd/system/tramxa.service"].data), "ExecStart=/usr/lib/tramxa/tramxa service run") {
		t.Error("the station's unit does not start the launcher")
	}
}

// base writes a small root as mmdebstrap would, in the order given.
func base(t *testing.T, when int64, names ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "base.tar")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	p := plan(t)
	for _, n := range names {
		h := &tar.Header{Name: "./" + n, Mode: 0o644, Size: int64(len(n)), ModTime: p.Time.AddDate(0, 0, int(when)), Uname: "root"}
		if strings.HasSuffix(n, "/") {
			h.Typeflag, h.Mode, h.Size = tar.TypeDir, 0o755, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

var baseNames = []string{"", "etc/", "etc/machine-id", "etc/hostname", "etc/shadow-", "usr/", "usr/bin/", "usr/bin/sh", "usr/bin/grub-mkimage", "var/", "var/log/", "var/log/dpkg.log",
	"var/cache/", "var/cache/apt/", "var/cache/apt/x", "usr/share/", "usr/share/zoneinfo/", "usr/share/zoneinfo/Asia/", "usr/share/zoneinfo/Asia/Ho_Chi_Minh", "usr/share/zoneinfo/Asia/Tokyo",
	"usr/lib/", "usr/lib/firmware/", "usr/lib/firmware/rtl_nic/", "usr/lib/firmware/rtl_nic/rtl8168e-3.fw", "usr/lib/firmware/rtlwifi/", "usr/lib/firmware/rtlwifi/x", "boot/", "boot/vmlinuz-6"}

func rootOf(t *testing.T, when int64, names []string) map[string]string {
	t.Helper()
	p := plan(t)
	p.dir = t.TempDir()
	if err := os.WriteFile(p.path(p.Program), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, n := range names {
		if !strings.Contains(n, "grub") {
			listed = append(listed, strings.TrimSuffix(n, "/"))
		}
	}
	var b bytes.Buffer
	out := outputs{"files": []byte(strings.Join(listed, "\n")), "status": []byte("status"), "packages.tsv": []byte("a\t1\tamd64\ta\t1\n")}
	if err := writeRoot(&b, base(t, when, names...), out, p); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	r := tar.NewReader(&b)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := got[h.Name]; twice {
			t.Errorf("%s is packed twice", h.Name)
		}
		if h.ModTime.After(p.Time) {
			t.Errorf("%s is younger than the plan", h.Name)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h.ModTime.String() + string(text)
	}
}

func TestRootHoldsWhatAStationNeeds(t *testing.T) {
	got := rootOf(t, 1, baseNames)
	for name, want := range map[string]bool{
		"./usr/bin/sh": true, "./usr/bin/grub-mkimage": false, "./var/log/dpkg.log": false, "./var/cache/apt/x": false, "./etc/shadow-": false,
		"./usr/share/zoneinfo/Asia/Ho_Chi_Minh": true, "./usr/share/zoneinfo/Asia/Tokyo": false,
		"./usr/lib/firmware/rtl_nic/rtl8168e-3.fw": true, "./usr/lib/firmware/rtlwifi/x": false, "./boot/vmlinuz-6": false,
		"./usr/lib/tramxa/tramxa": true, "./var/tmp/": true, "./etc/machine-id": true, "./data/": true,
	} {
		if _, ok := got[name]; ok != want {
			t.Errorf("%s: in the root %v, wanted %v", name, ok, want)
		}
	}
	if strings.HasSuffix(got["./etc/machine-id"], "etc/machine-id") {
		t.Error("the machine id of the build is in the image")
	}
}

func TestRootIsTheSameOnAnotherDay(t *testing.T) {
	a, b := rootOf(t, 1, baseNames), rootOf(t, 9, baseNames)
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s: %q then %q", name, a[name], b[name])
		}
	}
}

// built makes a small image out of invented parts, with the real tools for ext4.
func built(t *testing.T) (dir string, m Manifest) {
	t.Helper()
	if len(Missing()) > 0 {
		t.Skipf("skipped: tools of Debian are missing: %v", Missing())
	}
	p := plan(t)
	p.dir = t.TempDir()
	p.Size = Size{Boot: 130, Root: 32, Data: 64}
	key, err := x509.MarshalPKCS8PrivateKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	p.SignKeys = []string{"key.pem"}
	for name, b := range map[string][]byte{"tramxa": []byte("program"), "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})} {
		if err := os.WriteFile(p.path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := t.TempDir()
	b, err := newBuilder(p, Options{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	o := outputs{"boot.img": make([]byte, disk.Sector), "core.img": []byte("core"), "packages.tsv": []byte("bash\t5.2\tamd64\tbash\t5.2\n"),
		"loader.tsv": []byte("grub-pc-bin\t2.12\tamd64\tgrub2\t2.12\n")}
	for _, name := range outputNames {
		if o[name] == nil {
			o[name] = []byte("invented " + name)
		}
	}
	parts := Parts{filepath.Join(out, "root.squashfs"), filepath.Join(out, "vmlinuz"), filepath.Join(out, "initrd.img")}
	for _, name := range []string{parts.Squash, parts.Kernel, parts.Ramdisk, filepath.Join(out, "packages.tsv")} {
		if err := os.WriteFile(name, []byte("invented"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	img := filepath.Join(out, p.Name+".img")
	at, err := b.disk(t.Context(), img, parts, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := compress(img, img+".zst"); err != nil {
		t.Fatal(err)
	}
	if m, err = b.manifest(parts, o, at); err != nil {
		t.Fatal(err)
	}
	return out, m
}

var testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func TestImageIsTheSameTwice(t *testing.T) {
	_, a := built(t)
	_, b := built(t)
	for i := range a.Files {
		if a.Files[i] != b.Files[i] {
			t.Errorf("%+v then %+v", a.Files[i], b.Files[i])
		}
	}
}

func TestManifestIsSigned(t *testing.T) {
	dir, m := built(t)
	text, err := os.ReadFile(filepath.Join(dir, m.Name+".manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, m.Name+".manifest.json.sig"))
	if err != nil {
		t.Fatal(err)
	}
	var list []Signature
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	stranger, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mine := testKey.Public().(ed25519.PublicKey)
	if n := CheckSignatures(text, list, []ed25519.PublicKey{mine, stranger}); n != 1 {
		t.Errorf("%d signatures hold", n)
	}
	if n := CheckSignatures(append(text, ' '), list, []ed25519.PublicKey{mine}); n != 0 {
		t.Error("an altered manifest is signed")
	}
	// One key that signs twice is one key.
	if n := CheckSignatures(text, append(list, list...), []ed25519.PublicKey{mine}); n != 1 {
		t.Errorf("a signature given twice counts %d", n)
	}
	if list[0].Key != base64.StdEncoding.EncodeToString(mine) {
		t.Error("signed with another key")
	}
}

func TestSheetMakesASticksForEachCommune(t *testing.T) {
	dir, m := built(t)
	sheet := "\ufeffstation,unit,name,address,gateway\n1,23764,Xã Ia Grai,,\n2,23767,\"Xã Ia Hrung, thôn 2\",192.168.1.10/24,192.168.1.1\n"
	common := &seed.Seed{Version: 1, Hub: []string{"hub.example:8470"}, HubPin: "pin"}
	list, err := ReadSheet(strings.NewReader(sheet), common)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadManifest(filepath.Join(dir, m.Name+".manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile(filepath.Join(dir, m.Name+".img"))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[uint32]bool{}
	for i, s := range list {
		out := filepath.Join(t.TempDir(), StickName(s))
		if err := WriteStick(dir, read, s, out); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		got, err := seed.Parse(b[m.SeedAt : m.SeedAt+SeedRoom])
		if err != nil || got.Station != uint32(i+1) || got.Hub[0] != "hub.example:8470" {
			t.Errorf("stick %d: %+v, %v", i, got, err)
		}
		tab, err := disk.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		ids[tab.ID] = true
		copy(b[440:444], original[440:444])
		copy(b[m.SeedAt:m.SeedAt+SeedRoom], original[m.SeedAt:])
		if !bytes.Equal(b, original) {
			t.Error("more than seed and number differ")
		}
		if err := WriteStick(dir, read, s, out); err == nil {
			t.Error("a stick's image was overwritten")
		}
	}
	if len(ids) != 2 {
		t.Error("two sticks have the same number")
	}
}

func TestSheetRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"only a head":     "station,unit\n",
		"unknown column":  "station,code\n1,2\n",
		"no station":      "unit\n23764\n",
		"twice":           "station\n7\n7\n",
		"no number":       "station\nseven\n",
		"bad unit":        "station,unit\n1,237\n",
		"gateway alone":   "station,gateway\n1,192.168.1.1\n",
		"too few columns": "station,unit\n1\n",
		"column twice":    "station,unit,station\n1,23764,2\n",
		"no UTF-8":        "station,name\n1,X\xe3 Ia Grai\n", // as Windows-1258 has it
		"too long":        "name,station\nA,12" + strings.Repeat(" ", 4<<20-len("name,station\nA,12")) + "\nB,13\n",
	} {
		if _, err := ReadSheet(strings.NewReader(text), nil); err == nil || !strings.Contains(err.Error(), ErrSheet.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadSheet(f *testing.F) {
	f.Add("station,unit,name\n1,23764,Xã Ia Grai\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ReadSheet(strings.NewReader(text), nil)
		if err != nil {
			return
		}
		for _, s := range list {
			b, err := paddedSeed(&s)
			if err != nil && len(text) < SeedRoom/8 {
				t.Errorf("read but not written: %v", err)
			}
			if got, perr := seed.Parse(bytes.TrimRight(b, "\n")); err == nil && (perr != nil || !reflect.DeepEqual(got, s)) {
				t.Errorf("%+v became %+v, %v", s, got, perr)
			}
		}
	})
}
