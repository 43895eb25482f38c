package machine

import "time"

// Facts are what a machine is. A zero field was not found out; Unknown says why
// where it matters. Sizes are in bytes.
type Facts struct {
	System  System    `json:"system"`
	Board   Board     `json:"board"`
	Virtual string    `json:"virtual,omitempty"` // kind of virtual machine; "" none seen
	CPU     CPU       `json:"cpu"`
	Memory  Memory    `json:"memory"`
	Disk    Disk      `json:"disk"` // the one behind the directory asked about
	Flush   Flush     `json:"flush"`
	Boot    Boot      `json:"boot"`
	Clock   RTC       `json:"clock"`
	Power   Power     `json:"power"`
	Heat    float64   `json:"heat,omitempty"` // °C, the hottest sensor of the processor
	Unknown []Unknown `json:"unknown,omitempty"`
}

// System is the operating system.
type System struct {
	OS      string `json:"os"`   // runtime.GOOS
	Arch    string `json:"arch"` // runtime.GOARCH
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"` // of the kernel; major.minor.build on Windows
	Build   uint32 `json:"build,omitempty"`   // of Windows
}

// Board is what the maker wrote into the firmware. Serial numbers and UUID are
// readable by administrators only, and are kept out of every text.
type Board struct {
	Vendor  string `json:"vendor,omitempty"`
	Product string `json:"product,omitempty"`
	Name    string `json:"board,omitempty"`
	BIOS    string `json:"bios,omitempty"` // version and date

	UUID          string `json:"-"`
	BoardSerial   string `json:"-"`
	ProductSerial string `json:"-"`
}

// CPU is the processor.
type CPU struct {
	Model string `json:"model,omitempty"`
	Cores int    `json:"cores"`           // as the scheduler sees them
	Level int    `json:"level,omitempty"` // x86-64-v1 … v4; 0 on others
}

// Memory is what the system may use, less than what is built in.
type Memory struct {
	Total     uint64 `json:"total"`
	Available uint64 `json:"available,omitempty"` // without making programs smaller
}

// Bus is how a disk is attached.
type Bus string

// The buses that matter.
const (
	BusUnknown Bus = ""
	BusATA     Bus = "ata"
	BusUSB     Bus = "usb"
	BusNVMe    Bus = "nvme"
	BusMMC     Bus = "mmc" // eMMC, soldered
	BusSD      Bus = "sd"  // a card
	BusSCSI    Bus = "scsi"
	BusRAID    Bus = "raid"
	BusVirtual Bus = "virtual"
)

// Kind is how a disk stores.
type Kind string

// Kinds of disks.
const (
	KindUnknown  Kind = ""
	KindRotating Kind = "rotating"
	KindSolid    Kind = "solid"
)

// Disk is a disk, or the one behind a directory; then the second half is known.
type Disk struct {
	Device    string `json:"device,omitempty"` // /dev/sda, \\.\PhysicalDrive0
	Model     string `json:"model,omitempty"`
	Serial    string `json:"-"`
	Firmware  string `json:"firmware,omitempty"`
	Size      uint64 `json:"size,omitempty"`
	Kind      Kind   `json:"kind,omitempty"`
	Bus       Bus    `json:"bus,omitempty"`
	Removable bool   `json:"removable,omitempty"`
	// Cache is the disk's write cache as the system believes it: "write back",
	// "write through", or "" when it cannot be told.
	Cache  string `json:"cache,omitempty"`
	Mapper bool   `json:"mapper,omitempty"` // reached through LUKS, LVM, RAID

	FileSystem string `json:"file_system,omitempty"`
	Mount      string `json:"mount,omitempty"`
	ReadOnly   bool   `json:"read_only,omitempty"`
	NoBarrier  bool   `json:"no_barrier,omitempty"` // mounted so that no flush is sent
	Free       uint64 `json:"free,omitempty"`
	Total      uint64 `json:"total,omitempty"`
}

// Flush is how long small synced writes take.
type Flush struct {
	Writes int           `json:"writes"` // 0: not measured
	Median time.Duration `json:"median"`
	Worst  time.Duration `json:"worst"`
}

// Boot is the running start of the system.
type Boot struct {
	ID     string        `json:"id,omitempty"` // changes with every start; "" not known
	Uptime time.Duration `json:"uptime,omitempty"`
}

// RTC is the clock that runs on a battery.
type RTC struct {
	Now     time.Time     `json:"now"`
	RTC     time.Time     `json:"rtc"` // zero: none, or not readable
	Missing bool          `json:"missing,omitempty"`
	Drift   time.Duration `json:"drift"` // the system's clock less the RTC
}

// Power is where the current comes from.
type Power struct {
	Battery bool `json:"battery"` // a notebook, or a UPS the system knows
	OnLine  bool `json:"on_line"` // mains; meaningless without a battery
	Percent int  `json:"percent,omitempty"`
}

// Unknown is a fact that could not be read.
type Unknown struct {
	What string `json:"what"` // "memory", "disk", "flush", …; "what.memory" has the words
	Key  string `json:"key"`  // of the sentence that says why
	Why  string `json:"why"`  // in the system's own words
}

// missing notes what could not be read; nil is nothing.
func (f *Facts) missing(what string, err error) {
	if err != nil {
		f.Unknown = append(f.Unknown, Unknown{What: what, Key: unread(err), Why: cut(err.Error())})
	}
}
