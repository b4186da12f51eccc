package website

import (
	"net/http"
	"time"

	"candour/internal/rights"
	"candour/internal/web"
	"candour/internal/web/yourdata"
	"candour/policy"
)

const actPath = "/your-data/act"

// bearer is whoever has a link.
type bearer struct {
	yourdata.Holder
	right string // that was chosen when it was asked for
	until time.Time
}

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
	if err != nil {
		return nil, err
	}
	b := &bearer{yourdata.Holder{Person: link.Person, Base: actPath, Hidden: f.Hidden, Token: code, Save: "/save", Sure: "/sure"}, link.Right, link.Until}
	back := b.Act("choose", "Back to my choices", "", "")
	b.Back.Act = &back
	return b, nil
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

// pressing gives a handler whoever pressed its button.
func (h *site) pressing(fn yourdata.Acting) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		b, err := h.pressed(w, r)
		if err != nil {
			return err
		}
		return rightsError(fn(w, r, &b.Holder))
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
	return h.yourDataShowChoices(w, r, b)
}

// yourDataChoices shows what can be done.
func (h *site) yourDataChoices(w http.ResponseWriter, r *http.Request) error {
	b, err := h.pressed(w, r)
	if err != nil {
		return err
	}
	return h.yourDataShowChoices(w, r, b)
}

func (h *site) yourDataShowChoices(w http.ResponseWriter, r *http.Request, b *bearer) error {
	choices, err := h.data().Choices(r.Context(), &b.Holder)
	if err != nil {
		return rightsError(err)
	}
	page := YourDataChoices{
		Base: h.Base(r, "Your data", ""), Choices: choices, Until: b.until.In(policy.London), See: b.Act("see", "See what you hold", "", "primary"),
	}
	if right, ok := web.VisitOf(r).Policy().RightByID(b.right); ok {
		page.Asked = right.Title
	}
	h.Render(w, r, http.StatusOK, "your_data_choices", page)
	return nil
}

// yourDataSee shows what is held.
func (h *site) yourDataSee(w http.ResponseWriter, r *http.Request, b *yourdata.Holder) error {
	v, err := h.Rights.View(r.Context(), b.Person)
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "your_data_view", YourDataView{
		Base: h.Base(r, "What we hold about you", ""), Held: h.data().Held(r, b, v, v.Request.Received),
		Reference: v.Request.Reference, File: b.Act("file", "Download all of it", "", ""), Back: b.Back,
	})
	return nil
}

// yourDataCorrectPost takes a new value.
func (h *site) yourDataCorrectPost(w http.ResponseWriter, r *http.Request) error {
	values, err := h.data().CorrectSent(r)
	if err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(rights.CorrectFormID)
	if !ok {
		return web.ErrNotFound
	}
	b, err := h.bearer(w, r, values.Get(rights.TokenField(form)))
	if err != nil {
		return err
	}
	return rightsError(h.data().CorrectSave(w, r, &b.Holder, values))
}

// data are the acts that people who are signed in have too.
func (h *site) data() *yourdata.Pages { return &yourdata.Pages{Site: h.Site, Rights: h.Rights} }

// schema answers with a schema of the files.
func (h *site) schema(text []byte) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error { return answer(w, "application/schema+json", text) }
}
