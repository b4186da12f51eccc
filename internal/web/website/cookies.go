package website

import (
	"net/http"

	"candour/internal/web"
)

// cookies shows every cookie by name, and the form of choices.
func (h *site) cookies(w http.ResponseWriter, r *http.Request) error {
	base, content, err := h.own(r, web.CookiesPath, "Cookies")
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "cookies", Cookies{base, content})
	return nil
}
