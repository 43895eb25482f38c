package machine

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// cpuLevel is the x86-64 level of this processor, 1 to 4, as the psABI defines
// it; 0 on others. The features of AVX count only where the system saves their
// registers.
func cpuLevel() int {
	if runtime.GOARCH != "amd64" {
		return 0
	}
	x := cpu.X86
	switch {
	case !(x.HasCX16 && x.HasLAHF && x.HasPOPCNT && x.HasSSE3 && x.HasSSSE3 && x.HasSSE41 && x.HasSSE42):
		return 1
	case !(x.HasAVX && x.HasAVX2 && x.HasBMI1 && x.HasBMI2 && x.HasF16C && x.HasFMA && x.HasLZCNT && x.HasMOVBE && x.HasOSXSAVE):
		return 2
	case !(x.HasAVX512F && x.HasAVX512BW && x.HasAVX512CD && x.HasAVX512DQ && x.HasAVX512VL):
		return 3
	}
	return 4
}
