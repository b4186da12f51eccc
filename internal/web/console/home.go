package console

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/member"
)

// home is what a role can do here, or what the console is for whoever is not
// signed in.
func (h *site) home(w http.ResponseWriter, r *http.Request) error {
	me := web.VisitOf(r).Person
	if me == nil || me.Level != identity.Whole {
		first := &member.First{Site: h.Site, Accounts: h.Accounts, Cards: h.cards}
		return first.Page(w, r)
	}
	page := Home{Base: h.Base(r, web.VisitOf(r).Surface.Title, ""), Cards: h.cards(me)}
	if a, ok := web.VisitOf(r).Policy().ActorByID(me.Account.Role.Actor()); ok {
		page.Role = a.Title
	}
	h.Render(w, r, http.StatusOK, "console_home", page)
	return nil
}
