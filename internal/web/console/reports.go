package console

import (
	"errors"
	"net/http"
	"strconv"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// Reports is the page "console_reports": calls that somebody reported, as codes.
type Reports struct {
	web.Base
	Reports []ReportView
	Next    string // those that came later; empty on the last page
}

// ReportPage is the page "console_report": one of them, with who called.
type ReportPage struct {
	web.Base
	Report   ReportView
	Open     bool
	Seen     bool // it was shown, and that stands in a history
	Happened string
	Caller   string // empty if it is not known
	Name     string // likewise
	Close    string // where the button that ends it posts
}

// ReportView is a report as codes and times.
type ReportView struct{ Kind, Called, Reported, Number, Href string }

const reportsPath = "/call-reports"

// mayTrace is for whoever may trace calls that were reported.
func mayTrace(c *policy.Compiled, r identity.Role) bool {
	roles, err := telecom.ReportRolesOf(c)
	return err == nil && acts(c, r, roles.Purpose)
}

func reportView(p *policy.Policy, x telecom.Report) ReportView {
	v := ReportView{
		Kind: x.Kind, Called: x.Called.In(policy.London).Format(minutes), Reported: x.Reported.In(policy.London).Format(minutes),
		Number: "Number shown", Href: reportsPath + "/" + strconv.FormatInt(x.ID, 10),
	}
	if x.Withheld {
		v.Number = "Number withheld"
	}
	if !x.Traced {
		v.Number += ", caller not known"
	}
	if form, ok := p.FormByID(telecom.ReportFormID); ok {
		if f, ok := form.FieldNamed(telecom.KindField); ok {
			for _, o := range f.Options {
				if o.Value == x.Kind {
					v.Kind = o.Label
				}
			}
		}
	}
	return v
}

// reports lists what is open, oldest first: nobody's words, and nobody's number.
func (h *site) reports(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	after, err := afterOf(r)
	if err != nil {
		return err
	}
	var list []telecom.Report
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		list, err = h.Own.Phones.Reports(r.Context(), tx, after, pageSize+1)
		return err
	})
	if err != nil {
		return err
	}
	page := Reports{Base: h.Base(r, "Reported calls", "")}
	if len(list) > pageSize {
		list = list[:pageSize]
		page.Next = reportsPath + "?after=" + strconv.FormatInt(list[pageSize-1].ID, 10)
	}
	for _, x := range list {
		page.Reports = append(page.Reports, reportView(web.VisitOf(r).Policy(), x))
	}
	h.Render(w, r, http.StatusOK, "console_reports", page)
	return nil
}

// report shows one with who called, which is a look that stands in the history
// of who reported it (R28).
func (h *site) report(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	id, ok := web.ID(r.PathValue("report"))
	roles, err := telecom.ReportRolesOf(h.InForce().Compiled)
	if err != nil || !ok {
		return web.ErrNotFound
	}
	var t telecom.Trace
	err = h.Store.Update(r.Context(), func(tx *store.Tx) (err error) {
		t, err = h.Own.Phones.TraceCall(r.Context(), tx, access(me, roles.Purpose), id)
		return err
	})
	if errors.Is(err, telecom.ErrNotFound) {
		return web.ErrNotFound
	}
	seen := err == nil
	if err != nil && !refused(err) && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	page := ReportPage{
		Base: h.Base(r, "A reported call", ""), Report: reportView(web.VisitOf(r).Policy(), t.Report), Open: t.Closed.IsZero(), Seen: seen, Happened: t.Happened, Caller: t.Caller, Name: t.Name,
		Close: reportsPath + "/" + strconv.FormatInt(id, 10) + "/close",
	}
	h.Render(w, r, http.StatusOK, "console_report", page)
	return nil
}

// reportClose notes that nothing more is to be done.
func (h *site) reportClose(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	id, ok := web.ID(r.PathValue("report"))
	roles, err := telecom.ReportRolesOf(h.InForce().Compiled)
	if err != nil || !ok {
		return web.ErrNotFound
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Own.Phones.CloseReport(r.Context(), tx, access(me, roles.Purpose), id)
	})
	if errors.Is(err, telecom.ErrNotFound) {
		return web.ErrNotFound // also of one that somebody else closed just now
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, reportsPath, http.StatusSeeOther)
	return nil
}
