package softphone

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"candour/internal/identity"
	"candour/internal/media"
	"candour/internal/telecom"
	"candour/internal/web"
)

// maxOffer bounds what a browser tells of its way to the relay, in bytes.
const maxOffer = 32 << 10

// check begins to try the way to the relay and back, as the sound of a call takes
// it. Nothing of it is kept.
func (h *site) check(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.describe(w, r, me, func(offer string) (string, error) { return h.Loop(r.Context(), me.Account.ID, offer) })
}

// checkJoin joins the two ends of what check began.
func (h *site) checkJoin(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.describe(w, r, me, func(answer string) (string, error) { return h.Join(me.Account.ID, answer) })
}

// describe passes a session description on, and answers with another (RFC 8866).
func (h *site) describe(w http.ResponseWriter, r *http.Request, me *identity.Session, act func(string) (string, error)) error {
	if h.Loop == nil || h.Join == nil {
		return web.ErrNotFound
	}
	if _, err := h.line(r, me); errors.Is(err, telecom.ErrNoLine) {
		return web.ErrNotFound
	} else if err != nil {
		return err
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/sdp" {
		return web.ErrType
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxOffer+1))
	if err != nil {
		return err
	}
	if len(text) > maxOffer {
		return web.ErrTooLarge
	}
	answer, err := act(string(text))
	if errors.Is(err, media.ErrSDP) || errors.Is(err, media.ErrCodec) || errors.Is(err, media.ErrState) || errors.Is(err, media.ErrClosed) {
		return web.ErrMalformed
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/sdp")
	_, _ = io.WriteString(w, answer) // the client has gone
	return nil
}
