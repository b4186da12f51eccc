package softphone

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

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
	if !upgrades(r) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		return web.ErrUpgrade
	}
	return h.Flow(w, r, line, func(ctx context.Context) error { return h.Deps.Accounts.Lasts(ctx, me) })
}

// upgrades reports whether a request opens a WebSocket with the subprotocol sip
// (RFC 6455 section 4.2.1, RFC 7118 section 4.1).
func upgrades(r *http.Request) bool {
	split := func(c rune) bool { return c == ',' || c == ' ' }
	offered := strings.FieldsFunc(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), split)
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && slices.Contains(offered, "sip")
}
