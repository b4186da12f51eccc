package account

import (
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// signOut ends the session of this browser, here and in our tables.
func (h *site) signOut(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	if err := h.accounts.End(r.Context(), me, me.ID); err != nil && !errors.Is(err, identity.ErrNotFound) {
		return err
	}
	Ended(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// Ended has the browser forget a session that is over, with what its cache has
// of it; the answer is shown as to somebody who is not signed in.
func Ended(w http.ResponseWriter, r *http.Request) {
	v := web.VisitOf(r)
	v.DropCookie(w, "signin")
	v.DropCookie(w, "session")
	v.Person = nil
	w.Header().Set("Clear-Site-Data", `"cache"`)
}
