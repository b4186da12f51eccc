package account

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// password shows the form for another password.
func (h *site) password(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	return h.passwordShow(w, r, attempt{})
}

// passwordPost sets it.
func (h *site) passwordPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, _, err := h.sent(r, passwordForm)
	if err == nil {
		err = h.accounts.ChangePassword(r.Context(), me, values.Get(passwordField), values.Get(newField))
	}
	if t, ok := h.again(form, values, err); ok {
		return h.passwordShow(w, r, t)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "Your password is changed", []string{"Your account was signed out everywhere else, and we sent you an e-mail about it."}, web.Link{Label: "Back to security", Href: "/security"})
}

func (h *site) passwordShow(w http.ResponseWriter, r *http.Request, t attempt) error {
	form, err := h.form(w, r, passwordForm, "Change the password", t, nil)
	if err != nil {
		return err
	}
	return h.show(w, r, t, Ask{
		Base: h.Base(r, "Change the password", ""), Heading: "Change the password", Forms: []web.Form{form}, Narrow: true,
		Lead:  "Afterwards your account is signed out everywhere else.",
		Links: []web.Link{{Label: "Back to security", Href: "/security"}},
	})
}
