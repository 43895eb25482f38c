package service

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc/mgr"
)

// registered is what the service manager has written down of a service, as far
// as this package sets it.
type registered struct {
	command string
	account string
	start   uint32
}

// readRegistered asks for the plain configuration only: not every system answers
// the further questions that the library's own way asks with it.
func readRegistered(s *mgr.Service) (registered, error) {
	for n := uint32(1024); ; {
		b := make([]byte, n)
		p := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&b[0]))
		err := windows.QueryServiceConfig(s.Handle, p, n, &n)
		if err == nil {
			return registered{command: windows.UTF16PtrToString(p.BinaryPathName), account: windows.UTF16PtrToString(p.ServiceStartName), start: p.StartType}, nil
		}
		if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) || n <= uint32(len(b)) {
			return registered{}, err
		}
	}
}

// wanted is what Install writes.
func (w WindowsSettings) wanted() registered {
	command := syscall.EscapeArg(w.Program)
	for _, a := range w.Arguments {
		command += " " + syscall.EscapeArg(a)
	}
	return registered{command: command, account: w.Account, start: mgr.StartAutomatic}
}

// writeRegistered gives an existing service today's settings; no dependencies.
func writeRegistered(s *mgr.Service, w WindowsSettings) error {
	r := w.wanted()
	var texts [5]*uint16
	for i, text := range []string{r.command, "", r.account, w.DisplayName, w.Description} {
		p, err := windows.UTF16PtrFromString(text)
		if err != nil {
			return err
		}
		texts[i] = p
	}
	if err := windows.ChangeServiceConfig(s.Handle, windows.SERVICE_WIN32_OWN_PROCESS, r.start, mgr.ErrorNormal,
		texts[0], nil, nil, texts[1], texts[2], nil, texts[3]); err != nil {
		return err
	}
	description := windows.SERVICE_DESCRIPTION{Description: texts[4]}
	delayed := windows.SERVICE_DELAYED_AUTO_START_INFO{IsDelayedAutoStartUp: 1}
	return errors.Join(
		windows.ChangeServiceConfig2(s.Handle, windows.SERVICE_CONFIG_DESCRIPTION, (*byte)(unsafe.Pointer(&description))),
		windows.ChangeServiceConfig2(s.Handle, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (*byte)(unsafe.Pointer(&delayed))))
}
