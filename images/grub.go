package images

import (
	"fmt"
	"strings"
)

// Modules of GRUB that are built into every core: the menu must come up from
// the FAT alone.
var grubModules = strings.Fields(`part_msdos fat search normal configfile linux loadenv test echo probe regexp
	cpuid minicmd ls cat sleep halt reboot serial terminal gfxterm font all_video gfxmenu true`)

// grubCores are the three loaders an image carries.
var grubCores = []struct {
	format, prefix, out string
	modules             []string
}{
	{"i386-pc", "(,msdos1)/grub", "core.img", []string{"biosdisk", "vbe", "vga", "video_bochs", "video_cirrus"}},
	{"x86_64-efi", "/grub", "BOOTX64.EFI", []string{"efi_gop", "efi_uga"}},
	{"i386-efi", "/grub", "BOOTIA32.EFI", []string{"efi_gop", "efi_uga"}},
}

// grubConfig is grub.cfg of an image. The rule about slots is that of
// grubenv.Env.Boot; the boot test starts both.
func grubConfig(p Plan) string {
	serial := ""
	for _, c := range p.Console {
		if strings.HasPrefix(c, "ttyS0") {
			serial = " serial"
		}
	}
	consoles := ""
	for _, c := range p.Console {
		consoles += " console=" + c
	}
	r := strings.NewReplacer("@RELEASE@", p.Release, "@SERIAL@", serial, "@CONSOLES@", consoles)
	return r.Replace(grubTemplate)
}

const grubTemplate = `# The boot menu of tramxa @RELEASE@. Written by mkimage.
set timeout_style=menu
set timeout=3
set default=0
if [ -n "@SERIAL@" ]; then
	serial --unit=0 --speed=115200
	terminal_input console@SERIAL@
	terminal_output console@SERIAL@
fi
if loadfont $prefix/unicode.pf2; then
	set gfxmode=1024x768,800x600,auto
	terminal_output gfxterm@SERIAL@
fi

# Which disk this is: the kernel finds its root by the disk's own number, so a
# stick and the disk it was installed to never take each other's.
probe --set=part --part-uuid $root
regexp --set=1:disk '^(.*)-[0-9a-f]+$' "$part"

# Which slot: a slot on trial is started a few times, a good one for ever.
load_env
if [ "$slot" != "B" ]; then
	set slot=A
fi
set save=0
set back=0
if [ "$good" = "0" ]; then
	set save=1
	if [ "$tries" = "3" ]; then
		set tries=2
	elif [ "$tries" = "2" ]; then
		set tries=1
	elif [ "$tries" = "1" ]; then
		set tries=0
	else
		set back=1
	fi
fi
if [ "$back" = "0" -a ! -f /$slot/vmlinuz ]; then
	set back=1
fi
if [ "$back" = "1" ]; then
	if [ "$slot" = "A" ]; then
		set slot=B
	else
		set slot=A
	fi
	set good=1
	set tries=0
	set rolled=1
	set save=1
fi
if [ "$save" = "1" ]; then
	save_env slot good tries rolled
fi
if [ "$slot" = "A" ]; then
	set other=B
else
	set other=A
fi

function start {
	# $1 slot, $2 further words for the kernel
	if [ "$1" = "A" ]; then
		set number=02
	else
		set number=03
	fi
	if [ "$grub_platform" = "efi" ]; then
		set gfxpayload=keep
	else
		set gfxpayload=text
	fi
	echo "tramxa @RELEASE@ ($1) ..."
	linux /$1/vmlinuz root=PARTUUID=$disk-$number rootfstype=squashfs ro panic=10 quiet loglevel=4 transparent_hugepage=never systemd.getty_auto=0 tramxa.slot=$1 $2@CONSOLES@
	initrd /$1/initrd.img
}

# A processor that cannot run this: said here, since the kernel could only halt.
if cpuid -l; then
	true
else
	echo "Máy này chỉ có CPU 32-bit, không chạy được trạm. Không có gì bị thay đổi."
	echo "This PC has a 32-bit processor and cannot run the station. Nothing was changed."
	sleep 60
fi

menuentry "1. Chạy trạm / Run the station" --hotkey=1 {
	start $slot
}
menuentry "2. Cài vào máy này / Install on this PC" --hotkey=2 {
	start $slot tramxa.mode=install
}
menuentry "3. Cứu hộ / Rescue" --hotkey=3 {
	start $slot tramxa.mode=rescue
}
if [ -f /$other/vmlinuz ]; then
	menuentry "4. Chạy bản trước / Run the version before" --hotkey=4 {
		start $other
	}
fi
`

// grubCommands is the part of the build script that makes the loaders.
func grubCommands() string {
	var b strings.Builder
	for _, c := range grubCores {
		fmt.Fprintf(&b, "chroot \"$root\" grub-mkimage -O %s -p '%s' -o /%s/%s %s %s\n",
			c.format, c.prefix, buildDir, c.out, strings.Join(grubModules, " "), strings.Join(c.modules, " "))
	}
	fmt.Fprintf(&b, "cp \"$root/usr/lib/grub/i386-pc/boot.img\" \"$root/usr/share/grub/unicode.pf2\" \"$root/%s/\"\n", buildDir)
	return b.String()
}
