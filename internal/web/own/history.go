package own

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/web"
	"candour/internal/web/yourdata"
)

// historyPath is where a person reads what happened with their data (R28).
const historyPath = "/history"

// historyLines is how many lines a page of the history has.
const historyLines = 40

// History is the page "history".
type History struct {
	web.Base
	Shows  []web.Link
	Days   []HistoryDay // newest first
	Access string       // who may see what
	Older  string       // the next page; empty on the last
	Newest string       // the first page; empty on it
}

// HistoryDay is what happened on one day.
type HistoryDay struct {
	Day   string
	Lines []HistoryLine
}

// HistoryLine is what happened once, or several times the same way.
type HistoryLine struct {
	history.Entry
	URL   string
	Proof string
	Each  []HistoryEach // where it happened more than once
}

// HistoryEach is one of the entries that a line stands for.
type HistoryEach struct {
	history.Same
	URL string
}

// history answers with a page of the history of whoever is signed in.
func (h *site) history(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	query := r.URL.Query()
	q := history.Query{Limit: historyLines}
	var ok bool
	if q.Show, ok = history.ParseShow(query.Get("show")); !ok {
		return web.ErrNotFound
	}
	if before := query.Get("before"); before != "" {
		if q.Before, ok = web.ID(before); !ok {
			return web.ErrNotFound
		}
	}
	var found history.Page
	var err error
	if q.Also, err = h.also(r, me); err != nil {
		return err
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		found, err = h.History.List(r.Context(), tx, me.Account.Subject, q)
		return err
	})
	if err != nil {
		return historyError(err)
	}
	page := History{Base: h.Base(r, "What happened with your data", ""), Access: accessPath, Days: days(found.Entries)}
	for _, show := range history.Shows {
		page.Shows = append(page.Shows, web.Link{Label: show.Words(), Href: historyURL(show, 0), Current: show == q.Show})
	}
	if found.Next != 0 {
		page.Older = historyURL(q.Show, found.Next)
	}
	if q.Before != 0 {
		page.Newest = historyURL(q.Show, 0)
	}
	h.Render(w, r, http.StatusOK, "history", page)
	return nil
}

// also are the subjects that hold what else is theirs: complaints and erasures
// are kept apart from whom they are about, and are found by their address.
func (h *site) also(r *http.Request, me *identity.Session) ([]keys.SubjectID, error) {
	if _, ok := web.VisitOf(r).Policy().FormByID(rights.FormID); !ok {
		return nil, nil
	}
	who, err := h.who(r, me)
	if err != nil {
		return nil, err
	}
	p, err := h.Rights.Self(r.Context(), me.Account.Subject, me.Access(""), who.Email)
	if err != nil {
		return nil, yourdata.Refusal(err)
	}
	return p.Subjects[1:], nil
}

// days puts entries under their days.
func days(entries []history.Entry) (list []HistoryDay) {
	for _, e := range entries {
		if n := len(list); n == 0 || list[n-1].Day != e.Day() {
			list = append(list, HistoryDay{Day: e.Day()})
		}
		line := HistoryLine{Entry: e, URL: entryURL(e.ID), Proof: entryURL(e.ID) + "/proof"}
		for _, same := range e.Same {
			line.Each = append(line.Each, HistoryEach{same, entryURL(same.ID)})
		}
		day := &list[len(list)-1]
		day.Lines = append(day.Lines, line)
	}
	return list
}

func historyURL(show history.Show, before int64) string {
	v := url.Values{}
	if show != history.Everything {
		v.Set("show", string(show))
	}
	if before != 0 {
		v.Set("before", strconv.FormatInt(before, 10))
	}
	if len(v) == 0 {
		return historyPath
	}
	return historyPath + "?" + v.Encode()
}

func entryURL(id int64) string { return historyPath + "/" + strconv.FormatInt(id, 10) }

// historyError turns a refusal of the history into one of ours.
func historyError(err error) error {
	switch {
	case errors.Is(err, history.ErrNotFound):
		return web.ErrNotFound
	case errors.Is(err, history.ErrNotYet):
		return web.ErrNotYet
	}
	return err
}
