package own

import (
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/internal/web/account"
)

// deviceRemove asks whether a phone shall go.
func (h *site) deviceRemove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := deviceRoles(r); err != nil {
		return err
	}
	id, ok := web.ID(r.PathValue("device"))
	if !ok {
		return web.ErrNotFound
	}
	list, _, err := h.devicesOf(r, me)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.ID != id {
			continue
		}
		h.Render(w, r, http.StatusOK, "account_done", account.Done{
			Base: h.Base(r, "Remove a phone", ""), Heading: "Remove “" + deviceTitle(d) + "”?",
			Words: []string{
				"It makes and takes no calls on your number any more, and a call that it is in now ends.",
				"What we hold of it is erased at once. To use it again, add it anew; it then gets another password.",
			},
			Confirm: devicePath(id) + "/remove", ConfirmLabel: "Remove the phone", Links: []web.Link{{Label: "Keep it", Href: devicesPath}},
		})
		return nil
	}
	return web.ErrNotFound
}

// deviceRemovePost removes it.
func (h *site) deviceRemovePost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	roles, err := deviceRoles(r)
	if err != nil {
		return err
	}
	id, ok := web.ID(r.PathValue("device"))
	if !ok {
		return web.ErrNotFound
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Phones.RevokeDevice(r.Context(), tx, me.Access(roles.Purpose), me.Account.ID, id)
	})
	if errors.Is(err, telecom.ErrNoDevice) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, devicesPath, http.StatusSeeOther)
	return nil
}
