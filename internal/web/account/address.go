package account

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// address shows the form for another e-mail address.
func (h *site) address(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	return h.addressShow(w, r, attempt{})
}

// addressPost takes it.
func (h *site) addressPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, _, err := h.sent(r, addressForm)
	if err == nil {
		err = h.accounts.AskAddress(r.Context(), me, values)
	}
	if t, ok := h.again(form, values, err); ok {
		return h.addressShow(w, r, t)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "Please look into both mailboxes", []string{
		"We sent one e-mail to the address you gave, and one to the address you sign in with. Follow the link in each; the order is no matter.",
		"Until both are confirmed nothing changes.",
	}, web.Link{Label: "Back to security", Href: "/security"})
}

func (h *site) addressShow(w http.ResponseWriter, r *http.Request, t attempt) error {
	form, err := h.form(w, r, addressForm, "Send the two e-mails", t, nil)
	if err != nil {
		return err
	}
	return h.show(w, r, t, Ask{
		Base: h.Base(r, "Change the e-mail address", ""), Heading: "Change the e-mail address", Forms: []web.Form{form}, Narrow: true,
		Links: []web.Link{{Label: "Back to security", Href: "/security"}},
	})
}

// confirmAddress shows the button of a link from one of the two mails.
func (h *site) confirmAddress(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get(tokenField)
	if err := h.accounts.Good(r.Context(), token); err != nil {
		return err
	}
	form, err := h.form(w, r, confirmForm, "Yes, change it", attempt{}, map[string]string{tokenField: token})
	if err != nil {
		return err
	}
	return h.show(w, r, attempt{}, Ask{Base: h.Base(r, "Confirm the change", ""), Heading: "Confirm the change", Lead: "The e-mail address of your account changes once both the old and the new address are confirmed.", Forms: []web.Form{form}, Narrow: true})
}

// confirmAddressPost confirms at one of the two.
func (h *site) confirmAddressPost(w http.ResponseWriter, r *http.Request) error {
	_, values, _, err := h.sent(r, confirmForm)
	if err != nil {
		return err
	}
	done, err := h.accounts.ConfirmAddress(r.Context(), values.Get(tokenField))
	if err != nil {
		return err
	}
	if !done {
		return h.done(w, r, "Thank you", []string{"This address is confirmed. Now please follow the link in the e-mail that went to the other one."})
	}
	return h.done(w, r, "Your e-mail address is changed", []string{"From now on you sign in with the new one."}, web.Link{Label: "Sign in", Href: web.SignInPath})
}
