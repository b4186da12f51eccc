package softphone

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/policy"
)

// chatEvents tells a page that something changed, and how much is new: no more,
// so that what was written passes over no other way than the page itself.
func (h *site) chatEvents(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.chatRoles(r, me); err != nil {
		return err
	}
	changed, end, ok := h.Chat.Listen(me.Account.Subject)
	if !ok {
		return web.ErrTooMany
	}
	defer end()
	return h.live(w, r, me, func(tx *store.Tx, occasion string) (string, any, error) {
		n, err := h.Chat.Unread(r.Context(), tx, me.Account.Subject)
		return occasion, n, err
	}, changed, nil)
}

// messageText cleans what was typed, as any form is.
func messageText(text string) (string, error) {
	p := &policy.Policy{Categories: []policy.Category{{ID: "words", Format: "text"}}}
	form := policy.Form{Fields: []policy.Field{{Name: "message", Category: "words", Optional: true}}}
	answers, err := intake.Read(p, form, map[string][]string{"message": {text}})
	return answers.Value("message"), err
}
