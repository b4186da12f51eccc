package account

import (
	"bytes"
	"image/png"
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// pictureSize is that of the square, in pixels.
const pictureSize = 240

// authenticator shows the secret for an app.
func (h *site) authenticator(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if !fresh(w, r, me) {
		return nil
	}
	return h.authenticatorShow(w, r, me, attempt{})
}

// authenticatorPicture is the secret as a square for the app's camera.
func (h *site) authenticatorPicture(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if !me.Fresh(web.VisitOf(r).Now) {
		return web.ErrNotFound
	}
	secret, err := h.accounts.NewSecret(r.Context(), me)
	if err != nil {
		return err
	}
	picture, err := secret.Picture(pictureSize)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(b.Bytes()) // the client has gone
	return nil
}

// authenticatorPost keeps the secret once the app has it.
func (h *site) authenticatorPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, _, err := h.sent(r, authenticatorForm)
	var codes []string
	if err == nil {
		codes, err = h.accounts.SetAuthenticator(r.Context(), me, values.Get(codeField))
	}
	if t, ok := h.again(form, values, err); ok {
		return h.authenticatorShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	renew(w, r, me)
	return h.codes(w, r, codes)
}

// recovery makes new recovery codes.
func (h *site) recovery(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	codes, err := h.accounts.RenewRecovery(r.Context(), me)
	if err != nil {
		return err
	}
	return h.codes(w, r, codes)
}

func (h *site) codes(w http.ResponseWriter, r *http.Request, codes []string) error {
	h.Render(w, r, http.StatusOK, "account_codes", Codes{Base: h.Base(r, "Your recovery codes", ""), Codes: codes})
	return nil
}

func (h *site) authenticatorShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t attempt) error {
	secret, err := h.accounts.NewSecret(r.Context(), me)
	if err != nil {
		return err
	}
	form, err := h.form(w, r, authenticatorForm, "The app has it", t, nil)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "account_authenticator", Authenticator{
		Base: h.Base(r, "Add an authenticator app", ""), Picture: "/security/authenticator/picture", Secret: secret.Text(), Form: form,
	})
	return nil
}
