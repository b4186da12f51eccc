package own

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/rights"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/yourdata"
)

const dataPath = "/data"

// Data is the page "data": what is held, made to be read and printed, and what
// can be decided about it.
type Data struct {
	web.Base
	yourdata.Held
	Decide      yourdata.Choices
	Stale       bool   // a download asks for a proof first
	Preferences string // address of the choices; empty if they are not on this surface
	Requests    string // address of the requests
}

// holder is whoever is signed in, acting on their own data.
func (h *site) holder(r *http.Request, me *identity.Session) (*yourdata.Holder, error) {
	who, err := h.who(r, me)
	if err != nil {
		return nil, err
	}
	p, err := h.Rights.Self(r.Context(), me.Account.Subject, me.Access(""), who.Email)
	if err != nil {
		return nil, yourdata.Refusal(err)
	}
	back := yourdata.Way{Link: &web.Link{Label: "Back to your data", Href: dataPath}}
	return &yourdata.Holder{Person: p, Base: dataPath, Back: back, Ended: account.Ended}, nil
}

// holding is the handler of a page about one's own data.
func (h *site) holding(show yourdata.Acting) web.Member {
	return func(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
		b, err := h.holder(r, me)
		if err != nil {
			return err
		}
		return yourdata.Refusal(show(w, r, b))
	}
}

// acting is the handler of a button of such a page.
func (h *site) acting(act yourdata.Acting) web.Member {
	return func(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
		if err := h.ReadButton(r); err != nil {
			return err
		}
		return h.holding(act)(w, r, me)
	}
}

// data shows what is held.
func (h *site) data(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	b, err := h.holder(r, me)
	if err != nil {
		return err
	}
	pages := &yourdata.Pages{Site: h.Site, Rights: h.Rights}
	seen, err := h.Rights.Look(r.Context(), b.Person)
	if err != nil {
		return yourdata.Refusal(err)
	}
	v := web.VisitOf(r)
	page := Data{Base: h.Base(r, "Your data", ""), Held: pages.Held(r, b, seen, v.Now), Stale: !me.Fresh(v.Now), Requests: requestsPath}
	page.History = historyPath
	if page.Decide, err = pages.Choices(r.Context(), b); err != nil {
		return yourdata.Refusal(err)
	}
	if offeredOn(v.Policy(), v.Surface.ID).preferences {
		page.Preferences = "/preferences"
	}
	h.Render(w, r, http.StatusOK, "data", page)
	return nil
}

// correctPost takes a new value for a record.
func (h *site) correctPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	pages := &yourdata.Pages{Site: h.Site, Rights: h.Rights}
	values, err := pages.CorrectSent(r)
	if err != nil {
		return err
	}
	return h.holding(func(w http.ResponseWriter, r *http.Request, b *yourdata.Holder) error {
		return pages.CorrectSave(w, r, b, values)
	})(w, r, me)
}

// addressField is the name of the field of the complaint form that takes an
// e-mail address.
func addressField(r *http.Request) string {
	p := web.VisitOf(r).Policy()
	form, ok := p.FormByID(rights.ComplaintFormID)
	if !ok {
		return ""
	}
	for _, f := range form.Fields {
		if k, ok := p.CategoryByID(f.Category); ok && k.Format == "email" {
			return f.Name
		}
	}
	return ""
}
