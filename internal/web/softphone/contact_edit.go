package softphone

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"candour/internal/contacts"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

type policyField = policy.Field

// contactAdd shows the form of a new contact.
func (h *site) contactAdd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.contactForm(w, r, me, 0, sentCard{})
}

// sentCard is a contact's form as it was sent, to be shown again.
type sentCard struct {
	values  url.Values
	wrong   intake.FieldErrors
	status  int
	refusal string
}

// contactForm shows the form of a contact: of one that is there, or with 0 of a
// new one.
func (h *site) contactForm(w http.ResponseWriter, r *http.Request, me *identity.Session, id vault.RecordID, t sentCard) error {
	roles, err := h.bookRoles(r, me)
	if err != nil {
		return err
	}
	states, err := h.states(r, me)
	if err != nil {
		return err
	}
	if s := stateOf(states, roles.Category); s != nil && !s.Granted() {
		http.Redirect(w, r, contactsPath, http.StatusSeeOther) // it is asked there first
		return nil
	}
	title, submit, action := "New contact", "Keep the contact", addPath
	page := ContactEdit{New: id == 0, Back: contactsPath}
	if !page.New {
		title, submit, action = "Change a contact", "Keep the changes", contactsPath+"/"+strconv.FormatInt(int64(id), 10)
		page.Remove = action + "/remove"
	}
	form, err := h.Form(w, r, roles.Form.ID, submit, t.values, t.wrong, nil)
	if err != nil {
		return err
	}
	form.Title, form.Action, form.Refusal = title, action, t.refusal
	for i, f := range form.Fields {
		page.Reason, form.Fields[i] = f.Reason, compact(f)
		switch f.Name {
		case "message":
			form.Fields[i].MaxLength = contacts.MaxNote
		case "number", "mobile", "work", "home":
			form.Fields[i].Type, form.Fields[i].MaxLength = "tel", contacts.MaxNumber
		case "email":
			form.Fields[i].Type = "email"
		}
		form.Fields[i].Autocomplete = "off" // they are somebody else's
	}
	page.Base, page.Form = h.Base(r, title, ""), form
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "contact_edit", page)
	return nil
}

// contactAddPost keeps a new contact.
func (h *site) contactAddPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.contactKeep(w, r, me, 0)
}

// contact shows one contact, to be changed.
func (h *site) contact(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.bookRoles(r, me); err != nil {
		return err
	}
	card, err := h.contactOf(r, me)
	if err != nil {
		return err
	}
	return h.contactForm(w, r, me, card.ID, sentCard{values: card.Values()})
}

// contactPost keeps the changes to a contact.
func (h *site) contactPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.bookRoles(r, me); err != nil {
		return err
	}
	card, err := h.contactOf(r, me)
	if err != nil {
		return err
	}
	return h.contactKeep(w, r, me, card.ID)
}

// contactKeep keeps what was typed, or shows it again.
func (h *site) contactKeep(w http.ResponseWriter, r *http.Request, me *identity.Session, id vault.RecordID) error {
	roles, err := h.bookRoles(r, me)
	if err != nil {
		return err
	}
	values, err := h.ReadOwn(r)
	if err != nil {
		return err
	}
	var card contacts.Card
	if _, err = h.Sent(r, &roles.Form, values); err == nil {
		card, err = contacts.Read(web.VisitOf(r).Version.Compiled, values)
	}
	if err == nil {
		err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
			a := me.Access(roles.Purpose)
			if id != 0 {
				return h.Book.Change(r.Context(), tx, a, me.Account.Subject, id, card)
			}
			_, err := h.Book.Add(r.Context(), tx, a, me.Account.Subject, card)
			return err
		})
	}
	if t, again := h.again(values, err); again {
		return h.contactForm(w, r, me, id, t)
	}
	switch {
	case errors.Is(err, contacts.ErrNotFound):
		return web.ErrNotFound
	case errors.Is(err, vault.ErrNoConsent):
		http.Redirect(w, r, contactsPath, http.StatusSeeOther) // taken back meanwhile: it is asked there
		return nil
	case err != nil:
		return err
	}
	http.Redirect(w, r, contactsPath, http.StatusSeeOther)
	return nil
}

// again reports whether a form that was not taken is shown again, with what was
// typed.
func (h *site) again(values url.Values, err error) (t sentCard, again bool) {
	var fields intake.FieldErrors
	switch {
	case errors.As(err, &fields), web.IsFormRefusal(err):
		t.status, t.refusal = h.Words(err)
	case errors.Is(err, contacts.ErrFull):
		t.status, t.refusal = http.StatusConflict, "Your address book holds "+strconv.Itoa(contacts.MaxContacts)+" contacts and is full. Remove one before you add another; what you typed is still here."
	default:
		return t, false
	}
	t.values, t.wrong = values, fields
	return t, true
}

// contactRemove erases a contact.
func (h *site) contactRemove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	roles, err := h.bookRoles(r, me)
	if err != nil {
		return err
	}
	card, err := h.contactOf(r, me)
	if err != nil {
		return err
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Book.Remove(r.Context(), tx, me.Access(roles.Purpose), me.Account.Subject, card.ID)
	})
	if errors.Is(err, contacts.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, contactsPath, http.StatusSeeOther)
	return nil
}
