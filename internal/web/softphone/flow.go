package softphone

import (
	"context"
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/telecom"
	"candour/internal/web"
)

// flow serves what the phone talks over (RFC 7118). It ends with the session
// that opened it: signing out, on this page or from any other place, hangs up.
// While the page is open the session is in use, so that a phone that waits for
// calls all day is not signed out for doing nothing; its longest life stands.
func (h *site) flow(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	line, err := h.line(r, me)
	if errors.Is(err, telecom.ErrNoLine) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	err = h.Flow(w, r, line, func(ctx context.Context) error { return h.Deps.Accounts.Lasts(ctx, me) })
	if errors.Is(err, web.ErrUpgrade) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
	}
	return err
}
