package service

import (
	"strings"
	"testing"
)

// TestServiceSIDIsWindows compares with the identity of the one service account
// that everybody knows, that of Windows Modules Installer.
func TestServiceSIDIsWindows(t *testing.T) {
	want := "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	if got := serviceSID("TrustedInstaller"); got != want {
		t.Errorf("got %s", got)
	}
	if serviceSID("Tramxa") != serviceSID("tramxa") {
		t.Error("the names of services have no case")
	}
}

func TestWindowsSettings(t *testing.T) {
	c := Config{Base: `C:\ProgramData\tramxa`, Program: `C:\Program Files\tramxa\tramxa.exe`}
	w := Windows(c)
	text := w.String()
	for _, want := range []string{
		`"C:\Program Files\tramxa\tramxa.exe" service run --service --base C:\ProgramData\tramxa`,
		`NT SERVICE\tramxa`, "automatic, delayed", "restart after 2s, on crashes and on error exits",
		`C:\ProgramData\tramxa-keys`, "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;S-1-5-80-",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(w.Access, ";;;BU)") || strings.Contains(w.Access, ";;;WD)") {
		t.Errorf("other users may read: %s", w.Access)
	}
}
