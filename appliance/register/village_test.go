package register_test

import (
	"tramxa/appliance/population"
)

// A village written by hand: two areas, three households. Ids: areas 1 and 2;
// household 10 with persons 11 (head), 12 (wife), 13; household 20 with 21;
// household 30 with 31 and 32.
func village() []population.Entry {
	family := func(h uint32, area uint32, n population.HouseholdNumber, members ...population.Member) population.HouseholdOpened {
		return population.HouseholdOpened{
			ID: id(h), Type: population.KindFamily, Area: id(area), Number: n, Address: "xóm trên",
			Date: day("2026-01-01"), Period: month("2026-01"), Members: members,
		}
	}
	return []population.Entry{
		population.AreaDefined{ID: id(1), Number: 5, Unit: 23764, Hamlet: "Làng Ring", Collaborator: 3},
		population.AreaDefined{ID: id(2), Number: 6, Unit: 23764, Hamlet: "Thôn 2", Collaborator: 4},
		family(10, 1, population.HouseholdNumber{Number: 12},
			member(11, population.RelHead, "Nguyễn Văn Hòa", population.Male, "1980-03-05"),
			member(12, population.RelSpouse, "Trần Thị Thảo", population.Female, "1983"),
			member(13, population.RelChild, "Nguyễn Văn Thao", population.Male, "2010-11-20")),
		family(20, 1, population.HouseholdNumber{Number: 100, Sheet: 1},
			member(21, population.RelHead, "H'Bia Rơ Châm", population.Female, "1980-07")),
		family(30, 2, population.HouseholdNumber{Number: 12},
			member(31, population.RelHead, "Lý Thị Nguyên", population.Female, "1950"),
			member(32, population.RelChild, "Đặng Hoà", population.Male, "1980-03-05")),
	}
}

func member(serial uint32, relation population.Code, name string, sex population.Sex, born string) population.Member {
	m := population.Member{ID: id(serial), Relation: relation}
	m.Name, m.Sex, m.Born = name, sex, day(born)
	return m
}

func numbered(m population.Member, number, insurance string) population.Member {
	m.Number, m.Insurance = number, insurance
	return m
}
