package account

import (
	"net/http"

	"candour/internal/web"
)

// reset shows the form for a forgotten password.
func (h *site) reset(w http.ResponseWriter, r *http.Request) error {
	return h.resetShow(w, r, attempt{})
}

// resetPost takes it. The answer is the same whether or not the address has an
// account.
func (h *site) resetPost(w http.ResponseWriter, r *http.Request) error {
	form, values, stamp, err := h.sent(r, resetForm)
	if err == nil {
		if err = h.Stamps.Spend(stamp); err == nil {
			if err = h.accounts.AskReset(r.Context(), web.VisitOf(r).Surface.ID, values.Get(emailField)); err != nil {
				h.Stamps.Return(stamp)
			}
		}
	}
	if t, ok := h.again(form, values, err); ok {
		return h.resetShow(w, r, t)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "Please look into your mail", []string{
		"If an account signs in here with that address, we sent it an e-mail with a link for another password. The link is good for an hour.",
		"If nothing comes, look among the unwanted mail, or try the other addresses you use.",
	}, web.Link{Label: "Sign in", Href: web.SignInPath})
}

func (h *site) resetShow(w http.ResponseWriter, r *http.Request, t attempt) error {
	form, err := h.form(w, r, resetForm, "Send me the link", t, nil)
	if err != nil {
		return err
	}
	return h.show(w, r, t, Ask{
		Base: h.Base(r, "Set another password", ""), Heading: "Set another password", Forms: []web.Form{form}, Narrow: true,
		Lead:  "We send a link to your address with which you set another one.",
		Links: []web.Link{{Label: "Back to the sign-in", Href: web.SignInPath}},
	})
}

// resetFinish asks for the new password.
func (h *site) resetFinish(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get(tokenField)
	if err := h.accounts.Good(r.Context(), token); err != nil {
		return err
	}
	return h.resetFinishShow(w, r, attempt{}, token)
}

// resetFinishPost sets it.
func (h *site) resetFinishPost(w http.ResponseWriter, r *http.Request) error {
	form, values, _, err := h.sent(r, resetFinishForm)
	if err != nil {
		return err
	}
	token := values.Get(tokenField)
	err = h.accounts.Reset(r.Context(), token, values.Get(newField))
	if t, ok := h.again(form, values, err); ok {
		return h.resetFinishShow(w, r, t, token)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "Your new password is set", []string{"Your account was signed out everywhere. Please sign in with the new password."}, web.Link{Label: "Sign in", Href: web.SignInPath})
}

func (h *site) resetFinishShow(w http.ResponseWriter, r *http.Request, t attempt, token string) error {
	form, err := h.form(w, r, resetFinishForm, "Set the password", t, map[string]string{tokenField: token})
	if err != nil {
		return err
	}
	return h.show(w, r, t, Ask{Base: h.Base(r, "Choose another password", ""), Heading: "Choose another password", Forms: []web.Form{form}, Narrow: true})
}
