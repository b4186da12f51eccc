package rights

import (
	"context"
	"slices"

	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Limits of what a page shows; the file has all.
const (
	ShownRecords = 20  // of a category, the newest
	shownFacts   = 200 // the newest
	// shownHappened are lines of the history, the newest.
	shownHappened = 40
)

// View is what is held about a person, to be read on a page.
type View struct {
	Request      Request
	Controller   Controller
	Records      int     // how many there are
	Groups       []Group // in the policy's order
	Facts        []Fact
	MoreFacts    int // that are not shown
	Happened     []Happening
	MoreHappened bool // than is shown
	Processing   Processing
}

// Group is a category with the newest of its records, newest first.
type Group struct {
	Category Category
	Items    []Item
	More     int // that are not shown
}

// View reads what is held for a page, and counts as access (UK GDPR Art 15).
// What it holds does not grow with what there is.
func (d *Desk) View(ctx context.Context, p Person) (View, error) {
	var v View
	r, err := d.handOut(ctx, p, Access, Shown, func(tx *store.Tx) (int, error) {
		v = View{Controller: controllerOf(d.c.InForce().Policy())}
		err := d.view(ctx, tx, p, &v)
		return v.Records, err
	})
	v.Request = r
	return v, err
}

func (d *Desk) view(ctx context.Context, tx *store.Tx, p Person, v *View) error {
	c := d.c.InForce()
	t, newest := newTally(), map[string][]Item{}
	err := d.walk(ctx, tx, p, func(r vault.Record) error {
		t.add(&r)
		it := itemOf(c, r)
		it.Editable = editable(c.Policy(), p.Access.Surface, &r)
		list := append(newest[r.Category], it)
		if len(list) >= 2*ShownRecords { // trimmed now and then, not for each
			list = slices.Clone(newestOf(list))
		}
		newest[r.Category] = list
		return nil
	})
	if err != nil {
		return err
	}
	v.Records = t.records
	if v.Processing, err = d.processing(ctx, tx, p, t); err != nil {
		return err
	}
	for _, k := range v.Processing.Categories {
		items := newestOf(newest[k.ID])
		slices.Reverse(items)
		v.Groups = append(v.Groups, Group{k, items, k.Count - len(items)})
	}
	err = d.facts(ctx, tx, p, func(f Fact) error {
		v.Facts = append(v.Facts, f)
		return nil
	})
	slices.SortStableFunc(v.Facts, func(a, b Fact) int { return b.At.Compare(a.At) })
	if n := len(v.Facts) - shownFacts; n > 0 {
		v.Facts, v.MoreFacts = v.Facts[:shownFacts], n
	}
	if err != nil {
		return err
	}
	v.Happened, v.MoreHappened, err = d.lately(ctx, tx, p)
	return err
}

// newestOf returns the newest few, oldest first.
func newestOf(items []Item) []Item {
	slices.SortStableFunc(items, func(a, b Item) int { return a.Collected.Compare(b.Collected) })
	return items[max(0, len(items)-ShownRecords):]
}

// Choices are what a person can decide, for a page with a button for each.
type Choices struct {
	Records    int
	Restricted bool
	Object     []Choice // purposes that can be objected to
	Withdraw   []Choice // purposes on consent that stands
}

// Choice is a purpose to decide on.
type Choice struct {
	Purpose     string
	Title       string
	Description string
	Made        bool // an objection stands
}

// Choices returns what a person can decide: of the purposes their data is held
// for, and of those they have decided on. It hands out nothing, and counts no
// address of an ask that waits.
func (d *Desk) Choices(ctx context.Context, p Person) (Choices, error) {
	var out Choices
	if err := d.may(p); err != nil {
		return out, err
	}
	err := d.c.Store.View(ctx, func(tx *store.Tx) error {
		t := newTally()
		add := func(r vault.Record) error { t.add(&r); return nil }
		for _, s := range p.Subjects {
			if err := d.c.Vault.Walk(ctx, tx, s, add); err != nil {
				return err
			}
		}
		decided, err := d.decisions(ctx, tx, p)
		if err != nil {
			return err
		}
		out = choicesOf(d.c.InForce().Policy(), t, decided)
		return nil
	})
	return out, gone(err)
}

func choicesOf(p *policy.Policy, t *tally, decided Decisions) Choices {
	out := Choices{Records: t.records, Restricted: decided.Restricted}
	for i := range p.Purposes {
		q := &p.Purposes[i]
		made := slices.Contains(decided.Objections, q.Title)
		agreed := q.Agreed() && slices.Contains(decided.Consents, q.Title)
		switch {
		case agreed:
			out.Withdraw = append(out.Withdraw, Choice{q.ID, q.Title, q.Description, false})
		case q.Objectable() && (made || t.purposes[q.ID] && !q.Agreed()):
			out.Object = append(out.Object, Choice{q.ID, q.Title, q.Description, made})
		}
	}
	return out
}
