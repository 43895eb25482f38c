package populationtest

// Names of the Kinh, with weights. Shares of surnames: published counts,
// from the list of duyet/vietnamese-namedb (MIT) and the shares commonly
// quoted for the country; the regional lean (Vũ, Hoàng, Đào in the north;
// Võ, Huỳnh, Phan in the south) is general knowledge. Given names: the
// frequencies of §9.2, whose source has no diacritics; these are put in by us.

const surnamesNorth = "Nguyễn:352 Trần:95 Lê:70 Phạm:85 Vũ:62 Hoàng:48 Bùi:42 Đỗ:36 Đặng:25 Đào:22 Ngô:21 " +
	"Phan:15 Dương:15 Đinh:18 Trịnh:12 Lương:12 Mai:10 Hà:12 Đoàn:14 Lưu:8 Tạ:9 Cao:8 Phùng:7 Tô:6 Quách:3 " +
	"Nghiêm:3 Khổng:2 Lại:5 Vương:3 Tống:3 Chu:5 Lý:3 Lâm:2 Thái:2 Hồ:3 Trương:8 Võ:2 Kiều:2 Giang:2 Đàm:3 Bạch:1"

const surnamesSouth = "Nguyễn:330 Trần:97 Lê:90 Phạm:58 Võ:38 Huỳnh:34 Phan:34 Bùi:23 Hoàng:15 Vũ:14 Trương:24 " +
	"Đỗ:18 Đặng:20 Hồ:20 Ngô:15 Dương:14 Đoàn:12 Đinh:10 Trịnh:9 Cao:9 Đào:8 Mai:9 Lương:7 Lưu:6 Lâm:9 Hà:5 " +
	"Thái:6 Phùng:4 Tạ:4 Lý:6 Văn:4 Tô:4 Vương:3 Châu:4 Tăng:2 Thân:2 La:2 Kiều:2 Từ:2 Đàm:1 Biện:1"

// Middle names of men before and after about 1995 ("Văn" fades, §9.2).
const middleMenOld = "Văn:420 Đức:55 Hữu:50 Xuân:40 Ngọc:45 Minh:40 Thanh:45 Quang:40 Đình:40 Công:35 Quốc:30 Thế:25 " +
	"Trọng:20 Duy:18 Tiến:15 Anh:12 Hoàng:20 Viết:12 Bá:12 Sỹ:8 Như:5 Hồng:10 Tấn:10 Phước:6 Chí:8"
const middleMenNew = "Gia:90 Minh:95 Bảo:60 Đăng:45 Nhật:45 Tuấn:55 Quang:50 Hoàng:60 Anh:45 Đức:50 Quốc:45 Thiên:30 " +
	"Hải:30 Khánh:25 Duy:35 Thanh:35 Ngọc:30 Văn:110 Hữu:25 Xuân:15 Trung:25 Tiến:25 Phúc:20 Việt:15 Thành:20 Công:15"

const givenMen = "Hùng:26 Thành:20 Anh:21 Tuấn:19 Thắng:18 Dũng:18 Minh:16 Cường:15 Hiếu:14 Hải:13 Nam:13 Huy:12 Toàn:12 " +
	"Tiến:12 Quang:12 Long:12 Sơn:12 Đức:11 Mạnh:11 Trung:11 Hoàng:10 Bình:9 Trường:9 Dương:9 Hòa:9 Thịnh:8 Tú:8 " +
	"Duy:8 Khánh:8 Thuận:8 Tùng:8 Đạt:8 Vinh:8 Tâm:7 Việt:7 Phúc:7 Tài:7 Tuyên:7 Chiến:7 Lâm:6 Phong:6 Phát:6 " +
	"Lợi:6 Lộc:6 Hưng:6 Khoa:5 Kiên:6 Nghĩa:6 Nhân:5 Quân:6 Quý:6 Quyết:4 Sang:5 Sinh:4 Thái:5 Thân:3 Thông:4 " +
	"Tín:4 Tính:2 Trí:4 Trọng:4 Tuân:3 Tường:3 Vũ:5 Vương:3 Xuân:3 Bảo:4 Bách:2 Bằng:3 Công:4 Chung:3 Đại:4 Đông:4 " +
	"Điệp:2 Định:3 Đoàn:2 Giang:3 Hà:3 Hào:3 Hậu:4 Hiệp:5 Hoan:2 Hoạt:1 Khải:3 Khang:2 Khôi:2 Kỳ:2 Lập:2 Linh:2 " +
	"Luân:3 Lực:3 Lương:2 Nguyên:3 Ngọc:3 Nhật:3 Ninh:2 Phú:5 Phước:4 Phương:4 Sỹ:2 Tân:4 Thạch:2 Thao:1 Thi:1 " +
	"Thiện:4 Thọ:4 Thơ:1 Thủy:2 Tiệp:2 Toản:3 Tấn:3 Thức:2 Ước:1 Văn:2 Bắc:2 Biên:1 Ba:1 Bốn:1 Năm:1 Tư:1 Út:1 " +
	"Thạo:1 Thoại:1 Hoài:2 Khiêm:1 Khương:1 Liêm:1 Mười:1 Nhã:1 Oai:1 Phi:2 Quyền:2 Soái:1 Thanh:4 Thiệu:1 Tráng:1"
const givenBoysNew = "Huy:40 Bảo:42 Khôi:36 Minh:38 Khang:34 Phúc:32 Khoa:28 Anh:30 Quân:26 Đạt:22 Long:22 Kiệt:22 " +
	"Nam:20 Phát:20 Thịnh:18 Hưng:18 Nguyên:20 An:18 Phong:18 Duy:16 Tuấn:14 Hải:12 Lâm:14 Đức:12 Vinh:12 Tiến:10 " +
	"Trí:12 Nhân:10 Khánh:14 Thiên:8 Dương:10 Đăng:12 Hoàng:14 Tùng:8 Quang:10 Việt:8 Kiên:8 Hiếu:12 Sơn:6 Vũ:6 " +
	"Tú:6 Trung:6 Thành:8 Dũng:6 Cường:5 Tài:5 Toàn:5 Luân:3 Lộc:5 Nghĩa:5 Bách:5 Gia:3 Hào:5 Khải:8 Nhật:6 Tâm:3"

// The second middle name of women after "Thị"; nearly all women born before
// 1980 carry Thị, under 40 % of those born since 2005 (§9.2).
const middleWomen = "Thu:88 Thanh:79 Ngọc:70 Thúy:67 Kim:60 Hồng:57 Mỹ:42 Phương:39 Minh:37 Bích:30 Lan:12 Quỳnh:18 Mai:18 " +
	"Tuyết:16 Như:16 Cẩm:16 Kiều:15 Huyền:14 Ánh:12 Diệu:10 Hoài:14 Hải:10 Vân:10 Xuân:14 Thùy:20 Trúc:8 Yến:8 Tường:3"
const middleGirlsNew = "Ngọc:95 Bảo:70 Gia:40 Khánh:45 Minh:45 Thảo:30 Phương:35 Quỳnh:35 Thùy:20 Hoài:12 Tường:15 " +
	"Anh:25 Kim:25 Thanh:30 Mai:20 Thiên:15 Tuệ:15 Hà:12 Diệu:10 Cát:8 Yến:12 Như:12 Mỹ:15 Thị:30 Trúc:8 Hải:8 Linh:8"

const givenWomen = "Thủy:22 Anh:41 Thúy:11 Trang:32 Hương:28 Hường:2 Phương:22 Phượng:7 Linh:28 Thảo:24 Hà:21 Huyền:20 " +
	"Hoa:15 Hòa:5 Thu:19 Hiền:14 Hiên:4 Hằng:15 Hạng:1 Nhung:16 Nga:16 Ngọc:16 Vân:14 Yến:15 Dung:14 Mai:14 Ngân:14 " +
	"Nhi:13 Hạnh:13 Thanh:10 Lan:12 Quỳnh:11 Huệ:9 Ly:11 Hồng:10 Giang:11 Duyên:11 Loan:11 My:8 Mỹ:3 Oanh:10 Liên:9 " +
	"Tâm:9 Trinh:9 Thương:9 Chi:8 Uyên:8 Quyên:7 Như:7 Tuyết:7 Trâm:7 Tiên:7 Nguyệt:6 Vy:6 Xuân:6 Hoài:4 Bình:3 " +
	"Cúc:4 Chín:1 Dịu:2 Diễm:3 Diệp:3 Đào:4 Én:1 Gấm:1 Hảo:4 Hậu:4 Hoan:1 Hoàn:3 Hợi:1 Huê:1 Khánh:2 Khuyên:3 Kiều:4 " +
	"Lài:2 Lành:2 Lệ:4 Liễu:3 Lý:4 Lụa:2 Luyến:3 Lương:2 Mận:2 Mẫn:1 Mến:2 Miền:1 Minh:3 Mơ:2 Na:2 Nam:1 Ngà:3 " +
	"Ngoan:2 Nhàn:3 Nhân:2 Ninh:2 Nở:1 Nụ:1 Phấn:1 Phúc:1 Phước:1 Quế:3 Quý:2 Sen:3 Sáu:1 Sự:1 Tươi:3 Tình:2 Thơ:2 " +
	"Thoa:3 Thơm:4 Thắm:3 Tho:1 Thìn:1 Thêu:1 Thuận:2 Thư:4 Tính:1 Trúc:2 Út:2 Vinh:1 Vui:1 Xuyến:2 Yên:2 Ánh:5 Bé:3 " +
	"Bích:4 Bảy:1 Ba:1 Năm:1 Hai:1 Mười:1"
const givenGirlsNew = "Anh:44 Ngân:30 Nhi:32 Vy:34 An:30 Trâm:20 Ngọc:24 Như:26 My:22 Linh:30 Hân:34 Châu:24 Chi:22 " +
	"Thư:28 Trang:20 Quyên:10 Trúc:12 Thảo:16 Phương:18 Quỳnh:16 Hà:14 Khánh:10 Mai:14 Yến:12 Uyên:14 Vân:10 Giang:8 " +
	"Hương:8 Lam:6 Nguyên:6 Tiên:10 Tâm:6 Diệp:8 Đan:6 Ngà:2 Duyên:8 Huyền:8 Hiền:6 Ly:8 Nga:3 Kim:2 Oanh:4 Ánh:4"
