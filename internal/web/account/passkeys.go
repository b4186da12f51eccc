package account

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// fresh leads somebody to prove themselves first, where the gate alone cannot:
// whoever owes a second factor proved themselves by the link just followed.
func fresh(w http.ResponseWriter, r *http.Request, me *identity.Session) bool {
	if me.Fresh(web.VisitOf(r).Now) {
		return true
	}
	http.Redirect(w, r, web.WithBack(web.ProvePath, r.URL.Path), http.StatusSeeOther)
	return false
}

// passkey shows how a passkey is added.
func (h *site) passkey(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if !fresh(w, r, me) {
		return nil
	}
	return h.passkeyShow(w, r, me, attempt{})
}

// passkeyAdd keeps the one that the browser made.
func (h *site) passkeyAdd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	party, err := web.VisitOf(r).Party()
	if err != nil {
		return err
	}
	_, values, _, err := h.sent(r, addPasskeyForm)
	if err == nil {
		err = h.accounts.AddPasskey(r.Context(), party, me, []byte(values.Get(passkeyField)))
	}
	if t, ok := h.again(nil, nil, err); ok {
		t.refusal = "The passkey was not added. Please try it once more."
		return h.passkeyShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	renew(w, r, me)
	return h.done(w, r, "The passkey is added", []string{"From now on you can sign in with it, without a password. We sent you an e-mail about it."}, web.Link{Label: "Back to security", Href: "/security"})
}

func (h *site) passkeyShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t attempt) error {
	party, err := web.VisitOf(r).Party()
	if err != nil {
		return err
	}
	question, err := h.accounts.NewPasskey(r.Context(), party, me)
	if err != nil {
		return err
	}
	form, err := h.form(w, r, addPasskeyForm, "Make a passkey", t, nil)
	if err != nil {
		return err
	}
	form.Passkey, form.Question = "create", string(question)
	return h.show(w, r, t, Ask{
		Base: h.Base(r, "Add a passkey", ""), Heading: "Add a passkey", Forms: []web.Form{form}, Narrow: true,
		Lead:  "A passkey is a key on your telephone, computer or security key. You unlock it as you unlock the device; nobody can guess it, and it works with our own sites only.",
		Words: []string{"Your browser must run scripts for this."},
		Links: []web.Link{{Label: "Back to security", Href: "/security"}},
	})
}
