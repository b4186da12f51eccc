package console

import (
	"errors"
	"net/http"
	"net/url"

	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/policy"
)

// attempt is a form that was sent and may have to be shown again as it was
// typed.
type attempt struct {
	values  url.Values
	wrong   intake.FieldErrors
	refusal string
	status  int
}

// sent reads a form and checks that it came from a page of ours.
func (h *site) sent(r *http.Request, id string) (*policy.Form, url.Values, error) {
	form, ok := web.VisitOf(r).Policy().FormByID(id)
	if !ok {
		return nil, nil, web.ErrNotFound
	}
	values, err := h.ReadForm(r)
	if err == nil {
		_, err = h.Sent(r, form, values)
	}
	return form, values, err
}

// again turns an error into a form that is shown again with what is wrong, or
// reports that it is no such error.
func (h *site) again(values url.Values, err error) (attempt, bool) {
	t := attempt{values: values}
	if !errors.As(err, &t.wrong) && !web.IsFormRefusal(err) {
		return t, false
	}
	t.status, t.refusal = h.Words(err)
	return t, true
}
