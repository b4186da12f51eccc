package rights_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"candour/internal/history"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/vault"
)

// L5, R6, R28: a complaint is taken up and closed by who may act for it, each once
// and with its day; whoever made it finds it so among their requests, in their
// history and in their copy.
func TestComplaintIsAcknowledgedAndClosed(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.enquire("ann@example.org", "Hello")
		made, err := o.desk.Complain(ctx, rights.Complaining{Policy: 1, Form: url.Values{"email": {"ann@example.org"}, "message": {"A planted wrong"}}})
		o.must(err)
		officer := vault.Access{Actor: "dpo", Surface: "console"}
		for name, a := range map[string]vault.Access{
			"support": {Actor: "support"}, "nobody": {}, "whoever complains": {Actor: "contact"}, "the software": {Actor: "system"},
		} {
			for _, act := range []func(context.Context, vault.Access, int64) error{o.desk.Acknowledge, o.desk.CloseComplaint} {
				if err := act(ctx, a, made.Ref); !errors.Is(err, rights.ErrActor) {
					o.t.Errorf("%s: %v", name, err)
				}
			}
		}
		for _, ticket := range []int64{0, 1, made.ID, -1} {
			if err := o.desk.Acknowledge(ctx, officer, ticket); !errors.Is(err, rights.ErrNotFound) {
				o.t.Errorf("the ticket %d: %v", ticket, err)
			}
		}
		now := func() rights.Request {
			r, err := o.desk.ComplaintOf(ctx, made.Ref)
			o.must(err)
			return r
		}
		o.must(o.desk.Acknowledge(ctx, officer, made.Ref))
		taken := now()
		if taken.Acknowledged.IsZero() || !taken.Answered.IsZero() {
			o.t.Errorf("taken up: %+v", taken)
		}
		o.Later(48 * time.Hour)
		o.must(o.desk.Acknowledge(ctx, officer, made.Ref))
		if got := now(); !got.Acknowledged.Equal(taken.Acknowledged) {
			o.t.Errorf("taken up twice: %+v", got)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := o.desk.CloseComplaint(ctx, officer, made.Ref); err != nil {
					o.t.Error(err)
				}
			})
		}
		wg.Wait()
		o.must(o.desk.Acknowledge(ctx, officer, made.Ref))
		done := now()
		if done.Outcome != rights.Closed || !done.Acknowledged.Equal(taken.Acknowledged) || done.Answered.Sub(taken.Acknowledged) < 48*time.Hour {
			o.t.Errorf("closed: %+v", done)
		}
		if ticket, err := o.help.Ticket(ctx, made.Ref); err != nil || ticket.Closed.IsZero() {
			o.t.Errorf("its ticket: %+v, %v", ticket, err)
		}
		if list, err := o.help.List(ctx, support.QueueRights, 0, 10); err != nil || slices.ContainsFunc(list, func(t support.Ticket) bool { return t.ID == made.Ref }) {
			o.t.Errorf("it still waits: %v", err)
		}
		counts := map[string]int{}
		for _, about := range o.About(made.Subject) {
			counts[about]++
		}
		if counts["right.acknowledged complaint"] != 1 || counts["right.answered closed"] != 1 {
			o.t.Errorf("the evidence: %v", counts)
		}
		o.found(made)
	})
}

// found looks for a complaint that was closed where its person reads of it.
func (o *office) found(made rights.Request) {
	o.t.Helper()
	ctx := context.Background()
	p := o.enter(o.link("ann@example.org"))
	list, err := o.desk.Requests(ctx, p)
	o.must(err)
	if !slices.ContainsFunc(list, func(r rights.Request) bool {
		return r.ID == made.ID && r.Outcome == rights.Closed && !r.Acknowledged.IsZero()
	}) {
		o.t.Error("the person does not see it among their requests")
	}
	view, err := o.desk.View(ctx, p)
	o.must(err)
	for _, code := range []string{"acknowledged", rights.Closed} {
		if !slices.ContainsFunc(view.Facts, func(f rights.Fact) bool { return f.Code == code }) {
			o.t.Errorf("%s is not in their copy", code)
		}
	}
	o.must(o.Store.View(ctx, func(tx *store.Tx) error {
		first := p.Subjects[0]
		if first == made.Subject {
			o.t.Fatal("the complaint is not kept apart")
		}
		with, err := o.history.List(ctx, tx, first, history.Query{Show: history.Decisions, Also: p.Subjects[1:]})
		if err != nil {
			return err
		}
		at := slices.IndexFunc(with.Entries, func(e history.Entry) bool {
			return e.What == "A complaint of yours was looked into and closed" && e.ByPeople
		})
		if at < 0 {
			o.t.Error("it is not in their history")
			return nil
		}
		if _, err := o.history.Get(ctx, tx, first, with.Entries[at].ID, p.Subjects[1:]...); err != nil {
			return err
		}
		if _, err := o.history.Get(ctx, tx, first, with.Entries[at].ID); !errors.Is(err, history.ErrNotFound) {
			o.t.Errorf("without its being known as theirs: %v", err)
		}
		return nil
	}))
}
