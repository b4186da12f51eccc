package softphone

import (
	"encoding/json"
	"net/http"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/web"
)

// How long a page is told of changes over one connection, and how often it hears
// that it still is. A browser connects again by itself (HTML section 9.2).
const (
	liveFor  = 4 * time.Minute
	liveBeat = 20 * time.Second
)

// The occasions on which a page is told.
const (
	liveHello   = "hello"   // it has connected
	liveChanged = "changed" // something changed
	liveBeats   = "beat"    // nothing did, for a while
)

// told is what a page is told on an occasion: an event's name, and what is in it as
// JSON.
type told func(tx *store.Tx, occasion string) (name string, data any, err error)

// live tells a page of whoever is signed in, at once, whenever one of two channels
// says that something changed, and on a beat. A channel may be nil. An error is the
// end: the page connects anew, and is told why then.
func (h *site) live(w http.ResponseWriter, r *http.Request, me *identity.Session, event told, one, other <-chan struct{}) error {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tell := func(occasion string) error {
		var name string
		var data any
		err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
			if _, err = h.Deps.Accounts.ByID(r.Context(), tx, me.Account.ID); err == nil {
				name, data, err = event(tx, occasion)
			}
			return err
		})
		if err != nil {
			return err
		}
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		_ = out.SetWriteDeadline(time.Now().Add(2 * liveBeat)) // not every writer has one
		if _, err := w.Write([]byte("event: " + name + "\ndata: " + string(text) + "\n\n")); err != nil {
			return err
		}
		return out.Flush()
	}
	over, beat := time.NewTimer(liveFor), time.NewTicker(liveBeat)
	defer over.Stop()
	defer beat.Stop()
	for occasion := liveHello; tell(occasion) == nil; {
		occasion = liveChanged
		select {
		case <-one:
		case <-other:
		case <-beat.C:
			occasion = liveBeats
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
