package localui

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tramxa/appliance/auth"
	"tramxa/appliance/population"
)

// headView is the page of the head's account.
type headView struct {
	Name, Login string
	Min         int
	Again       bool // only the password is missing: the program was started again
}

func viewHead(s *setup, v *setupVisit) (any, error) {
	return headView{Name: v.typed("name", s.state.Name), Login: v.typed("login", s.state.Login), Min: auth.MinPassword,
		Again: s.state.Login != "" && s.password == ""}, nil
}

func postHead(s *setup, v *setupVisit) error {
	name, err := population.CleanName(v.r.PostForm.Get("name"))
	switch {
	case v.sent("name") == "":
		v.fault("name", "setup.head.name_missing")
	case err != nil:
		v.fault("name", "setup.head.name_wrong")
	}
	login := strings.ToLower(v.sent("login"))
	if login == "" && err == nil {
		login = loginOf(name)
	}
	if !loginFormed(login) && err == nil {
		v.fault("login", "setup.head.login_wrong")
	}
	password := v.r.PostForm.Get("password")
	switch {
	case password == "" && s.password != "" && login == s.state.Login && v.r.PostForm.Get("again") == "":
		password = s.password // typed before; the page was only passed through
	case password == "":
		v.fault("password", "setup.head.password_missing")
	case auth.CheckPassword(password) != nil:
		v.fault("password", "setup.head.password_short", "min", auth.MinPassword, "max", auth.MaxPassword)
	case guessable(password, login, name, s.state.Place, s.state.UnitName, s.state.Unit):
		v.fault("password", "setup.head.password_easy")
	case password != v.r.PostForm.Get("again"):
		v.fault("again", "setup.head.password_differ")
	}
	if len(v.faults) == 0 {
		s.state.Name, s.state.Login, s.password = name, login, password
	}
	return nil
}

// loginFormed: as the rules of the book want it, 1–32 of a–z, 0–9, dot, hyphen;
// a letter first.
func loginFormed(s string) bool {
	if s == "" || len(s) > 32 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// loginOf makes a login of a name: the given name without marks. "" when that
// has no letter.
func loginOf(name string) string {
	login := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, population.Key2(population.GivenName(name)))
	if len(login) > 32 {
		return login[:32]
	}
	return login
}

// guessable reports a password that is tried first: of one sign or a run of
// them, among the commonest, or made of what everybody in the place knows.
func guessable(password string, known ...string) bool {
	plain := plainPassword(password)
	if isRun(plain) || slices.Contains(commonPasswords, plain) || slices.Contains(commonPasswords, strings.TrimRight(plain, "0123456789!@.")) {
		return true
	}
	rest := strings.TrimRight(plain, "0123456789!@.#*")
	for _, k := range known {
		if k = plainPassword(k); k != "" && (rest == k || plain == k) {
			return true
		}
	}
	return false
}

// plainPassword is a password without case, marks and spaces.
func plainPassword(s string) string {
	return strings.ReplaceAll(population.Key2(strings.ToLower(s)), " ", "")
}

// isRun reports 11111111, 12345678, 87654321, abcdefgh, and such twice over.
func isRun(s string) bool {
	if half := len(s) / 2; len(s)%2 == 0 && half > 1 && s[:half] == s[half:] {
		s = s[:half]
	}
	r := []rune(s)
	for _, step := range []rune{0, 1, -1} {
		same := true
		for i := 1; same && i < len(r); i++ {
			same = r[i]-r[i-1] == step || step == 1 && r[i-1] == '9' && r[i] == '0'
		}
		if same {
			return true
		}
	}
	return utf8.RuneCountInString(s) < 3
}

// commonPasswords are those tried first, without marks and spaces; also with
// digits after them.
var commonPasswords = []string{"password", "matkhau", "matkhaucuatoi", "qwertyui", "qwertyuiop", "qwerty", "asdfghjk", "asdfghjkl", "iloveyou", "admin", "administrator",
	"tramyte", "tramxa", "danso", "yte", "xinchao", "anhyeuem", "emyeuanh", "vietnam", "hanoi", "saigon", "abc", "a", "aa", "123456789", "1234567890", "12341234", "123qweasd", "1q2w3e4r", "qazwsxedc", "welcome", "khongbiet", "langnghe"}
