package softphone

import (
	"errors"
	"net/http"
	"strconv"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/internal/web/own"
)

// CallReport is the page "call_report": the form with which somebody reports a
// call that came to them.
type CallReport struct {
	web.Base
	Call    CallView
	Form    web.Form
	Back    string
	Blocked string // address of the list of blocked callers
}

// reportRoles are those of the policy in force; not found if it declares none.
func reportRoles(r *http.Request) (telecom.FormRoles, error) {
	v := web.VisitOf(r)
	roles, err := telecom.ReportRolesOf(v.Version.Compiled)
	if err != nil || !declares(roles.Form.Surfaces, v.Surface.ID) {
		return roles, web.ErrNotFound
	}
	return roles, nil
}

func declares(surfaces []string, id string) bool {
	for _, s := range surfaces {
		if s == id {
			return true
		}
	}
	return false
}

// callReport shows the form.
func (h *site) callReport(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.callReportShow(w, r, me, nil, nil)
}

func (h *site) callReportShow(w http.ResponseWriter, r *http.Request, me *identity.Session, given map[string][]string, failed error) error {
	roles, err := reportRoles(r)
	if err != nil {
		return err
	}
	call, ok := web.ID(r.PathValue("call"))
	if !ok {
		return web.ErrNotFound
	}
	var entries []telecom.Entry
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		entries, err = h.Phones.Calls(r.Context(), tx, me.Account.Subject, call+1, 1)
		return err
	})
	if err != nil {
		return err
	}
	if len(entries) != 1 || entries[0].Call != call || entries[0].Made {
		return web.ErrNotFound
	}
	var fields intake.FieldErrors
	errors.As(failed, &fields)
	form, err := h.Form(w, r, roles.Form.ID, "Report the call", given, fields, nil)
	if err != nil {
		return err
	}
	form.Action = callPath(call) + "/report"
	status := http.StatusOK
	if failed != nil {
		status, form.Refusal = h.Words(failed)
	}
	view := callView(entries[0], web.VisitOf(r).Now)
	view.Dial = ""
	h.Render(w, r, status, "call_report", CallReport{Base: h.Base(r, "Report a call", ""), Call: view, Form: form, Back: callsPath, Blocked: own.SettingsPath + "#blocked"})
	return nil
}

// callReportPost keeps the report.
func (h *site) callReportPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := reportRoles(r)
	if err != nil {
		return err
	}
	call, ok := web.ID(r.PathValue("call"))
	if !ok {
		return web.ErrNotFound
	}
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	var answers intake.Answers
	if _, err = h.Sent(r, &roles.Form, values); err == nil {
		answers, err = intake.Read(web.VisitOf(r).Policy(), roles.Form, values)
	}
	if err == nil {
		err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
			return h.Phones.ReportCall(r.Context(), tx, me.Access(roles.Purpose), me.Account.Subject, call, answers.Value(telecom.KindField), answers.Value(telecom.HappenedField))
		})
	}
	var fields intake.FieldErrors
	switch {
	case errors.Is(err, telecom.ErrReported):
		err = nil // it stands in the list
	case errors.Is(err, telecom.ErrNotFound), errors.Is(err, telecom.ErrSetting):
		return web.ErrNotFound
	case errors.As(err, &fields) || web.IsFormRefusal(err):
		return h.callReportShow(w, r, me, values, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, callsPath, http.StatusSeeOther)
	return nil
}

// callBlock blocks whoever made a call, also from a withheld number.
func (h *site) callBlock(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	roles, err := telecom.SettingsRolesOf(web.VisitOf(r).Version.Compiled)
	call, ok := web.ID(r.PathValue("call"))
	if err != nil || !ok {
		return web.ErrNotFound
	}
	line, err := h.line(r, me)
	if errors.Is(err, telecom.ErrNoLine) {
		return web.ErrNotFound
	}
	if err == nil {
		err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
			return h.Phones.BlockCaller(r.Context(), tx, me.Access(roles.Purpose), line, call)
		})
	}
	switch {
	case errors.Is(err, telecom.ErrNotFound), errors.Is(err, telecom.ErrUnknownCaller), errors.Is(err, telecom.ErrManyBlocks):
		return web.ErrNotFound
	case err != nil && !errors.Is(err, telecom.ErrBlocked):
		return err
	}
	http.Redirect(w, r, own.SettingsPath+"#blocked", http.StatusSeeOther)
	return nil
}

func callPath(call int64) string { return callsPath + "/" + strconv.FormatInt(call, 10) }
