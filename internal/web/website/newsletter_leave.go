package website

import (
	"net/http"

	"candour/internal/marketing"
	"candour/internal/web"
	"candour/policy"
)

const leaveForm = "newsletter-leave"

// newsletterLeave shows the button that ends the newsletter.
func (h *site) newsletterLeave(w http.ResponseWriter, r *http.Request) error {
	page := NewsletterLeft{Base: h.Base(r, "Stop the newsletter", "")}
	page.NoIndex = true
	form, err := h.Form(w, r, leaveForm, "Stop the newsletter", nil, nil, h.code(r, leaveForm))
	if err != nil {
		return err
	}
	page.Form = &form
	h.Render(w, r, http.StatusOK, "newsletter_left", page)
	return nil
}

// newsletterLeavePost ends it: by the page's button, or by that of a mail
// program, which sends "List-Unsubscribe=One-Click" to the address of the link
// and has no cookie of ours (RFC 8058 section 3.1). The code alone is proof
// enough for leaving.
func (h *site) newsletterLeavePost(w http.ResponseWriter, r *http.Request) error {
	values, err := h.ReadLeaving(r)
	if err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(leaveForm)
	if !ok {
		return web.ErrNotFound
	}
	code, way := values.Get(codeField(form)), marketing.ByPage
	if values.Get("List-Unsubscribe") == "One-Click" {
		code, way = r.URL.Query().Get(codeField(form)), marketing.OneClick
	} else if _, err := h.Sent(r, form, values); err != nil {
		return err
	}
	if err := codeError(h.Leave(r.Context(), code, way)); err != nil {
		return err
	}
	page := NewsletterLeft{Base: h.Base(r, "The newsletter has stopped", ""), Done: true}
	page.NoIndex = true
	h.Render(w, r, http.StatusOK, "newsletter_left", page)
	return nil
}

// code is the code of the link a page was opened with, for its form.
func (h *site) code(r *http.Request, form string) map[string]string {
	f, ok := web.VisitOf(r).Policy().FormByID(form)
	if !ok {
		return nil
	}
	name := codeField(f)
	return map[string]string{name: r.URL.Query().Get(name)}
}

// codeField is the field of a form that carries the code from a mail.
func codeField(f *policy.Form) string {
	for _, field := range f.Fields {
		if field.Control == "consent" {
			return field.Name
		}
	}
	return ""
}
