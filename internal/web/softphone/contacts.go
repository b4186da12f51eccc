package softphone

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"candour/internal/contacts"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web"
)

// Paths of the address book.
const (
	contactsPath = "/contacts"
	findPath     = contactsPath + "/find"
	addPath      = contactsPath + "/add"
	importPath   = contactsPath + "/import"
	exportPath   = contactsPath + "/export"
	namesPath    = contactsPath + "/names"
)

// bookRoles are those of address books for whoever is signed in; not found where
// their role keeps none.
func (h *site) bookRoles(r *http.Request, me *identity.Session) (contacts.Roles, error) {
	c := web.VisitOf(r).Version.Compiled
	roles, err := contacts.RolesOf(c)
	if err != nil || h.Book == nil || !roles.May(c, me.Account.Role.Actor()) {
		return roles, web.ErrNotFound
	}
	return roles, nil
}

// book are the contacts of whoever is signed in.
func (h *site) book(r *http.Request, me *identity.Session) (list []contacts.Card, err error) {
	if _, err := h.bookRoles(r, me); err != nil {
		return nil, nil
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		list, err = h.Book.List(r.Context(), tx, me.Account.Subject)
		return err
	})
	return list, err
}

// contacts shows the address book of whoever is signed in.
func (h *site) contacts(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.contactsShow(w, r, me, "", nil)
}

// contactsFind shows the contacts in which something stands. What was typed
// stands in no address and in no log.
func (h *site) contactsFind(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.bookRoles(r, me); err != nil {
		return err
	}
	values, question, err := h.looked(r, "contact-find")
	if err != nil {
		return err
	}
	return h.contactsShow(w, r, me, question, values)
}

// unreadable is what nobody is called, and no number is.
const unreadable = "\x00"

// looked reads a form of one field with which something is looked for. An empty
// one looks for everything.
func (h *site) looked(r *http.Request, id string) (values url.Values, question string, err error) {
	form, ok := web.VisitOf(r).Policy().FormByID(id)
	if !ok {
		return nil, "", web.ErrNotFound
	}
	if values, err = h.ReadOwn(r); err != nil {
		return nil, "", err
	}
	if _, err := h.Sent(r, form, values); err != nil {
		return nil, "", err
	}
	for _, f := range form.Fields {
		if f.Category == "" {
			continue
		}
		f.Optional = true
		form := *form
		form.Fields = []policyField{f}
		answers, err := intake.Read(web.VisitOf(r).Policy(), form, values)
		if err != nil {
			return values, unreadable, nil // it finds nothing, and is shown again
		}
		return values, answers.Value(f.Name), nil
	}
	return values, "", nil
}

func (h *site) contactsShow(w http.ResponseWriter, r *http.Request, me *identity.Session, question string, values url.Values) error {
	roles, err := h.bookRoles(r, me)
	if err != nil {
		return err
	}
	states, err := h.states(r, me)
	if err != nil {
		return err
	}
	page := Contacts{
		Base: h.Base(r, "Contacts", ""), Kept: h.Kept(r, roles.Form.ID), Style: h.Asset("phone.css"), Script: h.Asset("contacts.js"),
		Permit: permit(states, "May the app keep your contacts?", contactsPath, roles.Category), People: h.directoryFor(r, me),
	}
	if page.Permit != nil {
		h.Render(w, r, http.StatusOK, "contacts", page)
		return nil
	}
	if s := stateOf(states, roles.Category); s != nil {
		page.Revoke = permissionsPath + "#permission-" + s.Permission.ID
	}
	list, err := h.book(r, me)
	if err != nil {
		return err
	}
	page.All = len(list)
	if page.Find, err = h.Form(w, r, "contact-find", "Find", values, nil, nil); err != nil {
		return err
	}
	page.Find.Action = findPath
	if question != "" {
		list, page.Looked = contacts.Find(list, question), true
	}
	for _, c := range list {
		page.Contacts = append(page.Contacts, contactView(c))
	}
	h.Render(w, r, http.StatusOK, "contacts", page)
	return nil
}

func contactView(c contacts.Card) ContactView {
	at := contactsPath + "/" + strconv.FormatInt(int64(c.ID), 10)
	view := ContactView{Name: c.Name, Company: c.Company, Email: c.Email, Note: c.Note, Edit: at}
	for i, n := range c.Numbers() {
		x := NumberView{Label: n.Label, Number: n.Value, Call: dialAddress(n.Value)}
		if telecom.IsExtension(n.Value) {
			x.Write = at + "/write/" + strconv.Itoa(i)
		}
		view.Numbers = append(view.Numbers, x)
	}
	return view
}

// contactOf is the contact that an address names.
func (h *site) contactOf(r *http.Request, me *identity.Session) (card contacts.Card, err error) {
	id, ok := web.ID(r.PathValue("contact"))
	if !ok {
		return card, web.ErrNotFound
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		card, err = h.Book.Get(r.Context(), tx, me.Account.Subject, vault.RecordID(id))
		return err
	})
	if errors.Is(err, contacts.ErrNotFound) {
		err = web.ErrNotFound
	}
	return card, err
}

// contactNames tells the phone on the page which names belong to which numbers:
// those of one's own contacts, and of colleagues who chose to be found. They are
// compared in the page; who calls is told to nobody.
func (h *site) contactNames(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	type named struct {
		Name   string `json:"name"`
		Number string `json:"number"`
		Key    string `json:"key"`
		From   string `json:"from"` // contacts or directory
	}
	list, err := h.book(r, me)
	if err != nil {
		return err
	}
	names := []named{}
	for _, c := range list {
		for _, n := range c.Numbers() {
			names = append(names, named{c.Name, n.Value, contacts.Key(n.Value), "contacts"})
		}
	}
	people, err := h.colleagues(r, me)
	if err != nil {
		return err
	}
	for _, p := range people {
		if !slices.ContainsFunc(names, func(n named) bool { return n.Key == p.Extension }) {
			names = append(names, named{p.Name, p.Extension, p.Extension, "directory"})
		}
	}
	body, err := json.Marshal(names)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client has gone
	return nil
}

// contactExport hands out the address book as a file.
func (h *site) contactExport(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.bookRoles(r, me); err != nil {
		return err
	}
	list, err := h.book(r, me)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/vcard; charset=utf-8")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "contacts.vcf"}))
	_, _ = w.Write(contacts.Export(list)) // the client has gone
	return nil
}
