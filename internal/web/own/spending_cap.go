package own

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/web"
)

// capField is the field in which a limit is chosen.
const capField = "cap"

// SpendingForm is the page "spending_form": one form about what calls cost.
type SpendingForm struct {
	web.Base
	Whose  string // reference of a colleague's account; empty for one's own
	Lead   string
	Form   web.Form
	Answer []Fact // to what was asked
	Back   string
}

func (h *site) spendingCap(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.capShow(w, r, me, sent{})
}

// capShow shows the form with which the limit of an account is chosen.
func (h *site) capShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t sent) error {
	if err := h.spendsHere(r); err != nil {
		return err
	}
	of, err := h.limited(r, me)
	if err != nil {
		return err
	}
	page := SpendingForm{Base: h.Base(r, "Change the limit", ""), Back: baseOf(me, of)}
	if of.ID != me.Account.ID {
		page.Whose = of.Reference
	}
	values := t.values
	err = h.Store.View(r.Context(), func(tx *store.Tx) error {
		s, err := h.Phones.Spending(r.Context(), tx, of.ID)
		if values == nil {
			values = url.Values{capField: {strconv.FormatInt(int64(s.Cap/telecom.Pence(1)), 10)}}
		}
		page.Lead = "Now it is " + s.Cap.String() + " a month, of which " + s.Spent.String() + " is spent."
		return err
	})
	if err != nil {
		return err
	}
	if page.Form, err = h.Form(w, r, telecom.CapFormID, "Change the limit", values, t.wrong, nil); err != nil {
		return err
	}
	page.Form.Action, page.Form.Refusal = page.Back+"/cap", t.refusal
	h.Render(w, r, statusOf(t), "spending_form", page)
	return nil
}

func statusOf(t sent) int {
	if t.status != 0 {
		return t.status
	}
	return http.StatusOK
}

// answersTo reads a declared form that was sent, and reports whether it has to be
// shown again.
func (h *site) answersTo(r *http.Request, id string) (intake.Answers, sent, error) {
	t := sent{form: id}
	form, ok := web.VisitOf(r).Policy().FormByID(id)
	if !ok {
		return nil, t, web.ErrNotFound
	}
	var err error
	if t.values, err = h.ReadForm(r); err != nil {
		return nil, t, err
	}
	var answers intake.Answers
	if _, err = h.Sent(r, form, t.values); err == nil {
		answers, err = intake.Read(web.VisitOf(r).Policy(), *form, t.values)
	}
	if errors.As(err, &t.wrong) || web.IsFormRefusal(err) {
		t.status, t.refusal = h.Words(err)
		return nil, t, nil
	}
	return answers, t, err
}

// spendingCapPost takes the limit.
func (h *site) spendingCapPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.spendsHere(r); err != nil {
		return err
	}
	of, err := h.limited(r, me)
	if err != nil {
		return err
	}
	answers, t, err := h.answersTo(r, telecom.CapFormID)
	if err != nil {
		return err
	}
	if t.status != 0 {
		return h.capShow(w, r, me, t)
	}
	pence, err := strconv.Atoi(answers.Value(capField))
	if err != nil {
		return web.ErrNotFound // the policy offers what is no amount
	}
	form, _ := web.VisitOf(r).Policy().FormByID(telecom.CapFormID)
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Phones.SetCap(r.Context(), tx, me.Access(form.Purpose), me.Account, of, pence)
	})
	if errors.Is(err, telecom.ErrNotYours) || errors.Is(err, telecom.ErrLimit) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, baseOf(me, of), http.StatusSeeOther)
	return nil
}

func (h *site) spendingOpen(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.setClass(w, r, me, true)
}

func (h *site) spendingClose(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.setClass(w, r, me, false)
}

// setClass opens or closes a class of destinations.
func (h *site) setClass(w http.ResponseWriter, r *http.Request, me *identity.Session, open bool) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	if err := h.spendsHere(r); err != nil {
		return err
	}
	of, err := h.limited(r, me)
	if err != nil {
		return err
	}
	form, _ := web.VisitOf(r).Policy().FormByID(telecom.CapFormID)
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Phones.SetClass(r.Context(), tx, me.Access(form.Purpose), me.Account, of, r.PathValue("class"), open)
	})
	if errors.Is(err, telecom.ErrNotYours) || errors.Is(err, telecom.ErrLimit) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, baseOf(me, of)+"#destinations", http.StatusSeeOther)
	return nil
}
