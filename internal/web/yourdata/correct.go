package yourdata

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"candour/internal/rights"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/internal/web"
)

// Correct shows the form for one record.
func (p *Pages) Correct(w http.ResponseWriter, r *http.Request, b *Holder) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	it, err := p.Rights.Record(r.Context(), b.Person, id)
	if err != nil {
		return err
	}
	return p.correctShow(w, r, b, it, http.StatusOK, it.Value, nil)
}

// CorrectSent reads the form with a new value and checks that it is ours.
func (p *Pages) CorrectSent(r *http.Request) (url.Values, error) {
	values, err := p.ReadForm(r)
	if err != nil {
		return nil, err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(rights.CorrectFormID)
	if !ok || !correctable(r) {
		return nil, web.ErrNotFound
	}
	_, err = p.Sent(r, form, values)
	return values, err
}

// CorrectSave takes the new value. What was typed stays in the form if it
// cannot be taken.
func (p *Pages) CorrectSave(w http.ResponseWriter, r *http.Request, b *Holder, values url.Values) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	made, err := p.Rights.Rectify(r.Context(), b.Person, id, values.Get(rights.ValueField))
	var wrong intake.FieldErrors
	if errors.As(err, &wrong) {
		it, ierr := p.Rights.Record(r.Context(), b.Person, id)
		if ierr != nil {
			return ierr
		}
		status, _ := p.Words(err)
		return p.correctShow(w, r, b, it, status, values.Get(rights.ValueField), wrong)
	}
	if err != nil {
		return err
	}
	return p.done(w, r, b, made, "It is put right", "What we hold now says what you wrote.")
}

func recordOf(r *http.Request) (vault.RecordID, error) {
	id, err := strconv.ParseInt(r.PathValue("record"), 10, 64)
	if err != nil {
		return 0, web.ErrNotFound
	}
	return vault.RecordID(id), nil
}

func (p *Pages) correctShow(w http.ResponseWriter, r *http.Request, b *Holder, it rights.Item, status int, value string, wrong intake.FieldErrors) error {
	declared, ok := web.VisitOf(r).Policy().FormByID(rights.CorrectFormID)
	if !ok || !correctable(r) {
		return web.ErrNotFound
	}
	form, err := p.Form(w, r, rights.CorrectFormID, "Put it right", map[string][]string{rights.ValueField: {value}}, wrong,
		map[string]string{rights.TokenField(declared): b.Token})
	if err != nil {
		return err
	}
	form.Kept = it.Retention // as what it replaces
	form.Action = b.Base + "/correct/" + it.ID + b.Save
	for i := range form.Fields {
		form.Fields[i].Type, form.Fields[i].MaxLength = "textarea", intake.MaxMessage
	}
	if wrong != nil {
		form.Refusal = "Please look at the marked field. Nothing was changed."
	}
	p.Render(w, r, status, "your_data_correct", Correct{Base: p.Base(r, "Put it right", ""), What: it.Title, Form: form, Back: b.Back})
	return nil
}
