package own

import (
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/internal/web/member"
	"candour/policy"
)

// Paths of what people spend on calls.
const (
	spendingPath  = telecom.SpendingPath
	capPath       = spendingPath + "/cap"
	pricePath     = spendingPath + "/price"
	colleaguePath = spendingPath + "/people"
	blocksPath    = spendingPath + "/blocks"
)

// Spending is the page "spending": what an account spends on calls, its limits,
// and the blocks of its calls.
type Spending struct {
	web.Base
	Whose     string // reference of a colleague's account; empty for one's own
	Month     string
	Spent     string
	Held      string // for calls under way; empty for none
	Cap       string
	Percent   int // of the limit, at most 100
	Near      bool
	Reached   bool
	MayChange bool
	CapHref   string
	Price     string // where a price is looked up
	Classes   []ClassView
	Standing  *BlockLine // keeps calls back now
	Blocks    []BlockLine
	Months    []MonthLine
	Hourly    int
	Longest   string
	Decision  *policy.Decision // what a computer decides alone; nil for nothing
	Patterns  []string
	Within    string
	People    string // where an administrator sees the lines of their firm
	Privacy   string // of the notice, about the decision
	Kept      string
}

// ClassView is a class of destinations, and whether it may be called.
type ClassView struct {
	Title, State string
	Open, Barred bool
	Press        string // where the button posts; empty for none
	Label        string
}

// MonthLine is what was spent in a month, and where its statement is.
type MonthLine struct{ Name, Value, Href string }

// BlockLine is a block in a list.
type BlockLine struct {
	When, State, Href string
	ByStaff           bool // a person of ours put it in place
}

// Colleagues is the page "spending_people": the lines of a firm.
type Colleagues struct {
	web.Base
	People []ColleagueLine
	Back   string
}

// ColleagueLine is what an account of the firm spends.
type ColleagueLine struct {
	Who, Spent, Cap string
	Blocked         bool
	Href            string
}

// spends reports whether people see on a surface what they spend on calls.
func (d Deps) spends(p *policy.Policy, surface string) bool {
	f, ok := p.FormByID(telecom.CapFormID)
	return ok && d.Phones != nil && p.Calling.Offered() && contains(f.Surfaces, surface)
}

// spendsHere is spends under the policy of a visit; not found otherwise.
func (h *site) spendsHere(r *http.Request) error {
	v := web.VisitOf(r)
	if !h.spends(v.Policy(), v.Surface.ID) {
		return web.ErrNotFound
	}
	return nil
}

// spending shows what whoever is signed in spends.
func (h *site) spending(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.spendingOf(w, r, me, me.Account)
}

// spendingColleague shows the same of an account of the firm that they
// administer.
func (h *site) spendingColleague(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	of, err := h.limited(r, me)
	if err != nil {
		return err
	}
	return h.spendingOf(w, r, me, of)
}

// limited is the account that a path names, or one's own where it names none, if
// whoever is signed in decides about its limits.
func (h *site) limited(r *http.Request, me *identity.Session) (identity.Account, error) {
	of := me.Account
	if text := r.PathValue("account"); text != "" {
		err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
			of, err = h.Accounts.ByReference(r.Context(), tx, text)
			return err
		})
		if errors.Is(err, identity.ErrNotFound) || err == nil && of.Reference != text {
			return of, web.ErrNotFound
		}
		if err != nil {
			return of, err
		}
	}
	if !telecom.MayLimit(me.Account, of) {
		return of, web.ErrNotFound
	}
	return of, nil
}

// base is where the pages about an account are.
func baseOf(me *identity.Session, of identity.Account) string {
	if of.ID == me.Account.ID {
		return spendingPath
	}
	return colleaguePath + "/" + of.Reference
}

func (h *site) spendingOf(w http.ResponseWriter, r *http.Request, me *identity.Session, of identity.Account) error {
	if err := h.spendsHere(r); err != nil {
		return err
	}
	v := web.VisitOf(r)
	p := v.Policy()
	page := Spending{
		Base: h.Base(r, "Spending and limits", ""), MayChange: telecom.MayLimit(me.Account, of), CapHref: baseOf(me, of) + "/cap", Price: pricePath,
		Hourly: p.Calling.Hourly, Longest: p.Calling.Longest.Words(), Kept: h.Kept(r, telecom.PriceFormID),
	}
	own := of.ID == me.Account.ID
	if !own {
		page.Whose = of.Reference
	}
	if own && me.Account.Role == identity.CustomerAdministrator {
		page.People = colleaguePath
	}
	if d, ok := p.DecisionByID(telecom.DecisionID); ok {
		page.Decision, page.Within, page.Privacy = d, d.Within.Words(), v.Public("/privacy")+"#decision-"+d.ID
		for i := range d.Patterns {
			page.Patterns = append(page.Patterns, policy.Capital(d.Patterns[i].Words()))
		}
	}
	err := h.Store.View(r.Context(), func(tx *store.Tx) error {
		s, err := h.Phones.Spending(r.Context(), tx, of.ID)
		if err != nil {
			return err
		}
		page.spent(s)
		classes, err := h.Phones.Classes(r.Context(), tx, of.ID)
		if err != nil {
			return err
		}
		page.classes(classes, baseOf(me, of))
		blocks, err := h.Phones.Blocks(r.Context(), tx, of.ID)
		if err != nil {
			return err
		}
		page.blocks(blocks, own)
		months, err := h.Phones.Months(r.Context(), tx, of.ID)
		for _, m := range months {
			page.Months = append(page.Months, MonthLine{m.Month.Format("January 2006"), m.Spent.String(), statementPath(baseOf(me, of), m.Month)})
		}
		return err
	})
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "spending", page)
	return nil
}

func (page *Spending) spent(s telecom.Spending) {
	page.Month, page.Spent, page.Cap = s.Month.Format("January 2006"), s.Spent.String(), s.Cap.String()
	page.Near, page.Reached = s.Near(), s.Cap > 0 && s.Spent >= s.Cap
	if s.Held > 0 {
		page.Held = s.Held.String()
	}
	if s.Cap > 0 {
		page.Percent = int(min(100, s.Spent*100/s.Cap))
	}
}

func (page *Spending) classes(states map[string]telecom.ClassState, base string) {
	for _, class := range policy.Classes {
		x := ClassView{Title: policy.Capital(policy.ClassWords(class)), State: "Switched off", Press: base + "/open/" + class, Label: "Switch on"}
		switch states[class] {
		case telecom.ClassOpen:
			x.State, x.Open, x.Press, x.Label = "Switched on", true, base+"/close/"+class, "Switch off"
		case telecom.ClassBarred:
			x.State, x.Barred, x.Press = "Barred by our staff", true, ""
		}
		if !page.MayChange {
			x.Press = ""
		}
		page.Classes = append(page.Classes, x)
	}
}

func (page *Spending) blocks(list []telecom.Block, own bool) {
	for i := range list {
		b := &list[i]
		line := BlockLine{When: moment(b.Made), State: blockState(b), ByStaff: b.ByStaff()}
		if own {
			line.Href = blocksPath + "/" + b.Reference // what is said in it is between its person and us
		}
		page.Blocks = append(page.Blocks, line)
		if b.Stands() && page.Standing == nil {
			page.Standing = &line
		}
	}
}

func blockState(b *telecom.Block) string {
	switch {
	case b.State == telecom.BlockLifted:
		return "lifted by a person on " + day(b.Decided)
	case b.Owed():
		return "contested, a person answers by " + day(b.Due)
	case b.ByStaff() && b.Contested.IsZero():
		return "decided by a person of ours"
	case b.State == telecom.BlockConfirmed:
		return "kept by a person on " + day(b.Decided)
	}
	return "decided by a computer alone"
}

// spendingPeople lists what the accounts of a firm spend, for its administrator.
func (h *site) spendingPeople(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.spendsHere(r); err != nil {
		return err
	}
	list, err := h.Accounts.Colleagues(r.Context(), me)
	if errors.Is(err, identity.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	page := Colleagues{Base: h.Base(r, "Lines of your firm", ""), Back: spendingPath}
	err = h.Store.View(r.Context(), func(tx *store.Tx) error {
		page.People = nil
		for _, x := range list {
			s, err := h.Phones.Spending(r.Context(), tx, x.ID)
			if err != nil {
				return err
			}
			blocks, err := h.Phones.Blocks(r.Context(), tx, x.ID)
			if err != nil {
				return err
			}
			line := ColleagueLine{Who: x.Email.Reveal(), Spent: s.Spent.String(), Cap: s.Cap.String(), Href: baseOf(me, x.Account)}
			if line.Who == "" {
				line.Who = x.Reference
			}
			for i := range blocks {
				line.Blocked = line.Blocked || blocks[i].Stands()
			}
			page.People = append(page.People, line)
		}
		return nil
	})
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "spending_people", page)
	return nil
}

// Urgent is what somebody must be told on the first page of a surface: a block
// of their calls, or a limit that is near.
func Urgent(r *http.Request, d Deps, me *identity.Session) (list []member.Card, err error) {
	v := web.VisitOf(r)
	if !d.spends(v.Policy(), v.Surface.ID) {
		return nil, nil
	}
	err = d.Store.View(r.Context(), func(tx *store.Tx) error {
		list = nil
		blocks, err := d.Phones.Blocks(r.Context(), tx, me.Account.ID)
		if err != nil {
			return err
		}
		for i := range blocks {
			if b := &blocks[i]; b.Stands() {
				text := "They looked like fraud to our software. Read what it saw, and tell us what is wrong with it."
				if b.ByStaff() {
					text = "A person of ours stopped them. Read why, and tell us what is wrong with it."
				}
				list = append(list, member.Card{Title: "Calls that cost are stopped", Text: text + " Emergency calls, calls to you and calls to extensions go on.", Href: blocksPath + "/" + b.Reference})
				break
			}
		}
		s, err := d.Phones.Spending(r.Context(), tx, me.Account.ID)
		if err == nil && s.Near() {
			list = append(list, member.Card{Title: "Your calls come near their limit", Text: "You have spent " + s.Spent.String() + " of " + s.Cap.String() + " this month.", Href: spendingPath})
		}
		return err
	})
	return list, err
}
