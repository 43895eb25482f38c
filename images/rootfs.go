package images

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildDir is where the build leaves things inside the root that do not stay in
// it: kernel, loaders, list of packages.
const buildDir = "tramxa-build"

// basePackages are in every image. No login manager and no shell
// on a screen: the station is the only service.
var basePackages = strings.Fields(`systemd systemd-sysv systemd-resolved systemd-timesyncd udev kmod
	linux-image-amd64 initramfs-tools zstd e2fsprogs fdisk util-linux mount
	dropbear-bin acpid smartmontools kbd console-setup-linux tzdata
	firmware-realtek firmware-misc-nonfree firmware-bnx2`)

// loaderPackages are there for a moment, to make the loaders of the same Debian.
const loaderPackages = "grub-common grub-pc-bin grub-efi-amd64-bin grub-efi-ia32-bin"

// prunedModules are drivers a station has no use for: they would double the
// initial ramdisk. Graphics beyond the firmware's own need firmware that is not
// there either.
var prunedModules = strings.Fields(`sound drivers/media drivers/net/wireless drivers/infiniband drivers/bluetooth net/bluetooth
	drivers/gpu/drm/amd drivers/gpu/drm/nouveau drivers/gpu/drm/radeon drivers/gpu/drm/xe drivers/isdn drivers/staging
	drivers/iio drivers/firewire fs/bcachefs fs/btrfs fs/xfs fs/ocfs2 fs/gfs2 fs/ceph`)

// maskedUnits never start.
var maskedUnits = strings.Fields(`getty@.service serial-getty@.service autovt@.service console-getty.service container-getty@.service
	systemd-logind.service smartmontools.service smartd.service console-setup.service keyboard-setup.service e2scrub_all.timer e2scrub_reap.service
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer systemd-firstboot.service ldconfig.service
	systemd-rfkill.service systemd-rfkill.socket systemd-pstore.service motd-news.timer systemd-networkd-wait-online.service`)

// baseTar lets mmdebstrap make the root as a tar file at out. progress gets
// what the tools say.
func (b *builder) baseTar(ctx context.Context, out string) error {
	if b.plan.Mirror == "" {
		list := &strings.Builder{}
		err := b.run(ctx, nil, list, nil, "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
		if err == nil {
			b.plan.Mirror, err = archiveOf(list.String())
		}
		if err != nil {
			return err
		}
	}
	overlay := filepath.Join(b.work, "early.tar")
	if err := writeEarly(overlay, b.plan.Time); err != nil {
		return err
	}
	hook := filepath.Join(b.work, "hook.sh")
	if err := os.WriteFile(hook, []byte(buildScript()), 0o755); err != nil {
		return err
	}
	args := []string{
		"--mode=auto", "--variant=minbase", "--architectures=" + imageArch,
		"--components=" + strings.Join(b.plan.Components, ","),
		`--aptopt=Apt::Install-Recommends "false"`,
		`--aptopt=Acquire::Retries "3"`,
		"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/info/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/doc/*/changelog*",
		"--include=" + strings.Join(append(append([]string{}, basePackages...), b.plan.Packages...), ","),
		"--customize-hook=tar-in " + overlay + " /",
		"--customize-hook=" + hook,
		b.plan.Suite, out, b.plan.Mirror,
	}
	// INITRD=No: the ramdisk is made once, at the end, and not by every package.
	return b.run(ctx, nil, nil, []string{"INITRD=No"}, "mmdebstrap", args...)
}

// archiveOf finds Debian's main archive among the addresses that apt fetches from,
// one a line; ErrPlan without one. The archive alone: updates and security of a
// mirror that is being synced do not fit together for minutes.
func archiveOf(list string) (string, error) {
	for _, line := range strings.Fields(list) {
		at := strings.TrimRight(line, "/")
		if strings.HasPrefix(at, "http") && strings.HasSuffix(at, "/debian") {
			return at, nil
		}
	}
	return "", fmt.Errorf("%w: this machine fetches from no archive of Debian; name one as mirror", ErrPlan)
}

// listPackages writes what is installed, for parsePackages.
const listPackages = `dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n'`

// buildScript runs on the finished root, given as its first argument.
func buildScript() string {
	return `#!/bin/sh
# Runs on the root before it is packed. Written by mkimage.
set -eu
root=$1
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$root/` + buildDir + `"
chroot "$root" systemd-sysusers
for m in ` + strings.Join(prunedModules, " ") + `; do
	rm -rf "$root"/usr/lib/modules/*/kernel/$m
done
for k in "$root"/usr/lib/modules/*; do
	chroot "$root" depmod "${k##*/}"
	INITRD=Yes chroot "$root" update-initramfs -c -k "${k##*/}"
	mv "$root/boot/initrd.img-${k##*/}" "$root/` + buildDir + `/initrd.img"
	cp "$root/boot/vmlinuz-${k##*/}" "$root/` + buildDir + `/vmlinuz"
done
chroot "$root" ` + listPackages + ` > "$root/` + buildDir + `/packages.tsv"
cp "$root/var/lib/dpkg/status" "$root/` + buildDir + `/status"
# What comes after this list is for the loaders only and does not stay.
(cd "$root" && find . -xdev -printf '%P\n') > "$root/` + buildDir + `/files"
chroot "$root" apt-get install -y -qq --no-install-recommends ` + loaderPackages + `
chroot "$root" ` + listPackages + ` ` + loaderPackages + ` > "$root/` + buildDir + `/loader.tsv"
` + grubCommands() + `
`
}

// run starts a tool in the plan's time and a plain language. Its words go to the
// log; when it fails the last of them stand in the error.
func (b *builder) run(ctx context.Context, in io.Reader, out io.Writer, env []string, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	tail := &tailWriter{}
	c.Stdin, c.Stdout, c.Stderr = in, io.MultiWriter(b.log, tail), io.MultiWriter(b.log, tail)
	if out != nil {
		c.Stdout = out
	}
	c.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+b.plan.epoch(), "E2FSPROGS_FAKE_TIME="+b.plan.epoch(), "LC_ALL=C.UTF-8", "TZ=UTC",
		"PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	c.Env = append(c.Env, env...)
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(tail.String()))
	}
	return nil
}

// tailWriter keeps the last words of a tool.
type tailWriter struct{ b []byte }

func (t *tailWriter) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 4096 {
		t.b = append([]byte(nil), t.b[len(t.b)-2048:]...)
	}
	return len(p), nil
}

func (t *tailWriter) String() string { return string(t.b) }
