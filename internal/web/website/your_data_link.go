package website

import (
	"net/http"

	"candour/internal/rights"
	"candour/internal/web"
)

const actPath = "/your-data/act"

// bearer is whoever has a link, with what each of their buttons carries.
type bearer struct {
	rights.Link
	code   string
	hidden []web.HiddenField
}

// act is a button of theirs.
func (b *bearer) act(what, label, about, look string) web.Act {
	return web.Act{Action: actPath + "/" + what, Label: label, About: about, Look: look, Hidden: b.hidden}
}

func (b *bearer) back() web.Act { return b.act("choose", "Back to my choices", "", "") }

// bearer finds whom a code is of, and makes what their buttons carry.
func (h *site) bearer(w http.ResponseWriter, r *http.Request, code string) (*bearer, error) {
	h.Private(w, r)
	form, ok := web.VisitOf(r).Policy().FormByID(rights.ActFormID)
	if !ok {
		return nil, web.ErrNotFound
	}
	link, err := h.Rights.Enter(r.Context(), code)
	if err != nil {
		return nil, rightsError(err)
	}
	f, err := h.Form(w, r, rights.ActFormID, "", nil, nil, map[string]string{rights.TokenField(form): code})
	return &bearer{link, code, f.Hidden}, err
}

// pressed reads a button of a bearer's and finds whose it is.
func (h *site) pressed(w http.ResponseWriter, r *http.Request) (*bearer, error) {
	values, err := h.ReadForm(r)
	if err != nil {
		return nil, err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(rights.ActFormID)
	if !ok {
		return nil, web.ErrNotFound
	}
	if _, err := h.Sent(r, form, values); err != nil {
		return nil, err
	}
	return h.bearer(w, r, values.Get(rights.TokenField(form)))
}

// Acting is the handler of a button of a bearer's.
type acting func(w http.ResponseWriter, r *http.Request, b *bearer) error

// pressing gives a handler whoever pressed its button.
func (h *site) pressing(fn acting) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		b, err := h.pressed(w, r)
		if err != nil {
			return err
		}
		return rightsError(fn(w, r, b))
	}
}

// yourDataLink opens a link. It shows what can be done, and nothing of what is
// held; only here does the code stand in the address.
func (h *site) yourDataLink(w http.ResponseWriter, r *http.Request) error {
	form, ok := web.VisitOf(r).Policy().FormByID(rights.ActFormID)
	if !ok {
		return web.ErrNotFound
	}
	b, err := h.bearer(w, r, r.URL.Query().Get(rights.TokenField(form)))
	if err != nil {
		return err
	}
	return rightsError(h.yourDataChoices(w, r, b))
}

// yourDataChoices shows what can be done.
func (h *site) yourDataChoices(w http.ResponseWriter, r *http.Request, b *bearer) error {
	c, err := h.Rights.Choices(r.Context(), b.Person)
	if err != nil {
		return err
	}
	page := YourDataChoices{
		Base: h.Base(r, "Your data", ""), Until: b.Until.In(london), Records: c.Records, Restricted: c.Restricted,
		See: b.act("see", "See what you hold", "", "primary"), File: b.act("file", "Download all of it", "", ""),
		Take:     []web.Act{b.act("take/json", "Download as JSON", "", "small"), b.act("take/csv", "Download as a table (CSV)", "", "small")},
		Restrict: b.act("restrict", "Keep it, but do not use it", "", ""), Erase: b.act("erase", "Erase my data …", "", "danger"),
	}
	if c.Restricted {
		page.Restrict = b.act("lift", "You may use it again", "", "")
	}
	if right, ok := web.VisitOf(r).Policy().RightByID(b.Right); ok {
		page.Asked = right.Title
	}
	for _, x := range c.Object {
		act := b.act("object/"+x.Purpose, "Object", "to: "+x.Title, "small")
		if x.Made {
			act = b.act("allow/"+x.Purpose, "Take the objection back", "to: "+x.Title, "small")
		}
		page.Object = append(page.Object, ChoiceView{x.Title, x.Description, x.Made, act})
	}
	for _, x := range c.Withdraw {
		page.Withdraw = append(page.Withdraw, ChoiceView{x.Title, x.Description, false, b.act("withdraw/"+x.Purpose, "Take back my yes", "to: "+x.Title, "small")})
	}
	h.Render(w, r, http.StatusOK, "your_data_choices", page)
	return nil
}
