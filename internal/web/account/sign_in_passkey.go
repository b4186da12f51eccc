package account

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
)

// passkeyPost signs in with a passkey.
func (h *site) passkeyPost(w http.ResponseWriter, r *http.Request) error {
	_, values, _, err := h.sent(r, passkeyForm)
	if err != nil {
		return err
	}
	v := web.VisitOf(r)
	party, err := v.Party()
	if err != nil {
		return err
	}
	token, s, err := h.accounts.SignInPasskey(r.Context(), party, v.Surface.ID, []byte(values.Get(passkeyField)), h.Device(r))
	if err == nil {
		return h.signedIn(w, r, token, s)
	}
	if t, ok := h.again(nil, nil, err); ok {
		t.refusal = "That passkey did not sign you in. It may have been removed, or belong to another site of ours."
		return h.signInShow(w, r, t, "")
	}
	return err
}

// provePasskeyPost is step-up with a passkey.
func (h *site) provePasskeyPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	party, err := web.VisitOf(r).Party()
	if err != nil {
		return err
	}
	_, values, _, err := h.sent(r, provePasskeyForm)
	if err == nil {
		err = h.accounts.ProvePasskey(r.Context(), party, me, []byte(values.Get(passkeyField)))
	}
	if err == nil {
		renew(w, r, me)
		http.Redirect(w, r, web.BackOf(r), http.StatusSeeOther)
		return nil
	}
	if t, ok := h.again(nil, nil, err); ok {
		return h.proveShow(w, r, t)
	}
	return err
}
