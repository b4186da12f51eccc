package console

import (
	"net/http"
	"strconv"

	"candour/internal/identity"
	"candour/internal/web"
)

// pageSize is how many tickets stand on a page.
const pageSize = 50

// enquiries lists the open tickets of the role's desk, oldest first: codes, and
// nobody's words.
func (h *site) enquiries(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	desk, ok := deskOf(h.InForce().Compiled, me.Account.Role)
	if !ok {
		return web.ErrNotFound
	}
	after, err := afterOf(r)
	if err != nil {
		return err
	}
	list, err := h.Desk.List(r.Context(), desk, after, pageSize+1)
	if err != nil {
		return err
	}
	page := Enquiries{Base: h.Base(r, "Enquiries", ""), Desk: deskWords[desk]}
	if len(list) > pageSize {
		list = list[:pageSize]
		page.Next = "/enquiries?after=" + strconv.FormatInt(list[pageSize-1].ID, 10)
	}
	for _, t := range list {
		page.Tickets = append(page.Tickets, ticketView(web.VisitOf(r).Policy(), t, desk))
	}
	h.Render(w, r, http.StatusOK, "console_enquiries", page)
	return nil
}

// afterOf reads after which entry a list goes on; 0 from its beginning.
func afterOf(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("after")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, web.ErrNotFound
	}
	return n, nil
}
