package softphone

import (
	"net/http"
	"slices"

	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/voicemail"
	"candour/internal/web"
)

// voicemailPath is the page of one's messages.
const voicemailPath = "/voicemail"

// waiting is what the phone says of the voicemail of a line; nil where there is
// none.
func (h *site) waiting(r *http.Request, tx *store.Tx, line telecom.Line) (*Waiting, error) {
	v := web.VisitOf(r)
	roles, err := voicemail.RolesOf(v.Version.Compiled)
	if err != nil || h.Voicemail == nil || line.Extension == "" || !slices.Contains(roles.Form.Surfaces, v.Surface.ID) {
		return nil, nil //nolint:nilerr // there is no voicemail here
	}
	box, err := h.Voicemail.Box(r.Context(), tx, line)
	if err != nil {
		return nil, err
	}
	fresh, old, err := h.Voicemail.Waiting(r.Context(), tx, line.ID)
	if err != nil {
		return nil, err
	}
	return &Waiting{On: box.On, Fresh: fresh, Old: old, Near: fresh+old >= voicemail.NearlyFull, Full: fresh+old >= voicemail.MaxMessages, Page: voicemailPath}, nil
}
