package account

import (
	"net/http"

	"candour/internal/web"
)

// finish asks for a password. Following the link does nothing yet: programs
// look at links in mails before people do.
func (h *site) finish(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get(tokenField)
	if err := h.accounts.Good(r.Context(), token); err != nil {
		return err
	}
	return h.finishShow(w, r, attempt{}, token)
}

// finishPost opens the account and signs its person in, if this is the surface
// that their role signs in on first.
func (h *site) finishPost(w http.ResponseWriter, r *http.Request) error {
	form, values, _, err := h.sent(r, finishForm)
	if err != nil {
		return err
	}
	token := values.Get(tokenField)
	opened, err := h.accounts.Finish(r.Context(), token, values.Get(newField), h.Device(r))
	if t, ok := h.again(form, values, err); ok {
		return h.finishShow(w, r, t, token)
	}
	if err != nil {
		return err
	}
	v := web.VisitOf(r)
	if opened.Session.Surface != v.Surface.ID {
		if s, ok := v.Policy().SurfaceByID(opened.Session.Surface); ok {
			return h.done(w, r, "Your account is open", []string{"You can sign in now."}, web.Link{Label: s.Title, Href: v.URL(s.Host, web.SignInPath)})
		}
	}
	return h.signedIn(w, r, opened.Token, opened.Session)
}

func (h *site) finishShow(w http.ResponseWriter, r *http.Request, t attempt, token string) error {
	form, err := h.form(w, r, finishForm, "Open the account", t, map[string]string{tokenField: token})
	if err != nil {
		return err
	}
	return h.show(w, r, t, Ask{
		Base: h.Base(r, "Choose a password", ""), Heading: "Choose a password", Forms: []web.Form{form}, Narrow: true,
		Lead: "The address is yours. One more step, and the account is too.",
	})
}
