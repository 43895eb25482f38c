package localui_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryFormSaysItsBook: a form of the station's pages that is not marked in
// the practice commune could be sent into the other book by another tab.
func TestEveryFormSaysItsBook(t *testing.T) {
	form := regexp.MustCompile(`(?s)<form method="post" action="([^"]+)"[^>]*>(.{0,60})`)
	free := map[string]bool{"/tap-lam": true, "/tap-lam/ra": true, "/dang-xuat": true, "/bat-dau": true} // write into no book
	seen := 0
	err := fs.WalkDir(os.DirFS("templates"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "setup-") {
			return err
		}
		switch name {
		case "login.html", "operators.html", "releases.html": // before a login; of the hub
			return nil
		}
		b, err := os.ReadFile("templates/" + name)
		for _, m := range form.FindAllStringSubmatch(string(b), -1) {
			seen++
			if !free[m[1]] && !strings.Contains(m[2], `{{template "tap"}}`) {
				t.Errorf("%s: the form to %s is not marked", name, m[1])
			}
		}
		return err
	})
	if err != nil || seen < 12 {
		t.Errorf("%d forms seen, %v", seen, err)
	}
}
