package machine_test

import (
	"testing"

	"tramxa/service/machine"
)

func hardware(uuid, board, disk string) machine.Facts {
	return machine.Facts{
		Board: machine.Board{Vendor: "Example PC Co", Product: "Desk 200", Name: "Example Boards H81", UUID: uuid, BoardSerial: board},
		Disk:  machine.Disk{Model: "EXAMPLE HDD500", Serial: disk},
	}
}

func TestPrintRecognisesACopy(t *testing.T) {
	const uuidA, uuidB = "4c4c4544-0042-3010-8052-b4c04f4e4a31", "4c4c4544-0042-3010-8052-b4c04f4e4a32"
	here := hardware(uuidA, "EB0001", "Z9T0001")
	rightless := hardware("", "", "Z9T0001")
	other := hardware(uuidB, "EB0002", "Z9T0002")
	otherModel := other
	otherModel.Board.Product = "Tower 9"
	for name, c := range map[string]struct {
		then, now machine.Facts
		want      machine.Likeness
	}{
		"itself":                               {here, here, machine.Alike},
		"another disk":                         {here, hardware(uuidA, "EB0001", "S5SSD77"), machine.Alike},
		"another board around the disk":        {here, hardware(uuidB, "EB0009", "Z9T0001"), machine.Alike},
		"without rights":                       {here, rightless, machine.Alike},
		"copied with dd to a PC of its kind":   {here, other, machine.Different},
		"copied, looked at without rights":     {here, hardware("", "", "Z9T0002"), machine.Different},
		"copied to another make":               {here, otherModel, machine.Different},
		"nothing known then":                   {machine.Facts{}, here, machine.Untellable},
		"placeholders are no numbers":          {hardware("03000200-0400-0500-0006-000700080009", "To be filled by O.E.M.", ""), hardware("03000200-0400-0500-0006-000700080009", "Default string", ""), machine.Untellable},
		"placeholders of another make":         {hardware("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "0000000000", ""), machine.Facts{Board: machine.Board{Vendor: "Another"}}, machine.Different},
		"a bridge's number for every disk":     {hardware("", "", "0123456789ABCDEF"), hardware("", "", "0123456789ABCDEF"), machine.Untellable},
		"same serial number of another model":  {hardware("", "", "7781"), machine.Facts{Disk: machine.Disk{Model: "OTHER", Serial: "7781"}}, machine.Different},
		"a UUID in capitals is the same":       {hardware("4C4C4544-0042-3010-8052-B4C04F4E4A31", "", ""), hardware(uuidA, "", ""), machine.Alike},
		"a disk alone known against all known": {rightless, here, machine.Alike},
	} {
		a, b := machine.PrintOf(c.then), machine.PrintOf(c.now)
		if got := machine.Compare(a, b); got != c.want || machine.Compare(b, a) != c.want {
			t.Errorf("%s: %d, want %d (%s, %s)", name, got, c.want, a, b)
		}
		if machine.Same(a, b) != (c.want != machine.Different) {
			t.Errorf("%s: Same says otherwise", name)
		}
	}
}

func TestPrintAsText(t *testing.T) {
	p := machine.PrintOf(hardware("", "EB0001", "Z9T0001"))
	if p.String() != "00000000b0427b54636a0733b9570386" { // frozen: it stands in files
		t.Errorf("print of version 1 is %s", p)
	}
	b, err := p.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var q machine.Print
	if err := q.UnmarshalText(b); err != nil || q != p || !q.Known() || (machine.Print{}).Known() {
		t.Errorf("read back %s, %v", q, err)
	}
	for _, bad := range []string{"", "00", "zz000000b0427b54636a0733b9570386", "00000000b0427b54636a0733b957038600"} {
		if err := q.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
