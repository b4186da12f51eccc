package account

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

// people shows whose accounts somebody looks after.
func (h *site) people(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	list, err := h.accounts.Colleagues(r.Context(), me)
	if err != nil {
		return err
	}
	page := People{Base: h.Base(r, "People", ""), Staff: me.Account.Role == identity.Officer}
	for _, c := range list {
		x := PersonView{
			Role: roleWords[c.Role], Reference: c.Reference, Opened: c.Opened.In(policy.London).Format(days), Self: c.ID == me.Account.ID,
			Close: "/people/" + c.Reference + "/close", SignOut: "/people/" + c.Reference + "/sign-out",
		}
		if me.Account.Role == identity.CustomerAdministrator && c.Role == identity.CustomerUser {
			x.Appoint = "/people/" + c.Reference + "/appoint"
		}
		if !c.Email.IsZero() {
			x.Email = c.Email.Reveal()
		}
		page.People = append(page.People, x)
	}
	h.Render(w, r, http.StatusOK, "account_people", page)
	return nil
}

// invite shows the form.
func (h *site) invite(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.inviteShow(w, r, me, attempt{})
}

// invitePost takes it. The answer is the same whether or not the address has
// an account.
func (h *site) invitePost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, _, err := h.sent(r, InviteForm)
	if err == nil {
		err = h.accounts.Invite(r.Context(), me, identity.Role(values.Get(roleField)), values)
	}
	if t, ok := h.again(form, values, err); ok {
		return h.inviteShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "The invitation is on its way", []string{"It has a link with which they choose a password. It is good for a week. What you typed is kept for that and no longer."}, web.Link{Label: "Back to people", Href: "/people"})
}

func (h *site) inviteShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t attempt) error {
	form, err := h.form(w, r, InviteForm, "Send the invitation", t, nil)
	if err != nil {
		return err
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.Name != roleField {
			continue
		}
		kept := f.Options[:0]
		for _, o := range f.Options {
			if identity.MayInvite(me.Account.Role, identity.Role(o.Value)) {
				kept = append(kept, o)
			}
		}
		f.Options = kept
	}
	return h.show(w, r, t, Ask{Base: h.Base(r, "Invite somebody", ""), Heading: "Invite somebody", Forms: []web.Form{form}, Links: []web.Link{{Label: "Back to people", Href: "/people"}}})
}

// dismiss asks whether an account is to be closed.
func (h *site) dismiss(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	c, err := h.colleague(r, me)
	if err != nil {
		return err
	}
	page := Done{Base: h.Base(r, "Close an account", ""), Heading: "Close this account?"}
	name := c.Reference
	if !c.Email.IsZero() {
		name = c.Email.Reveal()
	}
	page.Words = []string{
		"The account of " + name + " will be signed out everywhere and will not sign in any more.",
		"What we hold about its person stays theirs: they are told, can still see it or have it erased, and it goes when its time is over.",
	}
	page.Confirm, page.ConfirmLabel = r.URL.Path, "Close the account"
	page.Links = []web.Link{{Label: "Leave it open", Href: "/people"}}
	h.Render(w, r, http.StatusOK, "account_done", page)
	return nil
}

func (h *site) colleague(r *http.Request, me *identity.Session) (identity.Colleague, error) {
	list, err := h.accounts.Colleagues(r.Context(), me)
	if err != nil {
		return identity.Colleague{}, err
	}
	for _, c := range list {
		if c.Reference == r.PathValue("account") && c.ID != me.Account.ID {
			return c, nil
		}
	}
	return identity.Colleague{}, web.ErrNotFound
}

// dismissPost closes it.
func (h *site) dismissPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	if err := h.accounts.Dismiss(r.Context(), me, r.PathValue("account")); err != nil {
		return err
	}
	http.Redirect(w, r, "/people", http.StatusSeeOther)
	return nil
}

// appointPost makes somebody an administrator of the firm too.
func (h *site) appointPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	if err := h.accounts.Appoint(r.Context(), me, r.PathValue("account")); err != nil {
		return err
	}
	http.Redirect(w, r, "/people", http.StatusSeeOther)
	return nil
}

// signOutPost ends the sign-ins of somebody whose account stays open.
func (h *site) signOutPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	if err := h.accounts.SignOut(r.Context(), me, r.PathValue("account")); err != nil {
		return err
	}
	http.Redirect(w, r, "/people", http.StatusSeeOther)
	return nil
}
