package telecom_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"candour/internal/identity"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// A line has an extension that nobody else has, as its person's record.
func TestGive(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.customer("Ann"), x.customer("Bob")
		x.want("nobody has a line yet", code(func() error { _, err := x.desk.LineOf(ctx, ann.Account.ID); return err }()), "no line")
		l := x.line(ann, "1001")
		x.want("the line", []any{l.Account == ann.Account.ID, l.Subject == ann.Account.Subject, l.Role, l.Company == ann.Account.Company, l.Extension},
			[]any{true, true, identity.CustomerAdministrator, true, "1001"})
		for _, c := range []struct {
			what, extension, want string
			who                   *identity.Session
		}{
			{"the same extension", "1001", "taken", bob}, {"another of one's own", "1002", "taken", ann}, {"the same again", "1001", "taken", ann},
			{"an emergency number", "999", "no extension", bob}, {"a letter", "10a1", "no extension", bob}, {"none", "", "no extension", bob},
			{"too long", "1234567", "no extension", bob}, {"a number of the country", "01632", "no extension", bob},
			{"no account", "1002", "no account", &identity.Session{}}, {"free", "1002", "done", bob},
		} {
			x.want(c.what, code(x.give(c.who, c.extension, false)), c.want)
		}
		list, err := x.desk.Lines(ctx)
		x.must(err)
		x.want("all lines", []any{len(list), list[0].Extension, list[1].Extension, list[0].Name + list[1].Name}, []any{2, "1001", "1002", ""})

		// The number is in no table but as a record: a mark is no number.
		x.want("rows with the number", x.count("SELECT COUNT(*) FROM lines WHERE CAST(mark AS TEXT) LIKE '%1001%'"), 0)

		// Taken away, the extension is free, and the number is held no more.
		x.update(func(tx *store.Tx) error { return x.desk.Take(ctx, tx, x.own(), ann.Account.ID) })
		x.want("records of the number", held(x, ann, "1001"), 0)
		x.want("taken away twice", code(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Take(ctx, tx, x.own(), ann.Account.ID) })), "no line")
		x.want("free again", code(x.give(ann, "1001", false)), "done")
	})
}

// held counts the records of a person that have a value.
func held(x *exchange, s *identity.Session, value string) (n int) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) error {
		list, err := x.Vault.ReadSubject(ctx, tx, x.own(), s.Account.Subject, numberCategory(x))
		for _, r := range list {
			if string(r.Value()) == value {
				n++
			}
		}
		return err
	}))
	return n
}

func numberCategory(x *exchange) string {
	r, err := telecom.RolesOf(x.InForce())
	x.must(err)
	return r.Number
}

// Of many who are given the same extension at once, one gets it.
func TestOneGetsTheExtension(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		var people []*identity.Session
		for i := range 4 {
			people = append(people, x.customer(fmt.Sprintf("P%d", i)))
		}
		got := make([]string, len(people))
		var all sync.WaitGroup
		for i, p := range people {
			all.Go(func() { got[i] = code(x.give(p, "1001", false)) })
		}
		all.Wait()
		if text := strings.Join(got, " "); strings.Count(text, "done") != 1 || strings.Count(text, "taken") != 3 {
			t.Error(text)
		}
	})
}

// An extension within a company is its people's own: another company has the
// same, and each reaches theirs first.
func TestExtensionsOfACompany(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.customer("Ann"), x.customer("Bob")
		cal := x.colleague(ann, "Cal")
		x.must(x.give(ann, "2001", false))
		x.must(x.give(cal, "200000", true))
		x.want("the same in another company", code(x.give(bob, "200000", true)), "done")
		dee := x.customer("Dee")
		x.want("the same for everybody", code(x.give(dee, "200000", false)), "done")
		reached := func(from *identity.Session, dialled string) string {
			t, err := x.desk.Route(ctx, x.lineOf(from), dialled)
			if err != nil {
				return code(err)
			}
			return fmt.Sprint(t.Line.Account)
		}
		x.want("a colleague", reached(ann, "200000"), cal.Account.ID)
		x.want("from another company, one's own", reached(bob, "200000"), "self")
		x.want("everybody's", reached(bob, "2001"), ann.Account.ID)
		x.must(x.give(x.colleague(bob, "Eve"), "200001", true))
		x.want("another company's", reached(ann, "200001"), "no-such")
	})
}

// Whoever closed their account is reached no more, and their extension may be
// had by another.
func TestClosedAccountsLetGo(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.customer("Ann"), x.customer("Bob")
		cal := x.colleague(ann, "Cal")
		x.must(x.give(ann, "1001", false))
		x.must(x.give(cal, "1003", false))
		x.must(x.accounts.Dismiss(ctx, ann, cal.Account.Reference))
		from := x.lineOf(ann)
		_, err := x.desk.Route(ctx, from, "1003")
		x.want("dialling them", code(err), "no-such")
		_, err = x.desk.LineOf(ctx, cal.Account.ID)
		x.want("their line", code(err), "no line")
		if list, err := x.desk.Lines(ctx); err != nil || len(list) != 1 {
			x.t.Errorf("%d lines, %v", len(list), err)
		}
		x.want("for somebody else", code(x.give(bob, "1003", false)), "done")
		to, err := x.desk.Route(ctx, from, "1003")
		x.want("dialling again", []any{code(err), to.Line.Account}, []any{"done", bob.Account.ID})
	})
}

// R28, L9: names are told within a company alone; where use is restricted,
// neither name nor number is told to others, and one's own line works.
func TestWhoIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		annS := x.customer("Ann")
		calS := x.colleague(annS, "Cal")
		ann, bob := x.line(annS, "1001"), x.line(x.customer("Bob"), "1002")
		cal := x.line(calS, "1003")
		name := func(from telecom.Line, dialled string) string {
			to, err := x.desk.Route(ctx, from, dialled)
			x.must(err)
			return to.Line.Name
		}
		x.want("own name", ann.Name, "Ann")
		x.want("a colleague", name(ann, "1003"), cal.Name)
		x.want("a stranger", name(bob, "1003"), "")
		x.update(func(tx *store.Tx) error { return x.Vault.Restrict(ctx, tx, x.own(), cal.Subject) })
		x.want("a colleague with restricted use", name(ann, "1003"), "")
		x.want("their own line", []any{x.lineOf(calS).Extension, x.lineOf(calS).Name}, []any{"1003", cal.Name})
		list, err := x.desk.Lines(ctx)
		x.must(err)
		x.want("all lines", []any{list[0].Extension, list[1].Extension, list[2].Extension}, []any{"1001", "1002", ""})
	})
}

// An operator without a form to dial has no telephone: nothing is given, found
// or kept, and nothing fails that runs on a beat.
func TestNoTelephone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := openOn(t, mailtest.New(t, st, "fernhill"))
		s := x.customer("Ann")
		x.want("a line", code(x.give(s, "1001", false)), "undeclared")
		_, err := x.desk.LineOf(ctx, s.Account.ID)
		x.want("one's line", code(err), "undeclared")
		_, err = x.desk.Lines(ctx)
		x.want("all lines", code(err), "undeclared")
		_, err = x.desk.Route(ctx, telecom.Line{}, "1001")
		x.want("dialling", code(err), "undeclared")
		_, err = x.desk.Route(ctx, telecom.Line{}, "999")
		x.want("dialling for help", code(err), "no-emergency")
		_, err = x.desk.Begin(ctx, telecom.Start{From: telecom.Line{ID: 1, Subject: s.Account.Subject}, To: telecom.Target{Reach: telecom.ToLine, Line: telecom.Line{ID: 2, Subject: s.Account.Subject}}})
		x.want("calling", code(err), "undeclared")
		x.must(x.desk.Resume(ctx))
		x.must(x.desk.Sweep(ctx))
		x.want("a list of calls", len(x.calls(s.Account.Subject)), 0)
		x.update(func(tx *store.Tx) error { return x.desk.Erased(ctx, tx, s.Account.Subject) })
		x.must(x.desk.Close(ctx))
	})
}

// Nothing prints what it holds.
func TestNothingOfAPersonPrints(t *testing.T) {
	l := telecom.Line{Extension: "1001", Name: "Planted"}
	to := telecom.Target{Line: l, Number: "+441632960001"}
	for _, v := range []any{l, to, telecom.Start{From: l, To: to}, telecom.Entry{Far: "1001", Words: "Planted"}, []telecom.Line{l}, struct{ L telecom.Line }{l}} {
		if s := fmt.Sprintf("%v %+v %#v %s %x", v, v, v, v, v); strings.Contains(s, "1001") || strings.Contains(s, "Planted") || strings.Contains(s, "1632") {
			t.Errorf("%T prints what it holds", v)
		}
	}
}
