package own

import (
	"net/http"

	"candour/internal/identity"
	"candour/internal/web/member"
)

// OwnPath is the page that leads to one's own data on a surface that is for
// other work.
const OwnPath = "/own-data"

// own leads to each page about whoever is signed in.
func (h *site) own(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	page := member.Home{Base: h.Base(r, "Your own data", ""), Heading: "Your own data", Lead: "What we hold about you yourself, and your rights. They are the same as everybody’s, whatever you do here for us."}
	if !h.here.profile {
		page.Cards = append(page.Cards, member.Card{Title: "Your details", Text: "Your account, and every kind of data, with what becomes of it.", Href: "/profile"})
	}
	page.Cards = append(page.Cards, h.here.cards(me)...)
	h.Render(w, r, http.StatusOK, "portal_home", page)
	return nil
}
