package account

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// prove asks whoever is signed in to show that it is still them.
func (h *site) prove(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	return h.proveShow(w, r, attempt{})
}

// provePost takes a password, and a code where there is an authenticator.
func (h *site) provePost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, _, err := h.sent(r, proveForm)
	if err == nil {
		err = h.accounts.Prove(r.Context(), me, identity.Proof{Password: values.Get(passwordField), Code: values.Get(codeField)})
	}
	if t, ok := h.again(form, values, err); ok {
		return h.proveShow(w, r, t)
	}
	if err != nil {
		return err
	}
	renew(w, r, me)
	http.Redirect(w, r, web.BackOf(r), http.StatusSeeOther)
	return nil
}

func (h *site) proveShow(w http.ResponseWriter, r *http.Request, t attempt) error {
	form, err := h.form(w, r, proveForm, "Go on", t, nil)
	if err != nil {
		return err
	}
	form.Action = back(r, form.Action)
	page := Ask{
		Base: h.Base(r, "Is it you?", ""), Heading: "Is it you?", Forms: []web.Form{form}, Narrow: true,
		Lead: "What you are about to do must not happen behind your back, so please show once more that it is you. It holds for ten minutes.",
	}
	if key, err := h.passkeyForm(w, r, provePasskeyForm, "Show it with a passkey"); err == nil {
		key.Action = back(r, key.Action)
		page.Forms = append(page.Forms, key)
	}
	return h.show(w, r, t, page)
}
