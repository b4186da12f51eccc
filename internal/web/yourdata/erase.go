package yourdata

import (
	"errors"
	"net/http"

	"candour/internal/rights"
	"candour/internal/web"
	"candour/policy"
)

// Erase says what an erasure would leave, and asks again.
func (p *Pages) Erase(w http.ResponseWriter, r *http.Request, b *Holder) error {
	kept, err := p.Rights.Keeping(r.Context(), b.Person)
	if err != nil {
		return err
	}
	page := Erase{Base: p.Base(r, "Erase your data", ""), Kept: kept, Erase: b.Act("erase"+b.Sure, "Yes, erase my data", "", "danger"), Back: b.Back}
	page.Ends, page.Last = b.Ended != nil, b.Last
	page.Held = heldTitle(web.VisitOf(r).Policy())
	p.Render(w, r, http.StatusOK, "your_data_erase", page)
	return nil
}

// heldTitle says how long requests are kept, in the policy's words.
func heldTitle(p *policy.Policy) string {
	form, ok := p.FormByID(rights.FormID)
	if !ok {
		return ""
	}
	if q, ok := p.PurposeByID(form.Purpose); ok && len(q.Uses) > 0 {
		if class, ok := p.RetentionByID(q.Uses[0].Retention); ok {
			return class.Title
		}
	}
	return ""
}

// Erased erases.
func (p *Pages) Erased(w http.ResponseWriter, r *http.Request, b *Holder) error {
	made, err := p.Rights.Erase(r.Context(), b.Person)
	if errors.Is(err, rights.ErrNothing) {
		p.Render(w, r, http.StatusOK, "your_data_done", Done{Base: p.Base(r, "Nothing is left to erase", ""), Heading: "Nothing is left to erase", Back: &b.Back, Words: []string{
			"What we still hold is what a law makes us keep: that you asked us before, and the address our answer went to.",
		}})
		return nil
	}
	if err != nil {
		return err
	}
	if b.Ended != nil {
		b.Ended(w, r)
	}
	page := Done{
		Base: p.Base(r, "Your data is erased", ""), Heading: "Your data is erased", Reference: made.Reference, Kept: made.Kept,
		Words:   []string{"Nothing of it opens any more. We have sent a confirmation to your address, with the link to a receipt."},
		Receipt: web.VisitOf(r).URL("", rights.ReceiptPath) + "?" + rights.ReceiptAs + "=" + made.Receipt,
	}
	p.Render(w, r, http.StatusOK, "your_data_done", page)
	return nil
}
