package account

import (
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// half returns the half session of a browser; identity.ErrNotFound if it has
// none.
func (h *site) half(r *http.Request) (*identity.Session, error) {
	v := web.VisitOf(r)
	token, ok := v.Cookie(r, "session")
	if !ok {
		return nil, identity.ErrNotFound
	}
	s, err := h.accounts.Session(r.Context(), v.Surface.ID, token)
	if err == nil && s.Level != identity.Half {
		return nil, identity.ErrNotFound
	}
	return s, err
}

// code asks for the second step. Without a first it leads back to it.
func (h *site) code(w http.ResponseWriter, r *http.Request) error {
	half, err := h.half(r)
	if errors.Is(err, identity.ErrNotFound) {
		http.Redirect(w, r, back(r, web.SignInPath), http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	return h.codeShow(w, r, half, attempt{})
}

// codePost takes the code.
func (h *site) codePost(w http.ResponseWriter, r *http.Request) error {
	form, values, _, err := h.sent(r, codeForm)
	if err != nil {
		return err
	}
	half, err := h.half(r)
	if err == nil {
		var token string
		var s *identity.Session
		if token, s, err = h.accounts.Code(r.Context(), half, values.Get(codeField), h.Device(r)); err == nil {
			return h.signedIn(w, r, token, s)
		}
	}
	if errors.Is(err, identity.ErrNotFound) { // too old, or too many were wrong
		web.VisitOf(r).DropCookie(w, "session")
		http.Redirect(w, r, back(r, web.SignInPath), http.StatusSeeOther)
		return nil
	}
	if t, ok := h.again(form, values, err); ok {
		return h.codeShow(w, r, half, t)
	}
	return err
}

func (h *site) codeShow(w http.ResponseWriter, r *http.Request, half *identity.Session, t attempt) error {
	form, err := h.form(w, r, codeForm, "Go on", t, nil)
	if err != nil {
		return err
	}
	form.Action = back(r, form.Action)
	page := Ask{Base: h.Base(r, "One more step", ""), Heading: "One more step", Lead: "Your account asks for a code after the password.", Forms: []web.Form{form}, Narrow: true}
	if h.accounts.MayRecover(half) {
		page.Links = []web.Link{{Label: "I have lost my telephone and my recovery codes", Href: recoverPath}}
	} else {
		page.After = "If you have lost both your telephone and your recovery codes, one of our engineers can let you in."
	}
	return h.show(w, r, t, page)
}
