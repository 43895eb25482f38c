package sbom

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("update", false, "write the golden file anew")

// The first six are examples of the standard itself.
func TestPurl(t *testing.T) {
	for _, c := range []struct {
		kind, name, version string
		qualifiers          map[string]string
		want                string
	}{
		{"deb", "debian/curl", "7.50.3-1", map[string]string{"distro": "jessie", "arch": "i386"}, "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie"},
		{"deb", "ubuntu/dpkg", "1.19.0.4", map[string]string{"arch": "amd64"}, "pkg:deb/ubuntu/dpkg@1.19.0.4?arch=amd64"},
		{"deb", "debian/attr", "1:2.4.47-2", map[string]string{"arch": "source"}, "pkg:deb/debian/attr@1:2.4.47-2?arch=source"},
		{"deb", "debian/attr", "1:2.4.47-2+b1", map[string]string{"arch": "amd64"}, "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64"},
		{"npm", "foobar", "12.3.1", nil, "pkg:npm/foobar@12.3.1"},
		{"npm", "@angular/animation", "12.3.1", nil, "pkg:npm/%40angular/animation@12.3.1"},
		{"golang", "google.golang.org/genproto", "abcdedf", nil, "pkg:golang/google.golang.org/genproto@abcdedf"},
		{"golang", "github.com/google/flatbuffers", "v25.2.10+incompatible", nil, "pkg:golang/github.com/google/flatbuffers@v25.2.10%2Bincompatible"},
		{"generic", "a b", "", map[string]string{"x": "", "y": "é/&"}, "pkg:generic/a%20b?y=%C3%A9%2F%26"},
	} {
		if got := Purl(c.kind, c.name, c.version, c.qualifiers); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

func TestPurlOfDebian(t *testing.T) {
	for _, c := range []struct{ name, version, arch, want string }{
		{"bash", "5.2.37-2+b10", "amd64", "pkg:deb/debian/bash@5.2.37-2%2Bb10?arch=amd64&distro=trixie"},
		{"libacl1", "2.3.2-2", "amd64", "pkg:deb/debian/libacl1@2.3.2-2?arch=amd64&distro=trixie"},
		{"acpid", "1:2.0.34-1+b1", "amd64", "pkg:deb/debian/acpid@1:2.0.34-1%2Bb1?arch=amd64&distro=trixie"},
		{"console-setup", "1.242~deb13u1", "all", "pkg:deb/debian/console-setup@1.242~deb13u1?arch=all&distro=trixie"},
		{"libstdc++6", "14.2.0-19", "amd64", "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=trixie"},
	} {
		got := Debian(c.name, c.version, c.arch, "trixie")
		if got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
		// Who reads it gets back what went in.
		rest, _ := strings.CutPrefix(got, "pkg:deb/debian/")
		path, query, _ := strings.Cut(rest, "?")
		name, version, _ := strings.Cut(path, "@")
		n, err1 := url.PathUnescape(name)
		v, err2 := url.PathUnescape(version)
		q, err3 := url.ParseQuery(query)
		if err1 != nil || err2 != nil || err3 != nil || n != c.name || v != c.version || q.Get("arch") != c.arch || q.Get("distro") != "trixie" {
			t.Errorf("%s reads as %q %q %v, %v %v %v", got, n, v, q, err1, err2, err3)
		}
	}
}

func example(order ...int) BOM {
	all := []Component{
		Program("1.2.0", "linux", "amd64", strings.Repeat("ab", 32)),
		Part("library", "acpid", "1:2.0.34-1+b1", Debian("acpid", "1:2.0.34-1+b1", "amd64", "trixie")),
		Part("library", "zstd", "1.5.7", Debian("zstd", "1.5.7", "amd64", "trixie")),
	}
	var parts []Component
	for _, i := range order {
		parts = append(parts, all[i])
	}
	of := Component{Type: "operating-system", Ref: "image:pc@1.2.0", Name: "pc", Version: "1.2.0"}
	return New(of, parts, time.Date(2026, 11, 22, 3, 4, 5, 6, time.FixedZone("", 7*3600)))
}

func text(t *testing.T, b BOM) []byte {
	t.Helper()
	out, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGolden(t *testing.T) {
	got := text(t, example(0, 1, 2))
	if *rewrite {
		if err := os.WriteFile("testdata/list.cdx.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/list.cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the list differs; look at it, then run with -update\n%s", got)
	}
}

func TestSameListSameBytes(t *testing.T) {
	if a, b := text(t, example(0, 1, 2)), text(t, example(2, 0, 1)); !bytes.Equal(a, b) {
		t.Errorf("the order of the parts is in the list:\n%s\n%s", a, b)
	}
	serial := func(b BOM) string {
		var read BOM
		dec := json.NewDecoder(bytes.NewReader(text(t, b)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&read); err != nil {
			t.Fatal(err)
		}
		return read.Serial
	}
	whole, less := serial(example(0, 1, 2)), serial(example(0, 1))
	if whole == less {
		t.Error("two lists have one serial number")
	}
	if form := regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`); !form.MatchString(whole) {
		t.Errorf("%q is no UUID of version 8", whole)
	}
	given := example(0)
	given.Serial = Serial([32]byte{1, 2, 3})
	if got := serial(given); got != given.Serial {
		t.Errorf("serial number %s, given was %s", got, given.Serial)
	}
}
