package website

import (
	"net/http"
	"net/url"

	"candour/internal/rights"
	"candour/internal/support/intake"
	"candour/internal/web"
)

const complaintPath = "/complaint"

// complaint shows the form for complaints about personal data.
func (h *site) complaint(w http.ResponseWriter, r *http.Request) error {
	return h.complaintShow(w, r, http.StatusOK, nil, nil, "")
}

// complaintPost takes a complaint. What was typed stays in the form if it
// cannot be taken.
func (h *site) complaintPost(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	values, stamp, err := h.takeForm(r, rights.ComplaintFormID)
	if err != nil {
		return h.again(err, func(status int, wrong intake.FieldErrors, words string) error {
			return h.complaintShow(w, r, status, values, wrong, words)
		})
	}
	made, err := h.Rights.Complain(r.Context(), rights.Complaining{Form: values, Surface: v.Surface.ID, Policy: v.Version.Number})
	if err != nil {
		h.Stamps.Return(stamp)
		return rightsError(err)
	}
	page := ComplaintSent{Base: h.Base(r, "We have your complaint", ""), Reference: made.Reference, Officer: v.Policy().Operator.Officer, Regulator: v.Policy().Regulator}
	page.NoIndex = true
	h.Render(w, r, http.StatusOK, "complaint_sent", page)
	return nil
}

func (h *site) complaintShow(w http.ResponseWriter, r *http.Request, status int, given url.Values, wrong intake.FieldErrors, refusal string) error {
	if _, ok := web.VisitOf(r).Policy().FormByID(rights.ComplaintFormID); !ok {
		return web.ErrNotFound
	}
	base, content, err := h.own(r, complaintPath, "Complain about how your data is used")
	if err != nil {
		return err
	}
	form, err := h.Form(w, r, rights.ComplaintFormID, "Send the complaint", given, wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal = refusal
	h.Render(w, r, status, "complaint", Complaint{base, content, form})
	return nil
}
