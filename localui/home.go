package localui

import "net/http"

func (s *station) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.show(w, v, http.StatusOK, "home", v.text("home.title"), nil)
}
