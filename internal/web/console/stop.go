package console

import (
	"errors"
	"net/http"
	"slices"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/policy"
)

// stopPath is where the calls of an account are stopped.
const stopPath = "/blocks/new"

// Stop is the page "console_stop": the form with which the calls of a person that
// cost are stopped.
type Stop struct {
	web.Base
	Account string // reference
	Form    web.Form
	Person  string // the page of the person
}

func (h *site) stopRoutes(rt *web.Routes) {
	h.route(rt, mayStop, "GET "+stopPath+"/{pass}", h.stop)
	h.route(rt, mayStop, "POST "+stopPath+"/{pass}", h.stopPost)
}

// mayStop is for whoever looks at blocks and may put one in place.
func mayStop(c *policy.Compiled, r identity.Role) bool {
	return mayReview(c, r) && actsIn(c, r, telecom.StopFormID)
}

// calls fills in whether calls of the account that cost are stopped.
func (l *look) calls(tx *store.Tx, of identity.Account) error {
	if l.Phones == nil || !l.may(mayReview, l.me) {
		return nil
	}
	b, stands, err := l.Phones.Stopped(l.ctx, tx, of.ID)
	switch {
	case err != nil:
		return err
	case stands:
		l.page.Block = "/blocks/" + b.Reference
	case l.may(mayStop, l.me):
		l.page.Stop = stopPath + "/" + l.pass
	}
	return nil
}

// stoppable is the account of the person that a pass leads to.
func (h *site) stoppable(r *http.Request, me *identity.Session) (of identity.Account, err error) {
	x, ok := h.passes.open(me, r.PathValue("pass"), web.VisitOf(r).Now)
	if !ok || h.Phones == nil {
		return of, web.ErrNotFound
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		of, err = h.Accounts.Of(r.Context(), tx, x.subject)
		return err
	})
	if errors.Is(err, identity.ErrNotFound) {
		return of, web.ErrNotFound
	}
	return of, err
}

func (h *site) stop(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.stopShow(w, r, me, attempt{})
}

func (h *site) stopShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t attempt) error {
	of, err := h.stoppable(r, me)
	if err != nil {
		return err
	}
	page := Stop{Base: h.Base(r, "Stop calls that cost", ""), Account: of.Reference, Person: "/person/" + r.PathValue("pass")}
	if page.Form, err = h.Form(w, r, telecom.StopFormID, "Stop them, and tell their person", t.values, t.wrong, nil); err != nil {
		return err
	}
	page.Form.Action, page.Form.Refusal = stopPath+"/"+r.PathValue("pass"), t.refusal
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "console_stop", page)
	return nil
}

// stopPost takes the decision with its reason.
func (h *site) stopPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	form, values, err := h.sent(r, telecom.StopFormID)
	var answers intake.Answers
	if err == nil {
		answers, err = intake.Read(web.VisitOf(r).Policy(), *form, values)
	}
	if err != nil {
		if t, ok := h.again(values, err); ok {
			return h.stopShow(w, r, me, t)
		}
		return err
	}
	of, err := h.stoppable(r, me)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(form.Fields, func(f policy.Field) bool { return f.Category != "" })
	if i < 0 {
		return web.ErrNotFound
	}
	var ref string
	err = h.Store.Update(r.Context(), func(tx *store.Tx) (err error) {
		ref, err = h.Phones.Stop(r.Context(), tx, access(me, form.Purpose), of, answers.Value(form.Fields[i].Name))
		if errors.Is(err, telecom.ErrBarred) { // by somebody else, a moment ago
			var b telecom.Block
			b, _, err = h.Phones.Stopped(r.Context(), tx, of.ID)
			ref = b.Reference
		}
		return err
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/blocks/"+ref, http.StatusSeeOther)
	return nil
}
