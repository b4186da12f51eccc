package console

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// person shows what the role of whoever asks may see of a person, for the
// purpose they stated. Each time is a look of its own, and stands in that
// person's history (R28).
func (h *site) person(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	v := web.VisitOf(r)
	x, ok := h.passes.open(me, r.PathValue("pass"), v.Now)
	if !ok {
		return web.ErrNotFound
	}
	q, ok := v.Policy().PurposeByID(x.purpose)
	if !ok || !acts(h.InForce().Compiled, me.Account.Role, x.purpose) {
		return web.ErrNotFound
	}
	blank := Person{Base: h.Base(r, "A person", ""), Purpose: q.Title, Why: q.Description, Until: x.until.In(policy.London).Format("15:04")}
	l := look{site: h, ctx: r.Context(), me: me, policy: v.Policy(), purpose: q, subject: x.subject, blank: blank, pass: r.PathValue("pass")}
	if err := h.Store.Update(r.Context(), l.act); err != nil {
		if errors.Is(err, vault.ErrNotFound) || refused(err) {
			return web.ErrNotFound
		}
		return err
	}
	h.Render(w, r, http.StatusOK, "console_person", l.page)
	return nil
}

// look is one look at a person, in one transaction with its evidence.
type look struct {
	*site
	ctx     context.Context
	me      *identity.Session
	policy  *policy.Policy
	purpose *policy.Purpose
	subject keys.SubjectID
	blank   Person // what is known before
	pass    string // by which they are reached
	page    Person
}

func (l *look) act(tx *store.Tx) error {
	l.page = l.blank // a transaction may be tried again
	state, err := l.Vault.State(l.ctx, tx, l.subject)
	if err != nil {
		return err
	}
	standing, err := l.Vault.Standing(l.ctx, tx, l.subject)
	if err != nil {
		return err
	}
	l.page.States = l.stateWords(l.policy, l.me.Account.Role, state, standing)
	categories, hidden := l.shown()
	sight, err := l.Vault.LookSubject(l.ctx, tx, access(l.me, l.purpose.ID), l.subject, categories...)
	switch {
	case errors.Is(err, vault.ErrRestricted), errors.Is(err, vault.ErrObjected), errors.Is(err, vault.ErrShutOut):
		return nil // the states say why nothing is shown, and nothing was seen
	case err != nil:
		return err
	}
	l.page.Seen = true
	l.page.Groups = groups(l.policy, sight.Records)
	for _, x := range sight.Withheld {
		l.page.Withheld = append(l.page.Withheld, Withheld{categoryTitle(l.policy, x.Category), verdictWords[x.Why]})
	}
	for _, title := range hidden {
		l.page.Withheld = append(l.page.Withheld, Withheld{title, "Kept so that only the software uses it. Nobody is shown it."})
	}
	return l.others(tx)
}

// others fills in what is known of the person in codes and times.
func (l *look) others(tx *store.Tx) error {
	account, err := l.Accounts.Of(l.ctx, tx, l.subject)
	if err == nil {
		if err := l.calls(tx, account); err != nil {
			return err
		}
	}
	switch {
	case err == nil:
		l.page.Facts = []Fact{
			{"Account", account.Reference}, {"Role", l.actorTitle(account.Role.Actor())}, {"Since", account.Opened.In(policy.London).Format(days)},
		}
	case errors.Is(err, identity.ErrNotFound):
		l.page.Facts = []Fact{{"Account", "none"}}
	default:
		return err
	}
	group, err := l.Vault.Members(l.ctx, tx, l.subject)
	if err != nil {
		return err
	}
	if err := l.tickets(tx, group); err != nil {
		return err
	}
	l.page.Choices, err = l.choices(tx, group)
	return err
}

// tickets lists the person's enquiries as codes, for whoever works on some.
func (l *look) tickets(tx *store.Tx, group []keys.SubjectID) error {
	desk, ok := deskOf(l.InForce().Compiled, l.me.Account.Role)
	if !ok {
		return nil
	}
	for _, s := range group {
		list, err := l.Desk.Of(l.ctx, tx, s)
		if err != nil {
			return err
		}
		for _, t := range list {
			l.page.Tickets = append(l.page.Tickets, ticketView(l.policy, t, desk))
		}
	}
	return nil
}

// shown are the categories of the purpose whose values are shown, by id, and
// the titles of those that nobody is ever shown: what proves that somebody is
// who they are, or stands for a card. They are not even opened.
func (l *look) shown() (ids, hidden []string) {
	for _, k := range l.policy.Categories {
		used := slices.ContainsFunc(l.purpose.Uses, func(u policy.Use) bool { return slices.Contains(u.Categories, k.ID) })
		switch {
		case k.NotHeld:
		case !used:
			l.page.Unused = append(l.page.Unused, k.Title)
		case k.Format == "token":
			hidden = append(hidden, k.Title)
		default:
			ids = append(ids, k.ID)
		}
	}
	return ids, hidden
}

func (l *look) actorTitle(id string) string {
	if a, ok := l.policy.ActorByID(id); ok {
		return a.Title
	}
	return id
}
