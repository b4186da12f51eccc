package console

import (
	"errors"
	"net/http"
	"strconv"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

// firms lists the firms that have people and no administrator, oldest first:
// codes, and nobody's data.
func (h *site) firms(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	after, err := afterOf(r)
	if err != nil {
		return err
	}
	list, err := h.Accounts.Unled(r.Context(), after, pageSize+1)
	if err != nil {
		return err
	}
	page := Firms{Base: h.Base(r, "Firms without an administrator", "")}
	if len(list) > pageSize {
		list = list[:pageSize]
		page.Next = "/firms?after=" + strconv.FormatInt(list[pageSize-1].ID, 10)
	}
	for _, f := range list {
		page.Firms = append(page.Firms, FirmView{Reference: f.Reference, Opened: f.Opened.In(policy.London).Format(days), People: f.People, Href: "/firms/" + f.Reference})
	}
	h.Render(w, r, http.StatusOK, "console_firms", page)
	return nil
}

// firm shows the people of such a firm, which is a look at each of them.
func (h *site) firm(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	f, list, err := h.Accounts.UnledPeople(r.Context(), me, r.PathValue("firm"))
	if errors.Is(err, identity.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	page := FirmPage{Base: h.Base(r, "Firm "+f.Reference, ""), Reference: f.Reference, Opened: f.Opened.In(policy.London).Format(days)}
	c := h.InForce().Compiled
	if q, ok := c.Policy().PurposeByID(identity.SignInPurpose(c)); ok {
		page.Purpose = q.Title
	}
	for _, x := range list {
		v := FirmPerson{Reference: x.Reference, Opened: x.Opened.In(policy.London).Format(days), Appoint: "/firms/" + f.Reference + "/appoint/" + x.Reference}
		if !x.Email.IsZero() {
			v.Email = x.Email.Reveal()
		}
		page.People = append(page.People, v)
	}
	h.Render(w, r, http.StatusOK, "console_firm", page)
	return nil
}

// firmAppoint makes one of them the administrator. They are told by mail, and it
// stands in their history.
func (h *site) firmAppoint(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	err := h.Accounts.AppointIn(r.Context(), me, r.PathValue("firm"), r.PathValue("account"))
	if errors.Is(err, identity.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/firms", http.StatusSeeOther)
	return nil
}
