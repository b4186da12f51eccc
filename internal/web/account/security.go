package account

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

// security shows how the account proves itself and where it is signed in.
func (h *site) security(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	page := Security{Base: h.Base(r, "Security", ""), Reference: me.Account.Reference, Owes: me.Level == identity.Enrol}
	email, err := h.accounts.Address(r.Context(), me.Account)
	if err != nil && !errors.Is(err, identity.ErrNotFound) {
		return err
	}
	if !email.IsZero() {
		page.Email = email.Reveal()
	}
	if err := h.factors(r, me, &page); err != nil {
		return err
	}
	if !page.Owes {
		if err := h.sessions(r, me, &page); err != nil {
			return err
		}
	}
	if over, ok, err := h.accounts.Recovering(r.Context(), me); err != nil {
		return err
	} else if ok {
		page.Recovering = over.In(policy.London).Format(moments)
	}
	h.Render(w, r, http.StatusOK, "account_security", page)
	return nil
}

func (h *site) factors(r *http.Request, me *identity.Session, page *Security) error {
	list, err := h.accounts.Credentials(r.Context(), me)
	if err != nil {
		return err
	}
	for _, c := range list {
		f := Factor{Added: c.Added.In(policy.London).Format(days), Remove: "/security/credentials/" + strconv.FormatInt(c.ID, 10) + "/remove"}
		if !c.Used.IsZero() {
			f.Used = c.Used.In(policy.London).Format(days)
		}
		switch c.Kind {
		case identity.KindPasskey:
			page.Passkeys = append(page.Passkeys, f)
		case identity.KindAuthenticator:
			page.App = &f
		case identity.KindRecovery:
			page.Codes = &f
		}
	}
	return nil
}

// wayWords are the ways of proof as people call them.
var wayWords = map[string]string{
	"password": "with the password", "passkey": "with a passkey", "password-and-code": "with password and code",
	"password-and-recovery-code": "with password and recovery code", "link": "by the link in an e-mail",
	"recovery-link": "with password and the link for a lost second step",
}

func (h *site) sessions(r *http.Request, me *identity.Session, page *Security) error {
	list, err := h.accounts.Sessions(r.Context(), me)
	if err != nil {
		return err
	}
	for _, s := range list {
		x := SessionView{
			Browser: s.Browser, System: s.System, Address: s.Address, Way: wayWords[s.Way], Here: s.ID == me.ID,
			Began: s.Began.In(policy.London).Format(moments), Seen: s.Seen.In(policy.London).Format(moments),
			End: "/security/sessions/" + strconv.FormatInt(s.ID, 10) + "/end",
		}
		if surface, ok := web.VisitOf(r).Policy().SurfaceByID(s.Surface); ok {
			x.Where = surface.Title
		}
		page.Others = page.Others || !x.Here
		page.Sessions = append(page.Sessions, x)
	}
	return nil
}

// idOf reads an id in a path; web.ErrNotFound if it is none.
func idOf(r *http.Request, name string) (int64, error) {
	id, ok := web.ID(r.PathValue(name))
	if !ok {
		return 0, web.ErrNotFound
	}
	return id, nil
}

// sessionEnd signs the account out somewhere.
func (h *site) sessionEnd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	id, err := idOf(r, "session")
	if err != nil {
		return err
	}
	if id == me.ID {
		return h.signOut(w, r, me)
	}
	if err := h.accounts.End(r.Context(), me, id); err != nil {
		return err
	}
	http.Redirect(w, r, "/security#sessions", http.StatusSeeOther)
	return nil
}

// sessionsEnd signs the account out everywhere but here.
func (h *site) sessionsEnd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	if err := h.accounts.EndOthers(r.Context(), me); err != nil {
		return err
	}
	http.Redirect(w, r, "/security#sessions", http.StatusSeeOther)
	return nil
}

// credentialRemove takes a passkey, the app or the codes away.
func (h *site) credentialRemove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	id, err := idOf(r, "credential")
	if err != nil {
		return err
	}
	if err := h.accounts.Remove(r.Context(), me, id); err != nil {
		return err
	}
	http.Redirect(w, r, "/security", http.StatusSeeOther)
	return nil
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// lower is a title within a sentence.
func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
