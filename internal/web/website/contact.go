package website

import (
	"errors"
	"net/http"
	"net/url"

	"candour/internal/support"
	"candour/internal/support/intake"
	"candour/internal/web"
)

const contactForm = "contact"

// contact shows the form.
func (h *site) contact(w http.ResponseWriter, r *http.Request) error {
	return h.contactShow(w, r, http.StatusOK, nil, nil, "")
}

// contactPost takes the form. What was typed stays in it if it cannot be
// taken.
func (h *site) contactPost(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	form, ok := v.Policy().FormByID(contactForm)
	if !ok {
		return web.ErrNotFound
	}
	stamp, err := h.Sent(r, form, values)
	if err != nil {
		status, words := h.Words(err)
		return h.contactShow(w, r, status, values, nil, words)
	}
	if _, err := intake.Read(v.Policy(), *form, values); err != nil {
		var wrong intake.FieldErrors
		if errors.As(err, &wrong) {
			status, words := h.Words(err)
			return h.contactShow(w, r, status, values, wrong, words)
		}
		return err
	}
	if err := h.Stamps.Spend(stamp); err != nil {
		return err
	}
	receipt, err := h.Enquire(r.Context(), support.Enquiry{Form: values, Surface: v.Surface.ID, Policy: v.Version.Number})
	if err != nil {
		h.Stamps.Return(stamp)
		return err
	}
	page := ContactSent{Base: h.Base(r, "Thank you", ""), Reference: receipt.Reference}
	page.NoIndex = true
	page.Rights, page.Officer = receipt.Rights, v.Policy().Operator.Officer
	if right, ok := v.Policy().RightByID(receipt.Right); ok {
		page.Right, page.RightIs, page.Complaint = right.Title, right.Description, right.ID == support.RightComplaint
	}
	h.Render(w, r, http.StatusOK, "contact_sent", page)
	return nil
}

func (h *site) contactShow(w http.ResponseWriter, r *http.Request, status int, given url.Values, wrong intake.FieldErrors, refusal string) error {
	base, content, err := h.own(r, web.ContactPath, "Contact")
	if err != nil {
		return err
	}
	form, err := h.Form(w, r, contactForm, "Send", given, wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal = refusal
	h.Render(w, r, status, "contact", Contact{base, content, form})
	return nil
}
