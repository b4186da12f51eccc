package own

import (
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/policy"
)

// Block is the page "spending_block": a block of calls, with what led to it and
// what can be done about it (UK GDPR Art 22C).
type Block struct {
	web.Base
	Reference, Made string
	Stands, Alone   bool // a person has not looked yet
	ByStaff         bool // a person of ours put it in place
	State           string
	Saw, Rule       string
	Facts           []Fact
	Said, Reason    string
	Form            *web.Form // to contest it; nil where there is nothing to contest
	Within          string
	Officer, Email  string
	Back            string
}

// mine is a block of whoever is signed in.
func (h *site) mine(r *http.Request, me *identity.Session) (b telecom.Block, said, reason string, err error) {
	if err := h.spendsHere(r); err != nil {
		return b, "", "", err
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if b, err = h.Phones.BlockBy(r.Context(), tx, r.PathValue("block")); err == nil {
			said, reason, err = h.Phones.Said(r.Context(), tx, &b)
		}
		return err
	})
	if errors.Is(err, telecom.ErrNoBlock) || err == nil && (b.Account != me.Account.ID || b.Reference != r.PathValue("block")) {
		return b, "", "", web.ErrNotFound
	}
	return b, said, reason, err
}

func (h *site) spendingBlock(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.blockShow(w, r, me, sent{})
}

func (h *site) blockShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t sent) error {
	b, said, reason, err := h.mine(r, me)
	if err != nil {
		return err
	}
	p := web.VisitOf(r).Policy()
	page := Block{
		Base: h.Base(r, "Block of your calls", ""), Reference: b.Reference, Made: moment(b.Made), Stands: b.Stands(), Alone: b.Decided.IsZero(), ByStaff: b.ByStaff(), State: blockState(&b),
		Said: said, Reason: reason, Officer: p.Operator.Officer.Title, Email: p.Operator.Officer.Email, Back: spendingPath,
	}
	page.Saw, page.Rule = telecom.Seen(h.decidedUnder(&b, p), &b)
	if d, ok := p.DecisionByID(telecom.DecisionID); ok {
		page.Within = d.Within.Words()
	}
	page.Facts = []Fact{{"Since", page.Made}, {"Reference", b.Reference}, {"Now", page.State}}
	if !b.Contested.IsZero() {
		page.Facts = append(page.Facts, Fact{"You contested it", moment(b.Contested)})
	}
	if !b.Decided.IsZero() {
		page.Facts = append(page.Facts, Fact{"A person decided", moment(b.Decided)})
	}
	if b.Stands() && !b.Owed() && declaredHere(r, telecom.ContestFormID) {
		form, err := h.Form(w, r, telecom.ContestFormID, "Send it to a person", t.values, t.wrong, nil)
		if err != nil {
			return err
		}
		form.Action, form.Refusal = blocksPath+"/"+b.Reference, t.refusal
		page.Form = &form
	}
	h.Render(w, r, statusOf(t), "spending_block", page)
	return nil
}

// decidedUnder is the policy by which a block was decided, or else the one in
// force.
func (h *site) decidedUnder(b *telecom.Block, inForce *policy.Policy) *policy.Policy {
	if v := h.Versions.Get(b.Policy); v != nil {
		return v.Profile.Policy
	}
	return inForce
}

// spendingBlockPost takes what its person says against a block.
func (h *site) spendingBlockPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	b, _, _, err := h.mine(r, me)
	if err != nil {
		return err
	}
	roles, err := telecom.ContestRolesOf(web.VisitOf(r).Version.Compiled)
	if err != nil || !declaredHere(r, telecom.ContestFormID) {
		return web.ErrNotFound
	}
	answers, t, err := h.answersTo(r, telecom.ContestFormID)
	if err != nil {
		return err
	}
	if t.status != 0 {
		return h.blockShow(w, r, me, t)
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Phones.Contest(r.Context(), tx, me.Access(roles.Purpose), me.Account.ID, b.Reference, answers.Value(roles.Field))
	})
	if err != nil && !errors.Is(err, telecom.ErrContested) { // a moment ago
		return err
	}
	http.Redirect(w, r, blocksPath+"/"+b.Reference, http.StatusSeeOther)
	return nil
}
