package boottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// VM is one emulated PC.
type VM struct {
	cmd    *exec.Cmd
	done   chan error
	serial string
	began  time.Time
	HTTPS  string // host:port of the station's pages
	SSH    string // port
	Key    string // private key for SSH
	shell  bool   // SSH has answered
}

// PC says what to emulate.
type PC struct {
	Disks    []string // images of internal disks
	Stick    string   // image of a stick that is started from; "": the first disk
	Plugged  string   // image of a stick that is only plugged in
	Firmware string   // bios, uefi, uefi32
	Memory   int      // MB; 0: 1024
	Dir      string   // for the serial log
	Key      string
	Clock    string // of the machine, 2002-01-01: its battery is dead; "": right
}

var firmwares = []string{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd"}

// Firmware32 is the 32-bit UEFI of small tablets and netbooks, on 64-bit
// processors.
const Firmware32 = "/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd"

// Firmware finds the UEFI of the emulator; "" when it is not installed.
func Firmware() string {
	for _, f := range firmwares {
		if _, err := os.Stat(f); err == nil {
			return f
		}
	}
	return ""
}

// Ports of emulators: the system itself hands out those from 32768 on, to any
// program, and tests of other packages, which run beside these, those of
// replication/replicationtest/port.go, 10000 to 19999.
const firstPort, ports = 20_000, 10_000

// freePort finds a port that nobody listens at, nor will before the emulator is
// there.
func freePort() (port string, err error) {
	for range 100 {
		var l net.Listener
		port = strconv.Itoa(firstPort + rand.IntN(ports))
		if l, err = net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, l.Close()
		}
	}
	return "", err
}

// firmware32 plugs in the 32-bit firmware: it is built for chips with a protected
// mode of their own, and wants variables it can write to.
func firmware32(dir string) ([]string, error) {
	vars := filepath.Join(dir, "vars.fd")
	b, err := os.ReadFile(strings.Replace(Firmware32, "CODE_4M.secboot", "VARS_4M", 1))
	if err == nil {
		err = os.WriteFile(vars, b, 0o600)
	}
	return []string{"-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
		"-drive", "if=pflash,format=raw,unit=0,readonly=on,file=" + Firmware32, "-drive", "if=pflash,format=raw,unit=1,file=" + vars}, err
}

// Start switches the PC on. One processor and no acceleration: the same on every
// machine, and no two processors to lose each other under load.
func (pc PC) Start(ctx context.Context) (*VM, error) {
	web, err := freePort()
	if err != nil {
		return nil, err
	}
	ssh := web
	for ssh == web {
		if ssh, err = freePort(); err != nil {
			return nil, err
		}
	}
	if pc.Memory == 0 {
		pc.Memory = 1024
	}
	v := &VM{serial: filepath.Join(pc.Dir, fmt.Sprintf("serial-%d.log", time.Now().UnixNano())), HTTPS: "127.0.0.1:" + web, SSH: ssh, Key: pc.Key, began: time.Now(), done: make(chan error, 1)}
	args := []string{"-accel", "tcg", "-smp", "1", "-m", fmt.Sprint(pc.Memory), "-display", "none", "-serial", "file:" + v.serial, "-monitor", "none",
		"-netdev", fmt.Sprintf("user,id=n,hostfwd=tcp:127.0.0.1:%s-:443,hostfwd=tcp:127.0.0.1:%s-:22", web, ssh), "-device", "e1000,netdev=n"}
	for _, d := range pc.Disks {
		args = append(args, "-drive", "file="+d+",format=raw,if=ide,cache=writeback")
	}
	if pc.Stick != "" || pc.Plugged != "" {
		args = append(args, "-device", "qemu-xhci")
	}
	if pc.Stick != "" {
		args = append(args, "-drive", "file="+pc.Stick+",format=raw,if=none,id=stick,cache=writeback",
			"-device", "usb-storage,drive=stick,bootindex=0")
	}
	if pc.Plugged != "" {
		args = append(args, "-drive", "file="+pc.Plugged+",format=raw,if=none,id=plugged,cache=writeback",
			"-device", "usb-storage,drive=plugged,removable=on")
	}
	switch pc.Firmware {
	case "uefi":
		args = append(args, "-drive", "if=pflash,format=raw,unit=0,readonly=on,file="+Firmware())
	case "uefi32":
		more, err := firmware32(pc.Dir)
		if err != nil {
			return nil, err
		}
		args = append(args, more...)
	}
	if pc.Clock != "" {
		args = append(args, "-rtc", "base="+pc.Clock)
	}
	v.cmd = exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	var problems bytes.Buffer
	v.cmd.Stderr = &problems
	if err := v.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		err := v.cmd.Wait()
		if err != nil && problems.Len() > 0 {
			err = fmt.Errorf("%w: %s", err, problems.String())
		}
		v.done <- err
		close(v.done)
	}()
	return v, nil
}

// Cut takes the power away.
func (v *VM) Cut() {
	_ = v.cmd.Process.Kill()
	<-v.done
}

// Ended waits until the machine has switched itself off.
func (v *VM) Ended(patience time.Duration) error {
	select {
	case err := <-v.done:
		return err
	case <-time.After(patience):
		return fmt.Errorf("still on after %v", patience)
	}
}

// Age is the time since the power came.
func (v *VM) Age() time.Duration { return time.Since(v.began) }

// Said is what came over the serial line.
func (v *VM) Said() string {
	b, _ := os.ReadFile(v.serial)
	return string(b)
}

// Await waits until the serial line has said something that matches, and returns
// the groups of the match. The line comes letter by letter: what ends with a group
// wants what follows it in the pattern.
func (v *VM) Await(what string, patience time.Duration) ([]string, error) {
	re := regexp.MustCompile(what)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if m := re.FindStringSubmatch(v.Said()); m != nil {
			return m, nil
		}
		select {
		case err, open := <-v.done:
			if open {
				return nil, fmt.Errorf("the machine went off: %w", err)
			}
			return nil, errors.New("the machine is off")
		default:
		}
	}
	said := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, v.Said())
	return nil, fmt.Errorf("no %q within %v; the serial line ends with: %s", what, patience, said[max(0, len(said)-600):])
}

// Shell is a command that runs in the machine over SSH. SSH starts beside the
// station and may come after it: the first time it is waited for, 20 minutes at
// most.
func (v *VM) Shell(ctx context.Context, stdin string, command string) *exec.Cmd {
	for end := time.Now().Add(20 * time.Minute); !v.shell && ctx.Err() == nil && time.Now().Before(end); {
		if v.shell = answersSSH(ctx, "127.0.0.1:"+v.SSH); !v.shell {
			time.Sleep(time.Second)
		}
	}
	c := exec.CommandContext(ctx, "ssh", "-q", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=600",
		"-o", "BatchMode=yes", "-i", v.Key, "-p", v.SSH, "root@127.0.0.1", command)
	if stdin != "" {
		c.Stdin = strings.NewReader(stdin)
	}
	return c
}

// answersSSH says whether an SSH server is there. The emulator takes every
// connection and drops it where the machine does not listen.
func answersSSH(ctx context.Context, at string) bool {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", at)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Minute))
	hello := make([]byte, 4)
	_, err = io.ReadFull(c, hello)
	return err == nil && string(hello) == "SSH-"
}
