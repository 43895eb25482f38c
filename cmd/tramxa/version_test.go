package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tramxa/service/update"
)

func TestAProgramKnowsItsOwnBytes(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := update.HashFile(self)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(args ...string) (string, int) {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{"version"}, args...), stdio{in: strings.NewReader(""), out: &out, err: &errs})
		return out.String() + errs.String(), code
	}
	said, code := ask("--json", "--is", strings.ToUpper(want.String()))
	var v versionInfo
	if err := json.Unmarshal([]byte(said), &v); err != nil || code != exitDone || v.Build != want.String() || v.Version == "" {
		t.Errorf("version --json: %d, %v, %s", code, err, said)
	}
	if said, code := ask(); code != exitDone || !strings.HasPrefix(said, "tramxa "+version) || !strings.Contains(said, want.String()) {
		t.Errorf("version: %d %s", code, said)
	}
	for _, other := range []string{"0", strings.Repeat("0", 64), want.String() + "0"} {
		if said, code := ask("--is", other); code != exitRefused || !strings.Contains(said, want.String()) {
			t.Errorf("--is %q: %d %s", other, code, said)
		}
	}
}
