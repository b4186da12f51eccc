package own

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/policy"
)

func (h *site) spendingPrice(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	return h.priceShow(w, r, sent{}, nil)
}

// priceShow shows the form with which a price is looked up, and the answer.
func (h *site) priceShow(w http.ResponseWriter, r *http.Request, t sent, answer []Fact) error {
	if err := h.spendsHere(r); err != nil {
		return err
	}
	page := SpendingForm{Base: h.Base(r, "What does a call cost?", ""), Lead: "Type a number as you would dial it.", Answer: answer, Back: spendingPath}
	var err error
	if page.Form, err = h.Form(w, r, telecom.PriceFormID, "Look up the price", t.values, t.wrong, nil); err != nil {
		return err
	}
	page.Form.Action, page.Form.Refusal, page.Form.Kept = pricePath, t.refusal, ""
	h.Render(w, r, statusOf(t), "spending_form", page)
	return nil
}

// spendingPricePost looks a price up. The number is not kept.
func (h *site) spendingPricePost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, ok := web.VisitOf(r).Policy().FormByID(telecom.PriceFormID)
	if !ok {
		return web.ErrNotFound
	}
	t := sent{form: form.ID}
	var err error
	if t.values, err = h.ReadForm(r); err != nil {
		return err
	}
	if _, err = h.Sent(r, form, t.values); err != nil {
		if !web.IsFormRefusal(err) {
			return err
		}
		t.status, t.refusal = h.Words(err)
		return h.priceShow(w, r, t, nil)
	}
	i := slices.IndexFunc(form.Fields, func(f policy.Field) bool { return f.Category != "" })
	if i < 0 {
		return web.ErrNotFound
	}
	field := form.Fields[i]
	price, ok, err := h.Phones.PriceOf(t.values.Get(field.Name)) // read as it would be dialled: short numbers too
	var refusal *telecom.Refusal
	switch {
	case errors.As(err, &refusal):
		err = intake.FieldErrors{{Field: field.Name, Label: field.Label, Message: refusal.Words()}}
		t.status, t.refusal = h.Words(err)
		errors.As(err, &t.wrong)
		return h.priceShow(w, r, t, nil)
	case err != nil:
		return err
	case !ok:
		return h.priceShow(w, r, t, []Fact{{"Price", (&telecom.Refusal{Code: telecom.NoPrice}).Words()}})
	}
	answer, err := h.priced(r, me, price)
	if err != nil {
		return err
	}
	return h.priceShow(w, r, t, answer)
}

// priced says what a call costs, and whether the account may make it.
func (h *site) priced(r *http.Request, me *identity.Session, p telecom.Price) ([]Fact, error) {
	facts := []Fact{{"Where to", p.Name}}
	if p.Free() {
		return append(facts, Fact{"Price", "It is free."}), nil
	}
	facts = append(facts, Fact{"Kind", policy.Capital(policy.ClassWords(p.Class))}, Fact{"A minute", p.Minute.String() + ", charged by the second"})
	if p.Connection > 0 {
		facts = append(facts, Fact{"Once it is answered", p.Connection.String()})
	}
	facts = append(facts, Fact{"Ten minutes", p.Cost(10 * time.Minute).String()})
	err := h.Store.View(r.Context(), func(tx *store.Tx) error {
		classes, err := h.Phones.Classes(r.Context(), tx, me.Account.ID)
		may := "Yes."
		if classes[p.Class] != telecom.ClassOpen {
			may = (&telecom.Refusal{Code: telecom.NotAllowed}).Words()
		}
		facts = append(facts, Fact{"May your account call it?", may})
		return err
	})
	return facts, err
}
