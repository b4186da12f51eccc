package own

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/profile"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/policy"
)

// who is the person of a session, with the address they sign in with.
func (h *site) who(r *http.Request, me *identity.Session) (profile.Who, error) {
	w := profile.Who{Subject: me.Account.Subject, Actor: me.Account.Role.Actor(), Surface: me.Surface}
	address, err := h.Accounts.Address(r.Context(), me.Account)
	if errors.Is(err, identity.ErrNotFound) {
		return w, nil
	}
	if err == nil && !address.IsZero() && me.Account.Proven {
		w.Email = address.Reveal()
	}
	return w, err
}

// sent is a form that could not be taken and is shown again.
type sent struct {
	form    string
	values  url.Values
	wrong   intake.FieldErrors
	refusal string
	status  int
}

// profile shows what a person told, and what becomes of every category.
func (h *site) profile(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.profileShow(w, r, me, sent{})
}

func (h *site) profileShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t sent) error {
	who, err := h.who(r, me)
	if err != nil {
		return err
	}
	if !declaredHere(r, profile.Details) {
		if h.beside {
			return h.profileTold(w, r, me, who)
		}
		return web.ErrNotFound
	}
	page := Profile{Base: h.Base(r, "Your details", ""), Said: said(r)}
	values := map[string]url.Values{}
	var lines []profile.Line
	var choices []people.Choice
	err = h.Choices.View(r.Context(), func(tx *store.Tx) error {
		for _, id := range []string{profile.Details, profile.AboutMe} {
			v, err := h.Profiles.Values(r.Context(), tx, who, id)
			if err != nil && !errors.Is(err, profile.ErrNotFound) {
				return err
			}
			values[id] = v
		}
		if lines, err = h.Profiles.Categories(r.Context(), tx, who); err != nil {
			return err
		}
		choices, err = h.Choices.Choices(r.Context(), tx, who.Subject, who.Actor)
		return err
	})
	if err != nil {
		return err
	}
	form, err := h.held(w, r, profile.Details, "Save", values[profile.Details], t)
	if err != nil {
		return err
	}
	page.Details, page.Filled = &form, filled(r, profile.Details, values[profile.Details])
	if page.About, err = h.about(w, r, values[profile.AboutMe], choices, t); err != nil {
		return err
	}
	page.Groups = groups(r, lines)
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "portal_profile", page)
	return nil
}

// profileTold shows the same where the policy asks nothing of people: their
// account, and what becomes of every category.
func (h *site) profileTold(w http.ResponseWriter, r *http.Request, me *identity.Session, who profile.Who) error {
	page := Profile{Base: h.Base(r, "Your details", ""), Account: []Fact{{"Account", me.Account.Reference}}}
	if a, ok := web.VisitOf(r).Policy().ActorByID(who.Actor); ok {
		page.Account = append(page.Account, Fact{"Role", a.Title})
	}
	address, err := h.Accounts.Address(r.Context(), me.Account)
	switch {
	case err == nil:
		page.Account = append(page.Account, Fact{"E-mail address", address.Reveal()})
	case !errors.Is(err, identity.ErrNotFound):
		return err
	}
	page.Account = append(page.Account, Fact{"Opened", day(me.Account.Opened)})
	err = h.Choices.View(r.Context(), func(tx *store.Tx) error {
		lines, err := h.Profiles.Categories(r.Context(), tx, who)
		page.Groups = groups(r, lines)
		return err
	})
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "portal_profile", page)
	return nil
}

// held builds a form filled in with what is held, or as it was sent.
func (h *site) held(w http.ResponseWriter, r *http.Request, id, submit string, values url.Values, t sent) (web.Form, error) {
	if t.form == id {
		f, err := h.Form(w, r, id, submit, t.values, t.wrong, nil)
		f.Refusal = t.refusal
		return f, err
	}
	return h.Form(w, r, id, submit, values, nil, nil)
}

// about is the form that rests on consent, if the policy declares it here.
func (h *site) about(w http.ResponseWriter, r *http.Request, values url.Values, choices []people.Choice, t sent) (*About, error) {
	if !declaredHere(r, profile.AboutMe) {
		return nil, nil
	}
	f, _ := web.VisitOf(r).Policy().FormByID(profile.AboutMe)
	a := &About{}
	for _, c := range choices {
		if c.Purpose.ID != f.Purpose {
			continue
		}
		a.Words, a.Given = c.Words, c.State == people.StateGiven
		a.Withdraw = "/preferences/" + c.Purpose.ID + "/no?" + url.Values{"back": {"/profile"}}.Encode()
		if a.Given {
			a.On = day(c.Since)
		}
		submit := "Agree and save"
		if a.Given {
			submit = "Save"
		}
		form, err := h.held(w, r, profile.AboutMe, submit, values, t)
		if err != nil {
			return nil, err
		}
		hash := c.Words.Hash()
		form.Action += "?" + url.Values{shownField: {hex.EncodeToString(hash[:])}}.Encode()
		a.Form, a.Filled = form, filled(r, profile.AboutMe, values)
		return a, nil
	}
	return nil, nil
}

// filled lists the fields that hold something which may be taken back.
func filled(r *http.Request, id string, values url.Values) (list []Filled) {
	f, ok := web.VisitOf(r).Policy().FormByID(id)
	if !ok {
		return nil
	}
	for _, x := range f.Fields {
		if x.Category != "" && x.Optional && values.Get(x.Name) != "" {
			list = append(list, Filled{x.Label, "/profile/remove/" + id + "/" + x.Name})
		}
	}
	return list
}

// profilePost takes the details.
func (h *site) profilePost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.save(w, r, me, profile.Details)
}

// aboutPost takes what rests on consent.
func (h *site) aboutPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.save(w, r, me, profile.AboutMe)
}

func (h *site) save(w http.ResponseWriter, r *http.Request, me *identity.Session, id string) error {
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(id)
	if !ok || !declaredHere(r, id) {
		return web.ErrNotFound
	}
	who, err := h.who(r, me)
	if err != nil {
		return err
	}
	if _, err = h.Sent(r, form, values); err == nil {
		err = h.Profiles.Save(r.Context(), profile.Submission{Who: who, Form: id, Values: values, Shown: shown(r)})
	}
	var fields intake.FieldErrors
	if errors.As(err, &fields) || web.IsFormRefusal(err) || errors.Is(err, people.ErrWords) {
		t := sent{form: id, values: values, wrong: fields}
		t.status, t.refusal = h.Words(err)
		return h.profileShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/profile?saved="+id, http.StatusSeeOther)
	return nil
}

// profileRemove takes one field back.
func (h *site) profileRemove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	who, err := h.who(r, me)
	if err != nil {
		return err
	}
	form, field := r.PathValue("form"), r.PathValue("field")
	removed, err := h.Profiles.Remove(r.Context(), who, form, field)
	if err != nil {
		return err
	}
	q := url.Values{"removed": {form + " " + field}}
	if removed.Last && removed.Consent {
		q.Set("last", "yes")
	}
	http.Redirect(w, r, "/profile?"+q.Encode(), http.StatusSeeOther)
	return nil
}

// said puts into words what the page was led to from. The address is anybody's
// to write, so only what the policy declares is said of it.
func said(r *http.Request) string {
	q, p := r.URL.Query(), web.VisitOf(r).Policy()
	switch q.Get("saved") {
	case profile.Details, profile.AboutMe:
		return "Saved."
	}
	form, field, _ := strings.Cut(q.Get("removed"), " ")
	f, ok := p.FormByID(form)
	if !ok || form != profile.Details && form != profile.AboutMe {
		return ""
	}
	x, ok := f.FieldNamed(field)
	if !ok {
		return ""
	}
	words := "Removed: " + x.Label + ". We no longer hold it here."
	if q.Get("last") != "" {
		words += " That was the last of it. Your yes still stands, in case you fill something in again; if you want to take it back too, press the button below the form."
	}
	return words
}

// declaredHere reports whether the policy shows a form on the visit's surface.
func declaredHere(r *http.Request, id string) bool {
	f, ok := web.VisitOf(r).Policy().FormByID(id)
	return ok && isHere(r, f)
}

// isHere reports whether a form is on the visit's surface.
func isHere(r *http.Request, f *policy.Form) bool {
	return contains(f.Surfaces, web.VisitOf(r).Surface.ID)
}

// rolesHere are parts of the policy in force that are found by a form; not found
// if the policy lacks one, or the form is not on the visit's surface.
func rolesHere[R any](r *http.Request, of func(*policy.Compiled) (R, error), form func(*R) *policy.Form) (R, error) {
	roles, err := of(web.VisitOf(r).Version.Compiled)
	if err != nil || !isHere(r, form(&roles)) {
		return roles, web.ErrNotFound
	}
	return roles, nil
}

// groups are the categories under their headings, in the policy's order.
func groups(r *http.Request, lines []profile.Line) []CategoryGroup {
	p := web.VisitOf(r).Policy()
	var list []CategoryGroup
	at := map[string]int{}
	for _, l := range lines {
		i, ok := at[l.Category.Group]
		if !ok {
			i = len(list)
			at[l.Category.Group] = i
			list = append(list, CategoryGroup{Title: l.Category.Group})
		}
		list[i].Rows = append(list[i].Rows, categoryRow(p, l))
	}
	return list
}

func categoryRow(p *policy.Policy, l profile.Line) CategoryRow {
	row := CategoryRow{Title: l.Category.Title, Detail: l.Category.Reason, Held: l.Held}
	where := surfaces(p, l.Where)
	from := "from " + where + ", since " + day(l.Since)
	switch l.State {
	case profile.Input:
		row.Href, row.State = "#"+l.Form+"-"+l.Field, "may be filled in above"
		if l.Held {
			row.State = from
		}
	case profile.Held:
		row.State = from
	case profile.NeverStored:
		row.State = "never stored; only used in passing"
	case profile.OnlyInApp:
		row.State = "collected only in the app, and nothing is held"
	case profile.Elsewhere:
		row.State = "collected only in " + where + ", and nothing is held"
	default:
		row.State = "not collected so far"
	}
	return row
}

// surfaces names surfaces in a sentence.
func surfaces(p *policy.Policy, ids []string) string {
	var names []string
	for _, id := range ids {
		if s, ok := p.SurfaceByID(id); ok {
			names = append(names, s.Title)
		}
	}
	return strings.Join(names, ", ")
}
