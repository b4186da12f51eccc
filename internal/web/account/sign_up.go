package account

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/support/intake"
	"candour/internal/web"
)

const signUpLabel = "Send me the link"

// offered reports whether a form is declared for the surface of a request.
func offered(r *http.Request, id string) bool {
	v := web.VisitOf(r)
	f, ok := v.Policy().FormByID(id)
	return ok && contains(f.Surfaces, v.Surface.ID)
}

// signUp shows the form.
func (h *site) signUp(w http.ResponseWriter, r *http.Request) error {
	if !offered(r, signUpForm) {
		return web.ErrNotFound
	}
	return h.signUpShow(w, r, attempt{})
}

// signUpPost takes it. The answer is the same whether or not the address has
// an account.
func (h *site) signUpPost(w http.ResponseWriter, r *http.Request) error {
	if !offered(r, signUpForm) {
		return web.ErrNotFound
	}
	v := web.VisitOf(r)
	form, values, stamp, err := h.sent(r, signUpForm)
	if err == nil {
		_, err = intake.Read(v.Policy(), *form, values)
	}
	if err == nil {
		if err = h.Stamps.Spend(stamp); err == nil {
			if err = h.signUpAct(r, values); err != nil {
				h.Stamps.Return(stamp)
			}
		}
	}
	if t, ok := h.again(form, values, err); ok {
		return h.signUpShow(w, r, t)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "Please look into your mail", []string{
		"We sent an e-mail to the address you gave. It has a link with which you choose a password; then the account is yours.",
		"It can take a minute. If nothing comes, look among the unwanted mail, or see whether the address was right. Until you follow the link nothing is opened, and what you typed is erased within days.",
	}, web.Link{Label: "Sign in", Href: web.SignInPath})
}

func (h *site) signUpAct(r *http.Request, values map[string][]string) error {
	v := web.VisitOf(r)
	wording, err := h.FormWording(r, signUpForm, signUpLabel)
	if err != nil {
		return err
	}
	return h.accounts.SignUp(r.Context(), identity.SignUp{Form: values, Surface: v.Surface.ID, Policy: v.Version.Number, Wording: wording})
}

func (h *site) signUpShow(w http.ResponseWriter, r *http.Request, t attempt) error {
	form, err := h.form(w, r, signUpForm, signUpLabel, t, nil)
	if err != nil {
		return err
	}
	return h.show(w, r, t, Ask{
		Base: h.Base(r, "Open an account", ""), Heading: "Open an account", Forms: []web.Form{form},
		Lead:  "With an account you see and control everything we hold about you.",
		Words: []string{"By opening one you go on under our privacy notice as it stands today. If you disagree with it, please do not open an account."},
		Links: []web.Link{{Label: "I have an account", Href: web.SignInPath}, {Label: "Privacy notice", Href: web.VisitOf(r).URL("", web.PrivacyPath)}},
	})
}
