package yourdata

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"candour/internal/rights"
	"candour/internal/web"
	"candour/policy"
)

// Choices are what a holder can decide.
func (p *Pages) Choices(ctx context.Context, b *Holder) (Choices, error) {
	c, err := p.Rights.Choices(ctx, b.Person)
	if err != nil {
		return Choices{}, err
	}
	out := Choices{
		Records: c.Records, Restricted: c.Restricted, File: b.Act("file", "Download all of it", "", ""),
		Take:     []web.Act{b.Act("take/json", "Download as JSON", "", "small"), b.Act("take/csv", "Download as a table (CSV)", "", "small")},
		Restrict: b.Act("restrict", "Keep it, but do not use it", "", ""), Erase: b.step("erase", "Erase my data …", "", "danger"),
	}
	if c.Restricted {
		out.Restrict = b.Act("lift", "You may use it again", "", "")
	}
	for _, x := range c.Object {
		act := b.Act("object/"+x.Purpose, "Object", "to: "+x.Title, "small")
		if x.Made {
			act = b.Act("allow/"+x.Purpose, "Take the objection back", "to: "+x.Title, "small")
		}
		out.Object = append(out.Object, Choice{x.Title, x.Description, x.Made, act})
	}
	for _, x := range c.Withdraw {
		out.Withdraw = append(out.Withdraw, Choice{x.Title, x.Description, false, b.Act("withdraw/"+x.Purpose, "Take back my yes", "to: "+x.Title, "small")})
	}
	return out, nil
}

// Held is the view of what is held at a time.
func (p *Pages) Held(r *http.Request, b *Holder, v rights.View, made time.Time) Held {
	out := Held{
		Made: made.In(policy.London), Controller: v.Controller, Records: v.Records, Facts: v.Facts, MoreFacts: v.MoreFacts,
		Happened: v.Happened, MoreHappened: v.MoreHappened, Processing: v.Processing,
	}
	correct := correctable(r)
	titles := map[string]string{}
	for _, u := range v.Processing.Purposes {
		titles[u.ID] = u.Title
	}
	for _, g := range v.Groups {
		group := Group{Category: g.Category, More: g.More}
		for _, it := range g.Items {
			item := Item{Item: it}
			for _, id := range it.Purposes {
				if title := titles[id]; title != "" { // a purpose of old may have gone
					item.For = append(item.For, title)
				}
			}
			if it.Editable && correct {
				item.Correct = b.step("correct/"+it.ID, "Put it right", "this record: "+it.Title, "small")
			}
			group.Items = append(group.Items, item)
		}
		out.Groups = append(out.Groups, group)
	}
	return out
}

// correctable reports whether the policy shows the form to put a record right
// on the visit's surface.
func correctable(r *http.Request) bool {
	v := web.VisitOf(r)
	f, ok := v.Policy().FormByID(rights.CorrectFormID)
	return ok && slices.Contains(f.Surfaces, v.Surface.ID)
}

// File hands out the whole copy.
func (p *Pages) File(w http.ResponseWriter, r *http.Request, b *Holder) error {
	return p.handOut(w, r, "my-data.json", "application/json", func(ctx context.Context, out io.Writer) error {
		_, err := p.Rights.Access(ctx, b.Person, out)
		return err
	})
}

// Take is the handler that hands out what a person takes along.
func (p *Pages) Take(format rights.Format) Acting {
	kinds := map[rights.Format]string{rights.JSON: "application/json", rights.CSV: "text/csv; charset=utf-8; header=present"}
	return func(w http.ResponseWriter, r *http.Request, b *Holder) error {
		return p.handOut(w, r, "my-data-to-take-along."+string(format), kinds[format], func(ctx context.Context, out io.Writer) error {
			_, err := p.Rights.Portability(ctx, b.Person, format, out)
			return err
		})
	}
}
