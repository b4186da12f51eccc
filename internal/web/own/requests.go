package own

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"candour/internal/identity"
	"candour/internal/rights"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/internal/web/yourdata"
	"candour/policy"
)

const requestsPath = "/requests"

// Requests is the page "requests": what a person asked about their data, and
// the form to complain.
type Requests struct {
	web.Base
	Said      string // what was just done, in words; empty if nothing was
	List      []RequestView
	Form      *web.Form // nil where there is none
	Website   string    // where anybody can complain; empty where the form is here
	Address   string    // to which the answer goes
	Officer   policy.Contact
	Regulator policy.Regulator
	Data      string // address of what is held
}

// RequestView is one request or complaint.
type RequestView struct {
	Reference    string
	Title        string // of the right
	Way          string
	Received     string
	Acknowledged string // of a complaint; empty until somebody took it up
	Answered     string // empty while it is open
	State        string // in a word
	Outcome      string
}

// outcomeWords say what came of a request.
var outcomeWords = map[string]string{
	rights.Given: "You were given a copy.", rights.Shown: "You were shown what we hold.", rights.Rectified: "It was put right.",
	rights.Erased: "All of it was erased.", rights.PartKept: "It was erased, but for what the law has us keep or lets us keep.",
	rights.Stopped: "We keep your data and do nothing else with it.", rights.Lifted: "You said that we may use it again.",
	rights.Raised: "We stopped the use you objected to.", rights.TakenBack: "You took your objection back.", rights.Ended: "Your yes was taken back.",
	rights.Closed: "We looked into it and closed it.",
}

var requestWays = map[rights.Way]string{
	rights.ByPortal: "signed in", rights.ByLink: "on our website", rights.ByDesk: "by our staff, for you", rights.ByCommand: "by our engineer, for you",
}

// requests shows every request and complaint of a person.
func (h *site) requests(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.requestsShow(w, r, me, sent{})
}

// requestsPost takes a complaint. It is answered to the address of the account;
// what was typed stays in the form if it cannot be taken.
func (h *site) requestsPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	v := web.VisitOf(r)
	form, ok := v.Policy().FormByID(rights.ComplaintFormID)
	if !ok || !declaredHere(r, rights.ComplaintFormID) {
		return web.ErrNotFound
	}
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	who, err := h.who(r, me)
	if err != nil {
		return err
	}
	if who.Email == "" {
		return web.ErrNotFound // the page shows no form
	}
	values.Set(addressField(r), who.Email)
	stamp, err := h.Sent(r, form, values)
	if err == nil {
		_, err = intake.Read(v.Policy(), *form, values)
	}
	if err == nil {
		err = h.Stamps.Spend(stamp)
	}
	var fields intake.FieldErrors
	if errors.As(err, &fields) || web.IsFormRefusal(err) {
		t := sent{form: form.ID, values: values, wrong: fields}
		t.status, t.refusal = h.Words(err)
		return h.requestsShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	if _, err := h.Rights.Complain(r.Context(), rights.Complaining{Form: values, Surface: v.Surface.ID, Policy: v.Version.Number, Way: rights.ByPortal}); err != nil {
		h.Stamps.Return(stamp)
		return yourdata.Refusal(err)
	}
	http.Redirect(w, r, requestsPath+"?"+url.Values{"sent": {"yes"}}.Encode(), http.StatusSeeOther)
	return nil
}

func (h *site) requestsShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t sent) error {
	b, err := h.holder(r, me)
	if err != nil {
		return err
	}
	list, err := h.Rights.Requests(r.Context(), b.Person)
	if err != nil {
		return yourdata.Refusal(err)
	}
	p := web.VisitOf(r).Policy()
	page := Requests{Base: h.Base(r, "Requests and complaints", ""), Officer: p.Operator.Officer, Regulator: p.Regulator, Data: dataPath}
	if r.URL.Query().Get("sent") != "" && t.form == "" && slices.ContainsFunc(list, func(x rights.Request) bool { return x.Right == rights.Complaint }) {
		page.Said = "We have your complaint. It stands in the list below, and our acknowledgement is on its way to your address."
	}
	for _, x := range list {
		page.List = append(page.List, requestView(p, x))
	}
	if err := h.complaintForm(w, r, me, t, &page); err != nil {
		return err
	}
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "requests", page)
	return nil
}

// complaintForm asks for nothing but the complaint: who makes it is known.
func (h *site) complaintForm(w http.ResponseWriter, r *http.Request, me *identity.Session, t sent, page *Requests) error {
	v := web.VisitOf(r)
	who, err := h.who(r, me)
	if err != nil {
		return err
	}
	if !declaredHere(r, rights.ComplaintFormID) || who.Email == "" {
		if _, ok := v.Policy().FormByID(rights.ComplaintFormID); ok {
			page.Website = v.Public("/complaint")
		}
		return nil
	}
	form, err := h.Form(w, r, rights.ComplaintFormID, "Send the complaint", t.values, t.wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal, form.Action, page.Address = t.refusal, requestsPath, who.Email
	known := addressField(r)
	form.Fields = slices.DeleteFunc(form.Fields, func(f web.Field) bool { return f.Name == known || f.Optional })
	page.Form = &form
	return nil
}

func requestView(p *policy.Policy, x rights.Request) RequestView {
	view := RequestView{Reference: x.Reference, Title: x.Right, Way: requestWays[x.Way], Received: moment(x.Received)}
	if right, ok := p.RightByID(x.Right); ok {
		view.Title = right.Title
	}
	if !x.Acknowledged.IsZero() {
		view.Acknowledged = moment(x.Acknowledged)
	}
	switch complaint := x.Right == rights.Complaint; {
	case !x.Answered.IsZero():
		view.Answered, view.Outcome, view.State = moment(x.Answered), outcomeWords[x.Outcome], "answered"
		if complaint {
			view.State = "closed"
		}
	case view.Acknowledged != "":
		view.State, view.Outcome = "acknowledged", "We are looking into it."
	case complaint:
		view.State, view.Outcome = "open", "We told you by e-mail that it arrived. Nobody has taken it up yet."
	default:
		view.State, view.Outcome = "open", "It is not finished yet."
	}
	return view
}
