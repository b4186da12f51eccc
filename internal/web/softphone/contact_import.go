package softphone

import (
	"errors"
	"net/http"
	"strconv"

	"candour/internal/contacts"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web"
)

// importField is the field of the form that takes the file.
const importField = "cards"

// contactImport shows the form that takes a file of contacts.
func (h *site) contactImport(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.importShow(w, r, me, nil, 0, "")
}

func (h *site) importShow(w http.ResponseWriter, r *http.Request, me *identity.Session, report *ImportReport, status int, refusal string) error {
	roles, err := h.bookRoles(r, me)
	if err != nil {
		return err
	}
	states, err := h.states(r, me)
	if err != nil {
		return err
	}
	if s := stateOf(states, roles.Category); s != nil && !s.Granted() {
		http.Redirect(w, r, contactsPath, http.StatusSeeOther)
		return nil
	}
	form, err := h.Form(w, r, "contact-import", "Bring them in", nil, nil, nil)
	if err != nil {
		return err
	}
	form.Action, form.Refusal, form.Upload = importPath, refusal, true
	for i := range form.Fields {
		form.Fields[i].Type, form.Fields[i].MaxLength, form.Fields[i].Accept = "file", 0, ".vcf,.vcard,text/vcard,text/x-vcard"
	}
	if status == 0 {
		status = http.StatusOK
	}
	h.Render(w, r, status, "contact_import", ContactImport{
		Base: h.Base(r, "Bring contacts in", ""), Form: form, Report: report, Most: contacts.MaxContacts, Size: sizeWords(contacts.MaxFile), Back: contactsPath,
	})
	return nil
}

// contactImportPost takes the file, and tells what became of it.
func (h *site) contactImportPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := h.bookRoles(r, me)
	if err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID("contact-import")
	if !ok {
		return web.ErrNotFound
	}
	values, file, err := h.ReadUpload(w, r, importField, contacts.MaxFile)
	if errors.Is(err, web.ErrTooLarge) {
		return h.importShow(w, r, me, nil, http.StatusRequestEntityTooLarge, "That file is larger than "+sizeWords(contacts.MaxFile)+". Export fewer contacts at a time, or leave the photos out.")
	}
	if err == nil {
		_, err = h.Sent(r, form, values)
	}
	if err != nil && web.IsFormRefusal(err) {
		status, refusal := h.Words(err)
		return h.importShow(w, r, me, nil, status, refusal)
	}
	if err != nil {
		return err
	}
	if file.Data == nil {
		return h.importShow(w, r, me, nil, http.StatusUnprocessableEntity, "Please choose a file first.")
	}
	var got contacts.Report
	err = h.Store.Update(r.Context(), func(tx *store.Tx) (err error) {
		got, err = h.Book.Import(r.Context(), tx, me.Access(roles.Purpose), me.Account.Subject, file.Data)
		return err
	})
	switch {
	case errors.Is(err, contacts.ErrFile):
		return h.importShow(w, r, me, nil, http.StatusUnprocessableEntity, "That is no vCard file that we can read, or it has more than "+strconv.Itoa(contacts.MaxCards)+" contacts. Nothing was kept.")
	case errors.Is(err, vault.ErrNoConsent):
		http.Redirect(w, r, contactsPath, http.StatusSeeOther)
		return nil
	case err != nil:
		return err
	}
	return h.importShow(w, r, me, reportView(got), 0, "")
}

func reportView(r contacts.Report) *ImportReport {
	view := &ImportReport{Added: r.Added, Changed: r.Changed, Same: r.Same}
	for _, n := range r.Not {
		view.Not = append(view.Not, NotTakenView(n))
	}
	for _, l := range r.Left {
		words := l.What + ", of " + strconv.Itoa(l.Cards) + " contacts"
		if l.Cards == 1 {
			words = l.What + ", of one contact"
		}
		view.Left = append(view.Left, words)
	}
	return view
}

// sizeWords says a size as people do.
func sizeWords(octets int) string {
	if octets < 1<<20 {
		return strconv.Itoa(octets>>10) + " kB"
	}
	return strconv.Itoa(octets>>20) + " MB"
}
