#!/bin/sh
# Runs on the root before it is packed. Written by mkimage.
set -eu
root=$1
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$root/tramxa-build"
chroot "$root" systemd-sysusers
for m in sound drivers/media drivers/net/wireless drivers/infiniband drivers/bluetooth net/bluetooth drivers/gpu/drm/amd drivers/gpu/drm/nouveau drivers/gpu/drm/radeon drivers/gpu/drm/xe drivers/isdn drivers/staging drivers/iio drivers/firewire fs/bcachefs fs/btrfs fs/xfs fs/ocfs2 fs/gfs2 fs/ceph; do
	rm -rf "$root"/usr/lib/modules/*/kernel/$m
done
for k in "$root"/usr/lib/modules/*; do
	chroot "$root" depmod "${k##*/}"
	INITRD=Yes chroot "$root" update-initramfs -c -k "${k##*/}"
	mv "$root/boot/initrd.img-${k##*/}" "$root/tramxa-build/initrd.img"
	cp "$root/boot/vmlinuz-${k##*/}" "$root/tramxa-build/vmlinuz"
done
chroot "$root" dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n' > "$root/tramxa-build/packages.tsv"
cp "$root/var/lib/dpkg/status" "$root/tramxa-build/status"
# What comes after this list is for the loaders only and does not stay.
(cd "$root" && find . -xdev -printf '%P\n') > "$root/tramxa-build/files"
chroot "$root" apt-get install -y -qq --no-install-recommends grub-common grub-pc-bin grub-efi-amd64-bin grub-efi-ia32-bin
chroot "$root" dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n' grub-common grub-pc-bin grub-efi-amd64-bin grub-efi-ia32-bin > "$root/tramxa-build/loader.tsv"
chroot "$root" grub-mkimage -O i386-pc -p '(,msdos1)/grub' -o /tramxa-build/core.img part_msdos fat search normal configfile linux loadenv test echo probe regexp cpuid minicmd ls cat sleep halt reboot serial terminal gfxterm font all_video gfxmenu true biosdisk vbe vga video_bochs video_cirrus
chroot "$root" grub-mkimage -O x86_64-efi -p '/grub' -o /tramxa-build/BOOTX64.EFI part_msdos fat search normal configfile linux loadenv test echo probe regexp cpuid minicmd ls cat sleep halt reboot serial terminal gfxterm font all_video gfxmenu true efi_gop efi_uga
chroot "$root" grub-mkimage -O i386-efi -p '/grub' -o /tramxa-build/BOOTIA32.EFI part_msdos fat search normal configfile linux loadenv test echo probe regexp cpuid minicmd ls cat sleep halt reboot serial terminal gfxterm font all_video gfxmenu true efi_gop efi_uga
cp "$root/usr/lib/grub/i386-pc/boot.img" "$root/usr/share/grub/unicode.pf2" "$root/tramxa-build/"

