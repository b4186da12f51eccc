package website

import (
	"errors"
	"net/http"
	"net/url"

	"candour/internal/rights"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/internal/web/yourdata"
)

const yourDataPath = "/your-data"

// yourData shows the form.
func (h *site) yourData(w http.ResponseWriter, r *http.Request) error {
	return h.yourDataShow(w, r, http.StatusOK, nil, nil, "")
}

// yourDataPost takes an address. The answer is the same whether or not it is
// known.
func (h *site) yourDataPost(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	values, stamp, err := h.takeForm(r, rights.FormID)
	if err != nil {
		return h.again(err, func(status int, wrong intake.FieldErrors, words string) error {
			return h.yourDataShow(w, r, status, values, wrong, words)
		})
	}
	if err := h.Rights.Ask(r.Context(), rights.Asking{Form: values, Surface: v.Surface.ID, Policy: v.Version.Number}); err != nil {
		h.Stamps.Return(stamp)
		return rightsError(err)
	}
	page := YourDataSent{Base: h.Base(r, "Please look into your mail", "")}
	page.NoIndex = true
	if roles, err := rights.RolesOf(v.Version.Compiled); err == nil {
		page.Kept = roles.Kept.Title
	}
	h.Render(w, r, http.StatusOK, "your_data_sent", page)
	return nil
}

func (h *site) yourDataShow(w http.ResponseWriter, r *http.Request, status int, given url.Values, wrong intake.FieldErrors, refusal string) error {
	if _, ok := web.VisitOf(r).Policy().FormByID(rights.FormID); !ok {
		return web.ErrNotFound
	}
	base, content, err := h.own(r, yourDataPath, "Your data")
	if err != nil {
		return err
	}
	form, err := h.Form(w, r, rights.FormID, "Send me the link", given, wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal = refusal
	if roles, err := rights.RolesOf(web.VisitOf(r).Version.Compiled); err == nil {
		form.Kept = roles.Kept.Title + " if it leads to nothing; " + form.Kept + " if you ask something of us"
	}
	h.Render(w, r, status, "your_data", YourData{base, content, form})
	return nil
}

// takeForm reads a form that stands on a page of ours, checks it, and spends
// its stamp. The values are returned with the error too, to be shown again.
func (h *site) takeForm(r *http.Request, id string) (values url.Values, stamp string, err error) {
	v := web.VisitOf(r)
	if values, err = h.ReadForm(r); err != nil {
		return nil, "", err
	}
	form, ok := v.Policy().FormByID(id)
	if !ok {
		return nil, "", web.ErrNotFound
	}
	if stamp, err = h.Sent(r, form, values); err != nil {
		return values, "", err
	}
	if _, err := intake.Read(v.Policy(), *form, values); err != nil {
		return values, "", err
	}
	return values, stamp, h.Stamps.Spend(stamp)
}

// again shows a form once more, if the error is one for which that helps; else
// it returns the error.
func (h *site) again(err error, show func(status int, wrong intake.FieldErrors, words string) error) error {
	var wrong intake.FieldErrors
	if !errors.As(err, &wrong) && !web.IsFormRefusal(err) {
		return err
	}
	status, words := h.Words(err)
	return show(status, wrong, words)
}

// rightsError turns a refusal of the rights desk into one of ours. A link that
// is none, is too old, or leads to nothing any more is all the same to whoever
// has it; what is not theirs is not there.
func rightsError(err error) error {
	for _, known := range []error{rights.ErrToken, rights.ErrLapsed, rights.ErrNothing} {
		if errors.Is(err, known) {
			return web.ErrCode
		}
	}
	return yourdata.Refusal(err)
}
