package console

import (
	"errors"
	"net/http"
	"slices"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// Fields of the form with which a block is decided about.
const (
	decisionField = "decision"
	lifted        = "lifted"
)

// Blocks is the page "console_blocks": the blocks of calls that stand.
type Blocks struct {
	web.Base
	Blocks []BlockView
}

// BlockView is a block in the list: numbers, and nobody's words.
type BlockView struct {
	Reference, Made, State, Saw, Href string
	Late                              bool // its person should have an answer
}

// BlockPage is the page "console_block": a block, what was said of it, and the
// form to decide.
type BlockPage struct {
	web.Base
	Reference, State, Saw, Rule string
	Seen                        bool
	States                      []string
	Facts                       []Fact
	Groups                      []Held
	Form                        *web.Form
	Classes                     []ClassView
	Person                      string
}

// ClassView is a class of destinations, with the button to bar it or not.
type ClassView struct{ Title, State, Press, Label string }

// mayReview is for whoever looks again at what software decided alone.
func mayReview(c *policy.Compiled, r identity.Role) bool { return actsIn(c, r, telecom.ReviewFormID) }

func (h *site) blockRoutes(rt *web.Routes) {
	h.route(rt, mayReview, "GET /blocks", h.blocks)
	h.route(rt, mayReview, "GET /blocks/{block}", h.block)
	h.route(rt, mayReview, "POST /blocks/{block}", h.blockPost)
	h.stopRoutes(rt)
	h.route(rt, mayReview, "POST /blocks/{block}/bar/{class}", h.blockBar)
	h.route(rt, mayReview, "POST /blocks/{block}/unbar/{class}", h.blockUnbar)
}

// blocks lists those that stand, whoever waits for an answer first.
func (h *site) blocks(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	page := Blocks{Base: h.Base(r, "Blocks of calls", "")}
	v := web.VisitOf(r)
	err := h.Store.View(r.Context(), func(tx *store.Tx) error {
		page.Blocks = nil
		list, err := h.Phones.Standing(r.Context(), tx)
		for i := range list {
			b := &list[i]
			saw, _ := telecom.Seen(h.decidedUnder(b, v.Policy()), b)
			page.Blocks = append(page.Blocks, BlockView{b.Reference, b.Made.In(policy.London).Format(minutes), blockState(b), saw, "/blocks/" + b.Reference, b.Owed() && b.Due.Before(v.Now)})
		}
		return err
	})
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "console_blocks", page)
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

func blockState(b *telecom.Block) string {
	switch {
	case b.State == telecom.BlockLifted:
		return "Lifted"
	case b.Owed():
		return "Contested; we owe an answer by " + b.Due.In(policy.London).Format(minutes)
	case b.ByStaff() && b.Contested.IsZero():
		return "Put in place by one of us, and not contested"
	case b.State == telecom.BlockConfirmed:
		return "Kept by one of us"
	}
	return "Decided by software alone, and not contested"
}

// blockOf is the block that a path names.
func (h *site) blockOf(r *http.Request) (b telecom.Block, err error) {
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		b, err = h.Phones.BlockBy(r.Context(), tx, r.PathValue("block"))
		return err
	})
	if errors.Is(err, telecom.ErrNoBlock) || err == nil && b.Reference != r.PathValue("block") {
		return b, web.ErrNotFound
	}
	return b, err
}

func (h *site) block(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.blockShow(w, r, me, attempt{})
}

// blockShow shows a block with what was said, which is a look at its person and
// stands in their history.
func (h *site) blockShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t attempt) error {
	b, err := h.blockOf(r)
	if err != nil {
		return err
	}
	v := web.VisitOf(r)
	f, ok := v.Policy().FormByID(telecom.ReviewFormID)
	if !ok {
		return web.ErrNotFound
	}
	page := BlockPage{Base: h.Base(r, "Block "+b.Reference, ""), Reference: b.Reference, State: blockState(&b)}
	page.Saw, page.Rule = telecom.Seen(h.decidedUnder(&b, v.Policy()), &b)
	page.Facts = []Fact{{"Stopped", b.Made.In(policy.London).Format(minutes)}}
	if b.Owed() {
		page.Facts = append(page.Facts, Fact{"Contested", b.Contested.In(policy.London).Format(minutes)}, Fact{"We owe an answer by", b.Due.In(policy.London).Format(minutes)})
	}
	if !b.Decided.IsZero() {
		page.Facts = append(page.Facts, Fact{"Last decided", b.Decided.In(policy.London).Format(minutes)})
	}
	if h.may(mayFind, me) {
		page.Person = "/person/" + h.passes.make(me, pass{b.Subject, f.Purpose, v.Now.Add(passLasts)})
	}
	if err := h.blockWords(r, me, &b, f.Purpose, &page); err != nil {
		return err
	}
	if b.Stands() {
		form, err := h.Form(w, r, telecom.ReviewFormID, "Decide, and tell them", t.values, t.wrong, nil)
		if err != nil {
			return err
		}
		form.Action, form.Refusal = "/blocks/"+b.Reference, t.refusal
		page.Form = &form
	}
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "console_block", page)
	return nil
}

// blockWords fills in what was said, as far as the role may see it, and whom the
// account may call.
func (h *site) blockWords(r *http.Request, me *identity.Session, b *telecom.Block, purpose string, page *BlockPage) error {
	p := h.InForce().Profile.Policy
	err := h.Store.Update(r.Context(), func(tx *store.Tx) error {
		page.Groups, page.Seen, page.Classes = nil, false, nil
		states, err := h.Phones.Classes(r.Context(), tx, b.Account)
		if err != nil {
			return err
		}
		page.bars(b, states)
		state, err := h.Vault.State(r.Context(), tx, b.Subject)
		if err != nil {
			return err
		}
		standing, err := h.Vault.Standing(r.Context(), tx, b.Subject)
		if err != nil {
			return err
		}
		page.States = h.stateWords(p, me.Account.Role, state, standing)
		sight, err := h.Vault.LookMatter(r.Context(), tx, access(me, purpose), b.Subject, b.ID)
		if refused(err) {
			return nil // the states say why
		}
		if err != nil {
			return err
		}
		page.Groups, page.Seen = groups(p, sight.Records), true
		return nil
	})
	if errors.Is(err, vault.ErrNotFound) {
		page.Person = "" // nothing is left
		return nil
	}
	return err
}

func (page *BlockPage) bars(b *telecom.Block, states map[string]telecom.ClassState) {
	for _, class := range policy.Classes {
		x := ClassView{policy.Capital(policy.ClassWords(class)), "Switched " + map[bool]string{true: "on", false: "off"}[states[class] == telecom.ClassOpen], "/blocks/" + b.Reference + "/bar/" + class, "Bar"}
		if states[class] == telecom.ClassBarred {
			x.State, x.Press, x.Label = "Barred by us", "/blocks/"+b.Reference+"/unbar/"+class, "Lift the bar"
		}
		page.Classes = append(page.Classes, x)
	}
}

// blockPost takes a decision with its reason.
func (h *site) blockPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, err := h.sent(r, telecom.ReviewFormID)
	var answers intake.Answers
	if err == nil {
		answers, err = intake.Read(web.VisitOf(r).Policy(), *form, values)
	}
	if err != nil {
		if t, ok := h.again(values, err); ok {
			return h.blockShow(w, r, me, t)
		}
		return err
	}
	i := slices.IndexFunc(form.Fields, func(f policy.Field) bool { return f.Category != "" })
	if i < 0 {
		return web.ErrNotFound
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Phones.Review(r.Context(), tx, access(me, form.Purpose), r.PathValue("block"), answers.Value(decisionField) == lifted, answers.Value(form.Fields[i].Name))
	})
	switch {
	case errors.Is(err, telecom.ErrNoBlock):
		return web.ErrNotFound
	case errors.Is(err, telecom.ErrContested): // somebody else did, a moment ago
	case err != nil:
		return err
	}
	http.Redirect(w, r, "/blocks", http.StatusSeeOther)
	return nil
}

func (h *site) blockBar(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.bar(w, r, me, true)
}

func (h *site) blockUnbar(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.bar(w, r, me, false)
}

// bar keeps the account of a block from a class of destinations, or ends that.
func (h *site) bar(w http.ResponseWriter, r *http.Request, me *identity.Session, bar bool) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	b, err := h.blockOf(r)
	if err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(telecom.ReviewFormID)
	if !ok {
		return web.ErrNotFound
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		of, err := h.Accounts.ByID(r.Context(), tx, b.Account)
		if err != nil {
			return err
		}
		return h.Phones.Bar(r.Context(), tx, access(me, form.Purpose), of, r.PathValue("class"), bar)
	})
	if errors.Is(err, telecom.ErrLimit) || errors.Is(err, identity.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/blocks/"+b.Reference, http.StatusSeeOther)
	return nil
}
