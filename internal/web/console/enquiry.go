package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"candour/internal/identity"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// ticket returns the ticket that a path names, if it is on the role's desk.
func (h *site) ticket(r *http.Request, me *identity.Session) (support.Ticket, error) {
	desk, ok := deskOf(h.InForce().Compiled, me.Account.Role)
	if !ok {
		return support.Ticket{}, web.ErrNotFound
	}
	t, err := h.Desk.ByReference(r.Context(), r.PathValue("ticket"))
	if errors.Is(err, support.ErrNotFound) || err == nil && (t.Queue != desk || t.Reference != r.PathValue("ticket")) {
		return t, web.ErrNotFound
	}
	return t, err
}

// enquiry shows one ticket with what was written, which is a look at its
// person and stands in their history.
func (h *site) enquiry(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	t, err := h.ticket(r, me)
	if err != nil {
		return err
	}
	v := web.VisitOf(r)
	p := v.Policy()
	f, ok := p.FormByID(formOf(t))
	if !ok || !acts(h.InForce().Compiled, me.Account.Role, f.Purpose) {
		return web.ErrNotFound
	}
	path := "/enquiries/" + t.Reference
	page := Enquiry{
		Base: h.Base(r, "Enquiry "+t.Reference, ""), Ticket: ticketView(p, t, t.Queue), Open: t.Closed.IsZero(), Erased: t.Subject == 0, Complaint: formOf(t) != contactForm,
		Close: path + "/close", Move: path + "/move", Other: deskWords[otherDesk(t.Queue)],
	}
	if page.Complaint {
		if err := h.complaint(r.Context(), t, path, &page); err != nil {
			return err
		}
	}
	page.Facts = append([]Fact{{"Came", page.Ticket.Opened}, {"By", surfaceTitle(p, t.Surface)}, {"About", page.Ticket.About}}, page.Facts...)
	if page.Ticket.Suggests != "" {
		page.Facts = append(page.Facts, Fact{"The words suggest", page.Ticket.Suggests})
	}
	if t.Subject != 0 {
		if h.may(mayFind, me) { // or the page is not there
			page.Person = "/person/" + h.passes.make(me, pass{t.Subject, f.Purpose, v.Now.Add(passLasts)})
		}
		if err := h.words(r.Context(), me, t, f.Purpose, &page); err != nil {
			return err
		}
	}
	h.Render(w, r, http.StatusOK, "console_enquiry", page)
	return nil
}

// complaint fills in how far a complaint is.
func (h *site) complaint(ctx context.Context, t support.Ticket, path string, page *Enquiry) error {
	c, err := h.Rights.ComplaintOf(ctx, t.ID)
	if errors.Is(err, rights.ErrNotFound) {
		return nil // its time is over, and the ticket tells what is left
	}
	if err != nil {
		return err
	}
	page.Facts = []Fact{{"The person knows it as", c.Reference}}
	for _, x := range []struct {
		name string
		at   time.Time
	}{{"Acknowledged", c.Acknowledged}, {"Closed", c.Answered}} {
		if !x.at.IsZero() {
			page.Facts = append(page.Facts, Fact{x.name, x.at.In(policy.London).Format(minutes)})
		}
	}
	if page.Open && c.Acknowledged.IsZero() {
		page.Acknowledge = path + "/acknowledge"
	}
	return nil
}

// words fills in what was written, or why it is not shown.
func (h *site) words(ctx context.Context, me *identity.Session, t support.Ticket, purpose string, page *Enquiry) error {
	p := h.InForce().Profile.Policy
	err := h.Store.Update(ctx, func(tx *store.Tx) error {
		page.Groups, page.Seen = nil, false
		state, err := h.Vault.State(ctx, tx, t.Subject)
		if err != nil {
			return err
		}
		standing, err := h.Vault.Standing(ctx, tx, t.Subject)
		if err != nil {
			return err
		}
		page.States = h.stateWords(p, me.Account.Role, state, standing)
		sight, err := h.lookAt(ctx, tx, access(me, purpose), t)
		if refused(err) {
			return nil // the states say why
		}
		if err != nil {
			return err
		}
		page.Groups, page.Seen = groups(p, sight.Records), true
		return nil
	})
	if errors.Is(err, vault.ErrNotFound) {
		page.Erased, page.Person = true, "" // and nothing is left
		return nil
	}
	return err
}

// formOf is the form that a ticket came by. A complaint has one of its own.
func formOf(t support.Ticket) string {
	if t.About == support.RightComplaint {
		return complaintForm
	}
	return contactForm
}

// lookAt is a look at what was written for a ticket. Whoever complains is kept
// apart from whom it is about, so all that is held of them is the complaint.
func (h *site) lookAt(ctx context.Context, tx *store.Tx, a vault.Access, t support.Ticket) (vault.Sight, error) {
	if formOf(t) == complaintForm {
		return h.Vault.LookSubject(ctx, tx, a, t.Subject)
	}
	return h.Vault.LookMatter(ctx, tx, a, t.Subject, t.ID)
}

func otherDesk(q support.QueueID) support.QueueID {
	if q == support.QueueRights {
		return support.QueueSupport
	}
	return support.QueueRights
}

// enquiryClose ends a ticket. From now the time counts for which its words are
// kept.
func (h *site) enquiryClose(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.ticketAct(w, r, me, "/enquiries", func(t support.Ticket) error {
		if formOf(t) == complaintForm {
			return h.Rights.CloseComplaint(r.Context(), access(me, ""), t.ID)
		}
		return h.Desk.Close(r.Context(), t.ID)
	})
}

// enquiryAcknowledge tells whoever complained that somebody took it up.
func (h *site) enquiryAcknowledge(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.ticketAct(w, r, me, "/enquiries/"+r.PathValue("ticket"), func(t support.Ticket) error {
		if formOf(t) != complaintForm {
			return web.ErrNotFound // it was acknowledged when it came
		}
		return h.Rights.Acknowledge(r.Context(), access(me, ""), t.ID)
	})
}

// enquiryMove gives a ticket to the other desk.
func (h *site) enquiryMove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.ticketAct(w, r, me, "/enquiries", func(t support.Ticket) error {
		if formOf(t) == complaintForm {
			return web.ErrNotFound // nobody else may answer it
		}
		return h.Desk.Move(r.Context(), t.ID, otherDesk(t.Queue))
	})
}

func (h *site) ticketAct(w http.ResponseWriter, r *http.Request, me *identity.Session, to string, act func(support.Ticket) error) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	t, err := h.ticket(r, me)
	if err != nil {
		return err
	}
	switch err := act(t); {
	case errors.Is(err, rights.ErrActor), errors.Is(err, rights.ErrUndeclared), errors.Is(err, rights.ErrNotFound):
		return web.ErrNotFound
	case err != nil && !errors.Is(err, support.ErrNotFound): // by somebody else, just now
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
