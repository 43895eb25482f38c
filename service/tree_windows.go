package service

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// tree is a job object: the program and all it has started. Windows ends them
// when the launcher dies, since nobody else holds the job: a program without a
// launcher would keep the data locked against the next one. The journal bears
// that, as it bears a power cut.
type tree windows.Handle

// treeAttr keeps a Ctrl-C at the launcher's console from the program: it is
// stopped by its standard input.
func treeAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}

func newTree(p *os.Process) (tree, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err == nil {
		err = assign(job, p)
	}
	if err != nil {
		windows.CloseHandle(job)
		return 0, err
	}
	return tree(job), nil
}

func assign(job windows.Handle, p *os.Process) error {
	h, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(p.Pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	return windows.AssignProcessToJobObject(job, h)
}

func (t tree) kill() { _ = windows.TerminateJobObject(windows.Handle(t), 1) }

func (t tree) close() { _ = windows.CloseHandle(windows.Handle(t)) }
