package website

import (
	"errors"
	"net/http"
	"net/url"

	"candour/internal/marketing"
	"candour/internal/support/intake"
	"candour/internal/web"
)

const (
	newsletterForm = "newsletter"
	newsletterPath = "/newsletter"
)

// newsletter shows the form.
func (h *site) newsletter(w http.ResponseWriter, r *http.Request) error {
	return h.newsletterShow(w, r, http.StatusOK, nil, nil, "")
}

// newsletterPost takes a sign-up. The answer is the same whether or not the
// address is known.
func (h *site) newsletterPost(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	form, ok := v.Policy().FormByID(newsletterForm)
	if !ok {
		return web.ErrNotFound
	}
	stamp, err := h.Sent(r, form, values)
	if err != nil {
		status, words := h.Words(err)
		return h.newsletterShow(w, r, status, values, nil, words)
	}
	if _, err := intake.Read(v.Policy(), *form, values); err != nil {
		var wrong intake.FieldErrors
		if errors.As(err, &wrong) {
			status, words := h.Words(err)
			return h.newsletterShow(w, r, status, values, wrong, words)
		}
		return err
	}
	wording, err := h.FormWording(r, newsletterForm, subscribeLabel)
	if err != nil {
		return err
	}
	if err := h.Stamps.Spend(stamp); err != nil {
		return err
	}
	signup := marketing.Signup{Form: values, Surface: v.Surface.ID, Policy: v.Version.Number, Wording: wording}
	if err := h.Subscribe(r.Context(), signup); err != nil {
		h.Stamps.Return(stamp)
		return err
	}
	page := NewsletterCheck{Base: h.Base(r, "Please look into your mail", "")}
	page.NoIndex = true
	if roles, err := marketing.RolesOf(v.Version.Compiled); err == nil {
		page.Kept = roles.Kept.Title
	}
	h.Render(w, r, http.StatusOK, "newsletter_check", page)
	return nil
}

const subscribeLabel = "Send me the newsletter"

func (h *site) newsletterShow(w http.ResponseWriter, r *http.Request, status int, given url.Values, wrong intake.FieldErrors, refusal string) error {
	base, content, err := h.own(r, newsletterPath, "Newsletter")
	if err != nil {
		return err
	}
	form, err := h.Form(w, r, newsletterForm, subscribeLabel, given, wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal = refusal
	h.Render(w, r, status, "newsletter", Newsletter{base, content, form})
	return nil
}
