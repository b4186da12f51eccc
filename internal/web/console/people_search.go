package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// peopleSearch shows the form.
func (h *site) peopleSearch(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.searchShow(w, r, me, attempt{})
}

// peopleSearchPost finds a person and leads to their page. What was typed
// stands in no address and in no log.
func (h *site) peopleSearchPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, err := h.sent(r, findForm)
	var q question
	if err == nil {
		q, err = h.question(r, form, values)
	}
	if t, ok := h.again(values, err); ok {
		return h.searchShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	found, err := h.findOrTell(r.Context(), me, q)
	if err != nil {
		return err
	}
	until := web.VisitOf(r).Now.Add(passLasts)
	switch len(found) {
	case 0:
		return h.searchShow(w, r, me, attempt{values: values, status: http.StatusNotFound, refusal: "Nobody was found whom you may see for this."})
	case 1:
		http.Redirect(w, r, "/person/"+h.passes.make(me, pass{found[0], q.purpose, until}), http.StatusSeeOther)
		return nil
	}
	page := PeopleFound{Base: h.Base(r, "Several people", "")}
	for i, s := range found {
		x := FoundView{Number: i + 1, Href: "/person/" + h.passes.make(me, pass{s, q.purpose, until})}
		if x.Reference, err = h.reference(r.Context(), s); err != nil {
			return err
		}
		page.People = append(page.People, x)
	}
	h.Render(w, r, http.StatusOK, "console_people_found", page)
	return nil
}

// question is whom somebody looks for, and why. It is personal data and is
// handed on, never printed.
type question struct {
	purpose         string
	category, value string // or
	reference       string
}

// question reads the form. Exactly one of its fields finds.
func (h *site) question(r *http.Request, form *policy.Form, values url.Values) (q question, err error) {
	answers, err := intake.Read(web.VisitOf(r).Policy(), *form, values)
	if err != nil {
		return q, err
	}
	given, first := 0, ""
	for _, f := range form.Fields {
		if f.Category == "" && f.Name != referenceField {
			continue
		}
		if first == "" {
			first = f.Name
		}
		value := answers.Value(f.Name)
		if value == "" {
			continue
		}
		given++
		if f.Name == referenceField {
			q.reference = value
		} else {
			q.category, q.value = f.Category, value
		}
	}
	q.purpose = answers.Value(purposeField)
	if given != 1 {
		f, _ := form.FieldNamed(first)
		return q, intake.FieldErrors{{Field: f.Name, Label: f.Label, Message: "Please fill in one of these fields, and only one."}}
	}
	return q, nil
}

// findOrTell is find that leaves an entry of evidence where nobody is found, so
// that whoever tries addresses at random is seen. It says who looked by role,
// for what, and by which kind of detail: not what was typed, nor a hash of it,
// which whoever has an address could compute.
func (h *site) findOrTell(ctx context.Context, me *identity.Session, q question) ([]keys.SubjectID, error) {
	found, kind, err := h.find(ctx, me, q)
	if err != nil || len(found) > 0 {
		return found, err
	}
	c := h.InForce().Compiled
	body := evidence.Body{Kind: kind, At: h.Now(), Actor: me.Account.Role.Actor(), Surface: me.Surface, Category: q.category, Policy: c.Policy().Version}
	if q.reference != "" {
		body.Code = byReference
	}
	if _, declared := c.Purpose(q.purpose); declared {
		body.Purpose = q.purpose
	}
	return nil, h.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := h.Evidence.Append(ctx, tx, body)
		return err
	})
}

// find returns the people that are meant, each once, and which kind of evidence
// it is that nobody was found. Whom the role may not look for, and whom it would
// see nothing of for want of consent, is nobody.
func (h *site) find(ctx context.Context, me *identity.Session, q question) (found []keys.SubjectID, kind evidence.Kind, err error) {
	c := h.InForce().Compiled
	if !acts(c, me.Account.Role, q.purpose) {
		return nil, evidence.SearchRefused, nil
	}
	kind = evidence.SearchEmpty
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		people, err := h.people(ctx, tx, me, q)
		if refused(err) {
			kind = evidence.SearchRefused
			return nil
		}
		if err != nil {
			return err
		}
		for _, s := range people {
			st, err := h.Vault.Standing(ctx, tx, s)
			if errors.Is(err, vault.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if concerns(c, me.Account.Role, q.purpose, st) {
				found = append(found, s)
			}
		}
		return nil
	})
	return found, kind, err
}

func (h *site) people(ctx context.Context, tx *store.Tx, me *identity.Session, q question) ([]keys.SubjectID, error) {
	if q.reference == "" {
		return h.Vault.Find(ctx, tx, access(me, q.purpose), q.category, q.value)
	}
	x, err := h.Accounts.ByReference(ctx, tx, q.reference)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := h.Vault.Root(ctx, tx, x.Subject)
	return []keys.SubjectID{s}, err
}

// concerns reports whether a person is anything to a role for a purpose: it may
// see something, or would if they had not decided otherwise, which it must be
// told. Who never agreed to a use is nobody to those who work for it.
func concerns(c *policy.Compiled, r identity.Role, purpose string, st policy.Standing) bool {
	who, aok := c.Actor(r.Actor())
	p, pok := c.Purpose(purpose)
	if !aok || !pok {
		return false
	}
	for _, k := range c.Policy().Categories {
		i, ok := c.Category(k.ID)
		if !ok {
			continue
		}
		switch c.Use(who, i, p, st) {
		case policy.Allowed, policy.Restricted, policy.Objected, policy.ShutOut:
			return true
		}
	}
	return false
}

// refused reports whether an error is a refusal of the vault's doors.
func refused(err error) bool {
	for _, e := range []error{vault.ErrPurpose, vault.ErrUndeclared, vault.ErrNoConsent, vault.ErrRestricted, vault.ErrObjected, vault.ErrShutOut} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// reference is that of a person's account; empty if they have none.
func (h *site) reference(ctx context.Context, s keys.SubjectID) (ref string, err error) {
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		x, err := h.Accounts.Of(ctx, tx, s)
		ref = x.Reference
		if errors.Is(err, identity.ErrNotFound) {
			return nil
		}
		return err
	})
	return ref, err
}

// searchShow answers with the form: only the purposes of the role are offered,
// and the browser fills in nothing, for it knows only the one who looks.
func (h *site) searchShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t attempt) error {
	form, err := h.Form(w, r, findForm, "Find", t.values, t.wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal, form.Purpose, form.Kept = t.refusal, "", ""
	options := offered(h.InForce().Compiled, me.Account.Role)
	for i := range form.Fields {
		f := &form.Fields[i]
		f.Autocomplete = "off"
		switch {
		case f.Name == purposeField:
			f.Options = nil
			for _, o := range options {
				f.Options = append(f.Options, web.FieldOption{Value: o.Value, Label: o.Label, Selected: o.Value == t.values.Get(purposeField)})
			}
		case f.Without != "":
			f.Without = "" // it is about the person who is asked
			f.Describes = strings.TrimSpace(strings.ReplaceAll(f.Describes, f.ID+"-without", ""))
		}
	}
	page := PeopleSearch{Base: h.Base(r, "Find a person", ""), Form: form}
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "console_people_search", page)
	return nil
}
