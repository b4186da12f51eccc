package website

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"candour/internal/rights"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// done answers that something was done.
func (h *site) done(w http.ResponseWriter, r *http.Request, b *bearer, made rights.Request, heading string, words ...string) error {
	back := b.back()
	page := YourDataDone{Base: h.Base(r, heading, ""), Heading: heading, Words: words, Reference: made.Reference, Back: &back}
	h.Render(w, r, http.StatusOK, "your_data_done", page)
	return nil
}

// deciding is the handler of a decision about everything.
func (h *site) deciding(decide func(context.Context, rights.Person) (rights.Request, error), heading string, words ...string) acting {
	return func(w http.ResponseWriter, r *http.Request, b *bearer) error {
		made, err := decide(r.Context(), b.Person)
		if err != nil {
			return err
		}
		return h.done(w, r, b, made, heading, words...)
	}
}

// aboutPurpose is the handler of a decision about the purpose in the path.
func (h *site) aboutPurpose(decide func(context.Context, rights.Person, string) (rights.Request, error), heading, words string) acting {
	return func(w http.ResponseWriter, r *http.Request, b *bearer) error {
		purpose := r.PathValue("purpose")
		made, err := decide(r.Context(), b.Person, purpose)
		if err != nil {
			return err
		}
		title := purpose
		if q, ok := web.VisitOf(r).Policy().PurposeByID(purpose); ok {
			title = q.Title
		}
		return h.done(w, r, b, made, heading, title+": "+words)
	}
}

func (h *site) object(stands bool) func(context.Context, rights.Person, string) (rights.Request, error) {
	return func(ctx context.Context, p rights.Person, purpose string) (rights.Request, error) {
		return h.Rights.Object(ctx, p, purpose, stands)
	}
}

// yourDataCorrect shows the form for one record.
func (h *site) yourDataCorrect(w http.ResponseWriter, r *http.Request, b *bearer) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	it, err := h.Rights.Record(r.Context(), b.Person, id)
	if err != nil {
		return err
	}
	return h.correctShow(w, r, b, it, http.StatusOK, it.Value, nil)
}

// yourDataCorrectPost takes the new value. What was typed stays in the form if
// it cannot be taken.
func (h *site) yourDataCorrectPost(w http.ResponseWriter, r *http.Request) error {
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(rights.CorrectFormID)
	if !ok {
		return web.ErrNotFound
	}
	if _, err := h.Sent(r, form, values); err != nil {
		return err
	}
	b, err := h.bearer(w, r, values.Get(rights.TokenField(form)))
	if err != nil {
		return err
	}
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	made, err := h.Rights.Rectify(r.Context(), b.Person, id, values.Get(rights.ValueField))
	var wrong intake.FieldErrors
	if errors.As(err, &wrong) {
		it, ierr := h.Rights.Record(r.Context(), b.Person, id)
		if ierr != nil {
			return rightsError(ierr)
		}
		status, _ := h.Words(err)
		return h.correctShow(w, r, b, it, status, values.Get(rights.ValueField), wrong)
	}
	if err != nil {
		return rightsError(err)
	}
	return h.done(w, r, b, made, "It is put right", "What we hold now says what you wrote.")
}

func recordOf(r *http.Request) (vault.RecordID, error) {
	id, err := strconv.ParseInt(r.PathValue("record"), 10, 64)
	if err != nil {
		return 0, web.ErrNotFound
	}
	return vault.RecordID(id), nil
}

func (h *site) correctShow(w http.ResponseWriter, r *http.Request, b *bearer, it rights.Item, status int, value string, wrong intake.FieldErrors) error {
	declared, ok := web.VisitOf(r).Policy().FormByID(rights.CorrectFormID)
	if !ok {
		return web.ErrNotFound
	}
	form, err := h.Form(w, r, rights.CorrectFormID, "Put it right", map[string][]string{rights.ValueField: {value}}, wrong,
		map[string]string{rights.TokenField(declared): b.code})
	if err != nil {
		return err
	}
	form.Kept = it.Retention // as what it replaces
	form.Action = actPath + "/correct/" + it.ID + "/save"
	for i := range form.Fields {
		form.Fields[i].Type, form.Fields[i].MaxLength = "textarea", intake.MaxMessage
	}
	if wrong != nil {
		form.Refusal = "Please look at the marked field. Nothing was changed."
	}
	h.Render(w, r, status, "your_data_correct", YourDataCorrect{Base: h.Base(r, "Put it right", ""), What: it.Title, Form: form, Back: b.back()})
	return nil
}

// yourDataErase says what an erasure would leave, and asks again.
func (h *site) yourDataErase(w http.ResponseWriter, r *http.Request, b *bearer) error {
	kept, err := h.Rights.Keeping(r.Context(), b.Person)
	if err != nil {
		return err
	}
	page := YourDataErase{Base: h.Base(r, "Erase your data", ""), Kept: kept, Erase: b.act("erase/sure", "Yes, erase my data", "", "danger"), Back: b.back()}
	page.Held = heldTitle(web.VisitOf(r).Policy())
	h.Render(w, r, http.StatusOK, "your_data_erase", page)
	return nil
}

// heldTitle says how long requests are kept, in the policy's words.
func heldTitle(p *policy.Policy) string {
	form, ok := p.FormByID(rights.FormID)
	if !ok {
		return ""
	}
	if q, ok := p.PurposeByID(form.Purpose); ok && len(q.Uses) > 0 {
		if class, ok := p.RetentionByID(q.Uses[0].Retention); ok {
			return class.Title
		}
	}
	return ""
}

// yourDataErased erases.
func (h *site) yourDataErased(w http.ResponseWriter, r *http.Request, b *bearer) error {
	made, err := h.Rights.Erase(r.Context(), b.Person)
	if errors.Is(err, rights.ErrNothing) {
		page := YourDataDone{Base: h.Base(r, "Nothing is left to erase", ""), Heading: "Nothing is left to erase", Words: []string{
			"What we still hold is what a law makes us keep: that you asked us before, and the address our answer went to.",
		}}
		back := b.back()
		page.Back = &back
		h.Render(w, r, http.StatusOK, "your_data_done", page)
		return nil
	}
	if err != nil {
		return err
	}
	page := YourDataDone{
		Base: h.Base(r, "Your data is erased", ""), Heading: "Your data is erased", Reference: made.Reference, Kept: made.Kept,
		Words:   []string{"Nothing of it opens any more. We have sent a confirmation to your address, with the link to a receipt."},
		Receipt: rights.ReceiptPath + "?" + rights.ReceiptAs + "=" + made.Receipt,
	}
	h.Render(w, r, http.StatusOK, "your_data_done", page)
	return nil
}
