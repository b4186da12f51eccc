package softphone

import (
	"net/http"
	"strconv"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/policy"
)

// How long a page is told of changes over one connection, and how often it hears
// that it still is. A browser connects again by itself (HTML section 9.2).
const (
	liveFor  = 4 * time.Minute
	liveBeat = 20 * time.Second
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
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tell := func(what string) error {
		n := 0
		err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
			if _, err = h.Deps.Accounts.ByID(r.Context(), tx, me.Account.ID); err == nil {
				n, err = h.Chat.Unread(r.Context(), tx, me.Account.Subject)
			}
			return err
		})
		if err != nil {
			return err
		}
		_ = out.SetWriteDeadline(time.Now().Add(2 * liveBeat)) // not every writer has one
		if _, err := w.Write([]byte("event: " + what + "\ndata: " + strconv.Itoa(n) + "\n\n")); err != nil {
			return err
		}
		return out.Flush()
	}
	over, beat := time.NewTimer(liveFor), time.NewTicker(liveBeat)
	defer over.Stop()
	defer beat.Stop()
	for what := "hello"; tell(what) == nil; { // an error is the end: the page connects anew, and is told why then
		select {
		case <-changed:
			what = "changed"
		case <-beat.C:
			what = "beat"
			if !h.stillIn(r, me) {
				return nil
			}
		case <-over.C:
			return nil
		case <-h.Ending:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
	return nil
}

// stillIn reports whether the sign-in of a request still holds.
func (h *site) stillIn(r *http.Request, me *identity.Session) bool {
	token, ok := web.VisitOf(r).Cookie(r, "signin")
	if !ok {
		return false
	}
	now, err := h.Deps.Accounts.Session(r.Context(), me.Surface, token)
	return err == nil && now.ID == me.ID
}

// messageText cleans what was typed, as any form is.
func messageText(text string) (string, error) {
	p := &policy.Policy{Categories: []policy.Category{{ID: "words", Format: "text"}}}
	form := policy.Form{Fields: []policy.Field{{Name: "message", Category: "words", Optional: true}}}
	answers, err := intake.Read(p, form, map[string][]string{"message": {text}})
	return answers.Value("message"), err
}
