package own

import (
	"net/http"
	"strconv"

	"candour/internal/identity"
	"candour/internal/web/yourdata"
)

// erase asks before everything goes. Whoever is the last of their role is told
// what that means for others, and how to hand it over; they may go all the same
// (UK GDPR Art 17).
func (h *site) erase(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	b, err := h.holder(r, me)
	if err != nil {
		return err
	}
	last, err := h.Accounts.Last(r.Context(), me.Account)
	if err != nil {
		return err
	}
	b.Last = lastWords(me.Account.Role, last)
	pages := &yourdata.Pages{Site: h.Site, Rights: h.Rights}
	return yourdata.Refusal(pages.Erase(w, r, b))
}

// lastWords are nil for whoever is not the last, or leaves nobody behind.
func lastWords(role identity.Role, last identity.Last) *yourdata.Last {
	if !last.Only {
		return nil
	}
	out := &yourdata.Last{}
	switch {
	case role == identity.Officer:
		out.Title = "Nobody else has your role"
		out.Words = []string{
			"You are the only data protection officer with an account. Without one, nobody answers requests and complaints here, or opens and closes the accounts of staff.",
			"Open an account for whoever comes after you first. If you leave before that, whoever runs the machine can still open one.",
		}
		out.Way.Label, out.Way.Href = "Invite whoever comes after you", "/people/invite"
	case last.Others == 0:
		return nil // the firm ends with them
	default:
		others := "one other person of your firm has an account, and nobody"
		if last.Others > 1 {
			others = strconv.Itoa(last.Others) + " other people of your firm have accounts, and nobody"
		}
		out.Title = "Your firm would have no administrator"
		out.Words = []string{
			"You are the only administrator. After you, " + others + " could invite people or close accounts.",
			"You can make one of them an administrator first, and then come back here. If you leave before that, our support can appoint one of them.",
		}
		out.Way.Label, out.Way.Href = "Choose another administrator", "/people"
	}
	return out
}
