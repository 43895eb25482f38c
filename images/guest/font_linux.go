package guest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

const fontFile = "/usr/share/consolefonts/Vietnamese-Fixed16.psf.gz"

// Framebuffer says which graphics driver shows the console, and how large; ""
// for the text mode of old cards.
func Framebuffer() string {
	name, err := os.ReadFile("/sys/class/graphics/fb0/name")
	if err != nil {
		return ""
	}
	size, _ := os.ReadFile("/sys/class/graphics/fb0/virtual_size")
	return strings.TrimSpace(string(name)) + " " + strings.TrimSpace(string(size))
}

// SetFont gives the first console Vietnamese letters, twice as large where 80 of
// them still fit beside each other.
func SetFont(ctx context.Context) error {
	args := []string{"-C", "/dev/tty1", fontFile}
	if double(Framebuffer()) {
		args = append([]string{"-d"}, args...)
	}
	if out, err := exec.CommandContext(ctx, "setfont", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("setfont: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
