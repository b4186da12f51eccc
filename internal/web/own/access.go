package own

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// accessPath is where a person reads who may see what, and shuts out whom they
// want to (R29).
const accessPath = "/access"

// Access is the page "access".
type Access struct {
	web.Base
	Gates   []AccessGate
	Roles   []history.Role
	History string // who did look
}

// AccessGate is a kind of role that can be shut out, with its buttons. An
// address is empty where its button is not shown.
type AccessGate struct {
	history.Gate
	ShutURL, OpenURL, EndURL string
	Grants                   []AccessGrant
}

// AccessGrant is a button that lets somebody in for a time.
type AccessGrant struct{ Label, Action string }

// access answers with who may see what.
func (h *site) access(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	var reach history.Reach
	err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		reach, err = h.History.Reach(r.Context(), tx, me.Account.Subject)
		return err
	})
	if err != nil {
		return historyError(err)
	}
	page := Access{Base: h.Base(r, "Who may see your data", ""), Roles: reach.Roles, History: historyURL(history.Looks, 0)}
	for _, g := range reach.Gates {
		page.Gates = append(page.Gates, accessGate(g))
	}
	h.Render(w, r, http.StatusOK, "access", page)
	return nil
}

func accessGate(g history.Gate) AccessGate {
	path := accessPath + "/" + g.Kind
	a := AccessGate{Gate: g}
	if !g.Shut {
		a.ShutURL = path + "/shut"
		return a
	}
	a.OpenURL = path + "/open"
	if !g.Until.IsZero() {
		a.EndURL = path + "/end"
		return a
	}
	for _, l := range history.Lengths {
		a.Grants = append(a.Grants, AccessGrant{"Let them in for " + l.Words(), path + "/grant/" + l.Name})
	}
	return a
}

// accessShut shuts a kind of role out.
func (h *site) accessShut(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.turn(w, r, me, h.Vault.ShutOut)
}

// accessOpen lets a kind of role in again.
func (h *site) accessOpen(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.turn(w, r, me, h.Vault.LetIn)
}

// accessEnd ends the time for which a kind of role was let in.
func (h *site) accessEnd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.turn(w, r, me, h.Vault.EndGrant)
}

// accessGrant lets a kind of role in for a time.
func (h *site) accessGrant(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	length, ok := history.ParseLength(r.PathValue("length"))
	if !ok {
		return web.ErrNotFound
	}
	return h.turn(w, r, me, func(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, kind string) error {
		return h.Vault.Grant(ctx, tx, a, s, kind, length.For)
	})
}

// turn acts on the gate that the address names, and leads back to it. A button
// of a page that is not true any more does nothing: the page says how it is.
func (h *site) turn(w http.ResponseWriter, r *http.Request, me *identity.Session,
	act func(context.Context, *store.Tx, vault.Access, keys.SubjectID, string) error) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	kind := r.PathValue("kind")
	if !declares(web.VisitOf(r).Policy(), kind) {
		return web.ErrNotFound
	}
	err := h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return act(r.Context(), tx, me.Access(""), me.Account.Subject, kind)
	})
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return web.ErrNotFound
	case err != nil && !errors.Is(err, vault.ErrInput):
		return err
	}
	http.Redirect(w, r, accessPath+"#"+kind, http.StatusSeeOther)
	return nil
}

// declares reports whether the policy has a role of a kind that can be shut
// out.
func declares(p *policy.Policy, kind string) bool {
	return policy.KindOf(kind) != 0 && slices.ContainsFunc(p.Actors, func(a policy.Actor) bool { return a.Kind == kind })
}
