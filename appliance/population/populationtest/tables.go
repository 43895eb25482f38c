package populationtest

import "tramxa/appliance/population"

// pyramid is the share of each sex in five-year age groups, 0–4 … 75–79, 80+,
// in hundredths of a percent. GSO population projection 2014–2049, values for
// 2019, old borders.
type pyramid [17][2]int // men, women

func pyramidOf(f Flavour) pyramid {
	switch f {
	case ThaiBinh:
		return pyramid{
			{350, 309}, {353, 323}, {349, 318}, {337, 310}, {329, 304}, {376, 355}, {343, 331}, {334, 359}, {313, 344},
			{325, 360}, {317, 337}, {340, 382}, {287, 339}, {196, 249}, {129, 181}, {82, 124}, {96, 219}}
	case DongNai:
		return pyramid{
			{444, 398}, {369, 332}, {365, 342}, {343, 327}, {398, 385}, {520, 517}, {500, 489}, {413, 417}, {347, 354},
			{324, 322}, {297, 298}, {251, 258}, {174, 187}, {98, 114}, {59, 84}, {37, 68}, {37, 130}}
	}
	return pyramid{
		{515, 466}, {473, 453}, {502, 482}, {482, 469}, {470, 450}, {435, 424}, {415, 415}, {378, 391}, {319, 316},
		{280, 280}, {235, 238}, {192, 199}, {132, 142}, {78, 93}, {47, 69}, {33, 48}, {26, 53}}
}

// mortality is mx per million person-years from an age on. WPP2022, Việt Nam
// 2020–25.
func mortality() [22]struct{ from, men, women int } {
	return [22]struct{ from, men, women int }{
		{0, 17980, 12890}, {1, 1310, 860}, {5, 1200, 400}, {10, 880, 320}, {15, 1640, 490}, {20, 2370, 690}, {25, 2480, 820},
		{30, 2700, 900}, {35, 3010, 1070}, {40, 3760, 1580}, {45, 4890, 2060}, {50, 7650, 3180}, {55, 10450, 4350},
		{60, 16760, 7130}, {65, 26700, 12330}, {70, 42670, 21560}, {75, 70850, 38240}, {80, 117050, 68550},
		{85, 189690, 113960}, {90, 288030, 181590}, {95, 440750, 279410}, {100, 576120, 427190}}
}

// fertility is the share of births by age of the mother, 15–19 … 45–49, in
// hundredths of a percent. WPP2022 2020–25.
func fertility() [7]int { return [7]int{910, 2801, 3174, 1999, 907, 182, 22} }

// rates are events per 1,000 persons and year (published figures;
// arrivals and departures over the border of the commune). Marriages and
// divorces count persons. srb is boys per 1,000 girls at birth.
type rates struct {
	births, deaths, marriages, divorces, arrivals, departures float64
	moves, changes, splits, joins, houses                     float64
	srb                                                       int
}

func ratesOf(f Flavour) rates {
	r := rates{births: 18.9, deaths: 6.6, marriages: 12, divorces: 0.7, arrivals: 11, departures: 13,
		moves: 4, changes: 12, splits: 1.5, joins: 0.6, houses: 1.2, srb: 1130}
	switch f {
	case ThaiBinh:
		r.births, r.deaths, r.arrivals, r.departures, r.srb = 13.1, 8.8, 9, 11, 1137
	case DongNai:
		r.births, r.deaths, r.arrivals, r.departures, r.srb = 14.7, 4.8, 32, 22, 1080
	}
	return r
}

// share is the part of an ethnic group in ten thousand.
type share struct {
	group population.Code
	part  int
}

// mixOf is the ethnic mix, census of 1/4/2019, the largest
// groups only; Đồng Nai carries the Xtiêng of old Bình Phước.
func mixOf(f Flavour) []share {
	switch f {
	case ThaiBinh:
		return []share{{kinh, 9981}, {tay, 7}, {thai, 6}, {muong, 6}}
	case DongNai:
		return []share{{kinh, 9060}, {hoa, 250}, {xtieng, 260}, {tay, 110}, {nung, 110}, {khmer, 100}, {choRo, 54}, {cham, 28}, {muong, 20}, {ma, 9}}
	}
	return []share{{kinh, 5378}, {jrai, 3037}, {bana, 1251}, {nung, 90}, {tay, 82}, {muong, 62}, {thai, 40}, {dao, 32}, {mong, 22}, {ede, 6}}
}

// Codes of the ethnic groups that appear, QĐ 121-TCTK/PPCĐ.
const (
	kinh   population.Code = 1
	tay    population.Code = 2
	thai   population.Code = 3
	hoa    population.Code = 4
	khmer  population.Code = 5
	muong  population.Code = 6
	nung   population.Code = 7
	mong   population.Code = 8
	dao    population.Code = 9
	jrai   population.Code = 10
	ede    population.Code = 12
	bana   population.Code = 13
	cham   population.Code = 17
	xtieng population.Code = 22
	ma     population.Code = 28
	choRo  population.Code = 32
)

// matrilocal reports groups in which a couple lives with the wife's parents
// and children take the mother's clan.
func matrilocal(g population.Code) bool { return g == jrai || g == ede }

// highland reports groups with larger families and earlier marriage (§9.7).
func highland(g population.Code) bool {
	switch g {
	case jrai, ede, bana, xtieng, choRo, ma, mong:
		return true
	}
	return false
}

// householdMean is the mean size aimed at, in hundredths of a person: 3.5 in
// the country, about 4.1 in Gia Lai (§9.9), less in the old delta.
func householdMean(f Flavour, g population.Code) int {
	switch {
	case highland(g):
		return 455
	case f == GiaLai:
		return 375
	case f == ThaiBinh:
		return 325
	}
	return 352
}
