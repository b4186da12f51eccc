package account

import (
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// signIn shows the forms.
func (h *site) signIn(w http.ResponseWriter, r *http.Request) error {
	if me := web.VisitOf(r).Person; me != nil && me.Level == identity.Whole {
		http.Redirect(w, r, web.BackOf(r), http.StatusSeeOther)
		return nil
	}
	return h.signInShow(w, r, attempt{}, r.URL.Query().Get(tokenField))
}

// signInPost signs in with a password.
func (h *site) signInPost(w http.ResponseWriter, r *http.Request) error {
	form, values, _, err := h.sent(r, signInForm)
	if err == nil {
		var token string
		var s *identity.Session
		token, s, err = h.accounts.SignIn(r.Context(), identity.Attempt{
			Surface: web.VisitOf(r).Surface.ID, Email: values.Get(emailField), Password: values.Get(passwordField),
			Unlock: values.Get(tokenField), Device: h.Device(r),
		})
		if err == nil {
			return h.signedIn(w, r, token, s)
		}
	}
	if t, ok := h.again(form, values, err); ok {
		return h.signInShow(w, r, t, values.Get(tokenField))
	}
	return err
}

func (h *site) signInShow(w http.ResponseWriter, r *http.Request, t attempt, unlock string) error {
	v := web.VisitOf(r)
	form, err := h.form(w, r, signInForm, "Sign in", t, map[string]string{tokenField: unlock})
	if err != nil {
		return err
	}
	form.Action = back(r, form.Action)
	page := Ask{Base: h.Base(r, "Sign in", ""), Heading: "Sign in", Lead: "To the " + lower(v.Surface.Title) + ".", Forms: []web.Form{form}, Narrow: true}
	if key, err := h.passkeyForm(w, r, passkeyForm, "Sign in with a passkey"); err == nil {
		key.Action = back(r, key.Action)
		page.Forms = append(page.Forms, key)
	} else if !errors.Is(err, web.ErrNotFound) { // at another port than ours, which anybody can write
		h.Log.Warn("passkeys cannot be offered", "error", err)
	}
	page.Links = append(page.Links, web.Link{Label: "I have forgotten my password", Href: "/reset"})
	if f, ok := v.Policy().FormByID(signUpForm); ok && contains(f.Surfaces, v.Surface.ID) {
		page.Links = append(page.Links, web.Link{Label: "Open an account", Href: "/sign-up"})
	}
	return h.show(w, r, t, page)
}

// passkeyForm builds a form that the browser fills in with a passkey.
func (h *site) passkeyForm(w http.ResponseWriter, r *http.Request, id, submit string) (web.Form, error) {
	v := web.VisitOf(r)
	party, err := v.Party()
	if err != nil {
		return web.Form{}, err
	}
	question, err := h.accounts.PasskeyQuestion(party, v.Surface.ID)
	if err != nil {
		return web.Form{}, err
	}
	form, err := h.form(w, r, id, submit, attempt{}, nil)
	form.Passkey, form.Question = "get", string(question)
	return form, err
}
