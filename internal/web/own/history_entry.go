package own

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/web"
)

// HistoryEntry is the page "history_entry": one entry, its proof, and how to
// check it.
type HistoryEntry struct {
	web.Base
	Entry   history.Entry
	Back    string // the history
	Notice  string // the version of the notice it happened under; empty if it names none
	Proof   string // where the proof is downloaded; empty while there is none yet
	Key     string // address of the log's verifier key, on the website
	Place   uint64 // in the log, counted from 0
	Says    string // what the log commits to, word for word
	Program string // address of the program that checks, on the website
}

// historyEntry answers with one entry.
func (h *site) historyEntry(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	id, ok := web.ID(r.PathValue("entry"))
	if !ok {
		return web.ErrNotFound
	}
	v := web.VisitOf(r)
	page := HistoryEntry{Back: historyPath, Key: v.Public("/evidence/key"), Program: v.Public("/evidence/check-evidence.mjs")}
	also, err := h.also(r, me)
	if err != nil {
		return err
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		page.Entry, err = h.History.Get(r.Context(), tx, me.Account.Subject, id, also...)
		return err
	})
	if err != nil {
		return historyError(err)
	}
	if n := page.Entry.Policy; n != 0 {
		page.Notice = v.Public(fmt.Sprintf("/privacy/versions/%d", n))
	}
	o, err := h.History.Opening(r.Context(), me.Account.Subject, id, also...)
	switch {
	case err == nil:
		page.Proof, page.Place = entryURL(id)+"/proof", o.Seq
		if page.Says, err = indented(o.Body); err != nil {
			return err
		}
	case !errors.Is(err, history.ErrNotYet):
		return historyError(err)
	}
	page.Base = h.Base(r, page.Entry.What, "")
	h.Render(w, r, http.StatusOK, "history_entry", page)
	return nil
}

func indented(body json.RawMessage) (string, error) {
	out, err := json.MarshalIndent(body, "", "  ")
	return string(out), err
}

// historyProof answers with the proof of one entry as a file.
func (h *site) historyProof(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	id, ok := web.ID(r.PathValue("entry"))
	if !ok {
		return web.ErrNotFound
	}
	also, err := h.also(r, me)
	if err != nil {
		return err
	}
	o, err := h.History.Opening(r.Context(), me.Account.Subject, id, also...)
	if err != nil {
		return historyError(err)
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="proof-%d.json"`, o.Seq))
	head.Set("Content-Length", strconv.Itoa(len(raw)))
	head.Set("Cache-Control", "no-store")
	_, _ = w.Write(raw) // the client has gone
	return nil
}
