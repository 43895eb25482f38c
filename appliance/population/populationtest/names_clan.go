package populationtest

// Names of groups whose names do not follow the Kinh pattern, §9.3: clans of
// the Jrai and Ê Đê with the weights counted there, Ba Na, Xtiêng, Chơ Ro and
// Mạ patterns, and usual surnames of the northern groups (general knowledge).

// Jrai: clan before the name, handed down by the mother; women carry H'.
const (
	clansJrai      = "Ksor:188 Nay:122 Siu:64 Kpă:59 Rah_Lan:20 Rơ_Lan:11 Rơ_Châm:30 Rơ_Mah:24 R'com:18 Puih:8 Rơ_Ô:8 Kpuih:5 Hiao:4"
	givenJrai      = "Brok:4 Choai:3 Chuc:3 Blum:3 Buong:3 Doai:4 Hieng:4 Hleu:3 Beng:3 Blun:3 Phao:4 Hech:3 Triet:3 Troa:3 Y_Nei:2 Y_Bach:2 Thul:3 Blin:3 Bông:2 Jú:2 Kim:3 Tiêng:2 Ngơi:2 Phiên:3 Grung:2 Djuang:2"
	givenJraiWomen = "H'Bích:4 H'Linh:5 H'Hiên:4 H'Hoan:4 H'Nu:3 H'Thu:5 H'Lan:5 H'Ngan:4 H'Uyên:3 H'Mien:3 H'Dri:3 H'Huyền:3 H'Blaih:3 H'Broch:2 H'Don:3 H'Yam:3 H'Nguyệt:3 H'Djuyn:2 H'Lom:2 H'Bluen:2 H'Phương:3 H'Trang:3 H'Nhung:2 H'Ring:2 H'Yưn:2"
)

// Ê Đê: the clan stands last; men Y, women H'.
const (
	clansEde      = "Niê:751 Mlô:297 Êban:288 Byă:228 Ayŭn:191 Adrơng:104 Ktla:42"
	givenEde      = "Y_Bhăm:3 Y_Blô:3 Y_Khoa:3 Y_Thanh:3 Y_Wăn:2 Y_Dhun:2 Y_Ngŏk:2 Y_Sam:3 Y_Tuấn:2 Y_Hoăt:2 Y_Jŭt:2"
	givenEdeWomen = "H'Blă:3 H'Juel:2 H'Nga:3 H'Lê:3 H'Bia:2 H'Mlan:2 H'Wen:2 H'Ngăm:2 H'Thủy:2 H'Djuôn:2 H'Rin:2"
)

// Ba Na: Đinh and a word in the east, A (men) or Y (women) in the west.
const (
	givenBana      = "Nhem:3 Bly:3 Blung:2 Byêr:2 Klung:3 Thik:3 Văn:2 Hmưnh:2 Brưm:2 Grip:2 Hyưn:2 Khương:2 Phiơr:2 Yơk:2 Năm:2 Thưn:2 Đơk:2 Lơm:2"
	givenBanaWomen = "Blĩ:2 Ngưn:3 Phưm:2 Hyênh:2 Nhoi:3 Byưm:2 Mưi:3 Lưm:2 Hlem:2 Yom:3 Phiên:2 Ngân:2 Thơm:2 Brênh:2 Hrui:2"
)

// Xtiêng, Chơ Ro and Mạ: Điểu for men; Thị or Ka for women.
const (
	givenDieu      = "Đen:3 Lên:3 Khôn:2 Sơn:3 Thanh:3 Hùng:3 Mương:2 Rích:2 Ré:2 Xuân:2 Bảo:2 Nghé:2 Hon:2 Dũng:2 Kha:2"
	givenDieuWomen = "Nhơn:3 Mơ:3 Lan:3 Hồng:3 Xa:2 Rem:2 Lành:2 Biên:2 Ớt:1 Nga:2 Chai:2 Mai:2 Phước:2 Sâm:2 Hương:3"
)

const (
	surnamesTay   = "Nông:22 Hoàng:18 Lương:12 Lý:9 Triệu:8 Nguyễn:10 Vi:6 Ma:6 Hà:6 Bế:5 Đàm:4 Lục:4 Chu:3"
	surnamesThai  = "Lò:24 Lường:10 Hà:12 Cầm:8 Quàng:8 Vi:9 Lô:9 Tòng:6 Cà:5 Lang:5"
	surnamesMuong = "Bùi:34 Đinh:14 Quách:12 Phạm:10 Nguyễn:8 Hà:7 Trương:6 Bạch:4"
	surnamesDao   = "Triệu:18 Bàn:18 Đặng:16 Phùng:12 Lý:12 Chảo:8 Tẩn:8"
	surnamesMong  = "Giàng:18 Vàng:16 Sùng:14 Thào:12 Lý:12 Hoàng:8 Mùa:8 Hạng:6"
	surnamesHoa   = "Trần:14 Lý:14 Lâm:12 Huỳnh:8 Vòng:12 Phùng:8 Trương:7 Vương:6 Lương:6 Chướng:3 Voòng:6 Tằng:5"
	surnamesKhmer = "Thạch:18 Sơn:12 Kim:12 Danh:12 Lâm:10 Thị:2 Châu:8 Kiên:6 Trà:4"
	surnamesCham  = "Bá:8 Đàng:8 Quảng:7 Thành:6 Mang:6 Nguyễn:5 Đạo:4 Lộ:4"
)
