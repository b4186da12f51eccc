package softphone

import (
	"errors"
	"net/http"
	"net/url"

	"candour/internal/identity"
	"candour/internal/support"
	"candour/internal/support/intake"
	"candour/internal/web"
)

// qualityPath is the page about how calls sounded on this device. Its form is
// the policy's form quality.
const (
	qualityPath = "/quality"
	qualityForm = "quality"
)

// Quality is the page "quality". What is in the notes only the browser knows.
type Quality struct {
	web.Base
	Script, Style string
	Stopped       bool      // they do not want the state of their phone and network seen: no notes are kept
	Form          *web.Form // nil where nobody takes the notes
	Reference     string    // of what was sent a moment ago; empty if nothing was
}

// quality shows the page.
func (h *site) quality(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.qualityShow(w, r, me, http.StatusOK, nil, nil, "")
}

// qualityPost takes the notes, as the person left them, to the support.
func (h *site) qualityPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	v := web.VisitOf(r)
	form, ok := v.Policy().FormByID(qualityForm)
	if !ok || h.Support == nil {
		return web.ErrNotFound
	}
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	var answers intake.Answers
	if _, err = h.Sent(r, form, values); err == nil {
		answers, err = intake.Read(v.Policy(), *form, values)
	}
	if err == nil && len(answers) == 0 {
		f := form.Fields[0]
		err = intake.FieldErrors{{Field: f.Name, Label: f.Label, Message: "There is nothing in it yet. Make a call first, or write what was wrong."}}
	}
	var fields intake.FieldErrors
	if errors.As(err, &fields) || web.IsFormRefusal(err) {
		status, words := h.Words(err)
		return h.qualityShow(w, r, me, status, values, fields, words)
	}
	if err != nil {
		return err
	}
	reference, err := h.Support.Note(r.Context(), support.Note{
		Access: me.Access(form.Purpose), Subject: me.Account.Subject, Form: *form, Answers: answers, Policy: v.Version.Number,
	})
	if err != nil {
		return err
	}
	page := Quality{Base: h.Base(r, "Call quality on this device", ""), Style: h.Asset("phone.css"), Reference: reference}
	h.Render(w, r, http.StatusOK, "quality", page)
	return nil
}

func (h *site) qualityShow(w http.ResponseWriter, r *http.Request, me *identity.Session, status int, given url.Values, wrong intake.FieldErrors, refusal string) error {
	states, err := h.states(r, me)
	if err != nil {
		return err
	}
	page := Quality{Base: h.Base(r, "Call quality on this device", ""), Script: h.Asset("device.js"), Style: h.Asset("phone.css"), Stopped: PhoneStateStopped(states)}
	if _, ok := web.VisitOf(r).Policy().FormByID(qualityForm); ok && h.Support != nil {
		form, err := h.Form(w, r, qualityForm, "Send to our support", given, wrong, nil)
		if err != nil {
			return err
		}
		form.Refusal, form.Action = refusal, qualityPath
		page.Form = &form
	}
	h.Render(w, r, status, "quality", page)
	return nil
}
