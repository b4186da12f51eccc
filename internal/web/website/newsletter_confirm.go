package website

import (
	"errors"
	"net/http"

	"candour/internal/marketing"
	"candour/internal/web"
)

const confirmForm = "newsletter-confirm"

// newsletterConfirm shows the button that confirms. Following the link does
// nothing yet: programs look at links in mails before people do.
func (h *site) newsletterConfirm(w http.ResponseWriter, r *http.Request) error {
	page := NewsletterConfirmed{Base: h.Base(r, "Confirm your address", "")}
	page.NoIndex = true
	form, err := h.Form(w, r, confirmForm, "Yes, send me the newsletter", nil, nil, h.code(r, confirmForm))
	if err != nil {
		return err
	}
	page.Form = &form
	h.Render(w, r, http.StatusOK, "newsletter_confirmed", page)
	return nil
}

// newsletterConfirmPost confirms.
func (h *site) newsletterConfirmPost(w http.ResponseWriter, r *http.Request) error {
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(confirmForm)
	if !ok {
		return web.ErrNotFound
	}
	if _, err := h.Sent(r, form, values); err != nil {
		return err
	}
	if err := codeError(h.Confirm(r.Context(), values.Get(codeField(form)))); err != nil {
		return err
	}
	page := NewsletterConfirmed{Base: h.Base(r, "Thank you", ""), Done: true}
	page.NoIndex = true
	h.Render(w, r, http.StatusOK, "newsletter_confirmed", page)
	return nil
}

// codeError turns what is wrong with a link into a refusal.
func codeError(err error) error {
	if errors.Is(err, marketing.ErrToken) || errors.Is(err, marketing.ErrLapsed) {
		return web.ErrCode
	}
	return err
}
