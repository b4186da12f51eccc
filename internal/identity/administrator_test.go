package identity_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// colleague opens an account in the firm of an administrator.
func (d *desk) colleague(by *identity.Session, email string) *identity.Session {
	d.TB.Helper()
	err := d.a.Invite(context.Background(), by, identity.CustomerUser, url.Values{"name": {"Cal"}, "email": {email}, "role": {string(identity.CustomerUser)}})
	if err != nil {
		d.TB.Fatal(err)
	}
	return d.finish(d.one(mail.AccountInvited, email).token)
}

// gone erases what the person of a session has here.
func (d *desk) gone(s *identity.Session) {
	d.TB.Helper()
	if err := d.Update(func(ctx context.Context, tx *store.Tx) error { return d.a.Forget(ctx, tx, s.Account.Subject) }); err != nil {
		d.TB.Fatal(err)
	}
}

// R18, L8: whoever is the only administrator of a firm can hand the role over to
// one of its people, and to nobody else; who is appointed is told, and it stands
// in their history.
func TestHandOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		ann, bob := d.customer("ann@example.org"), d.customer("bob@example.org")
		last := func(name string, s *identity.Session, want identity.Last) {
			t.Helper()
			if got, err := d.a.Last(ctx, s.Account); err != nil || got != want {
				t.Errorf("%s: %+v, want %+v, %v", name, got, want, err)
			}
		}
		last("a firm of one", ann, identity.Last{Only: true})
		cal := d.colleague(ann, "cal@example.org")
		last("a firm of two", ann, identity.Last{Only: true, Others: 1})
		last("a user", cal, identity.Last{})
		for name, by := range map[string]*identity.Session{"another firm's administrator": bob, "the user": cal} {
			if err := d.a.Appoint(ctx, by, cal.Account.Reference); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, ref := range map[string]string{"another firm's": bob.Account.Reference, "nobody": "0000-0000", "no reference": "x", "themselves": ann.Account.Reference} {
			if err := d.a.Appoint(ctx, ann, ref); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("to appoint %s: %v", name, err)
			}
		}
		if err := d.a.Appoint(ctx, ann, cal.Account.Reference); err != nil {
			t.Fatal(err)
		}
		d.one(mail.AccountAppointed, "cal@example.org")
		if !slices.Contains(d.About(cal.Account.Subject), "account.changed administrator.appointed") {
			t.Errorf("%v", d.About(cal.Account.Subject))
		}
		if !slices.Contains(d.About(ann.Account.Subject), "account.changed administrator.made") {
			t.Errorf("%v", d.About(ann.Account.Subject))
		}
		if err := d.a.Appoint(ctx, ann, cal.Account.Reference); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
		last("one of two administrators", ann, identity.Last{Only: false, Others: 0})
		d.gone(ann)
		_, cal, err := d.signIn("cal@example.org", goodPassword)
		if err != nil || cal.Account.Role != identity.CustomerAdministrator {
			t.Fatalf("%+v, %v", cal, err)
		}
		last("who is left", cal, identity.Last{Only: true})
		if list, err := d.a.Unled(ctx, 0, 10); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

// R18, R28: a firm whose last administrator left, in whichever way, is found; who
// may open the accounts of administrators appoints one of its people, once, with
// a fresh proof, and every look at them stands in their history.
func TestAFirmWithoutAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		ann, bob := d.customer("ann@example.org"), d.customer("bob@example.org")
		cal, dee := d.colleague(ann, "cal@example.org"), d.colleague(ann, "dee@example.org")
		eve := d.colleague(bob, "eve@example.org")
		support, officer := d.staff(identity.Support, "sue@example.org"), d.staff(identity.Officer, "olga@example.org")
		d.authenticator(support)
		d.authenticator(officer)
		d.post()
		d.gone(ann)
		list, err := d.a.Unled(ctx, 0, 10)
		if err != nil || len(list) != 1 || list[0].People != 2 || list[0].ID != cal.Account.Company {
			t.Fatalf("%+v, %v", list, err)
		}
		firm := list[0].Reference
		if list, err := d.a.Unled(ctx, list[0].ID, 10); err != nil || len(list) != 0 {
			t.Errorf("after the last: %v, %v", list, err)
		}
		for _, ref := range []string{"", "x", "0000-0000", cal.Account.Reference} {
			if _, _, err := d.a.UnledPeople(ctx, support, ref); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("the firm %q: %v", ref, err)
			}
		}
		for name, by := range map[string]*identity.Session{"the officer": officer, "an administrator": bob, "its own user": cal} {
			if _, _, err := d.a.UnledPeople(ctx, by, firm); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("%s looks: %v", name, err)
			}
			if err := d.a.AppointIn(ctx, by, firm, cal.Account.Reference); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("%s appoints: %v", name, err)
			}
		}
		before := len(d.About(cal.Account.Subject))
		_, people, err := d.a.UnledPeople(ctx, support, firm)
		if err != nil || len(people) != 2 || people[0].Email.Reveal() != "cal@example.org" || len(d.About(cal.Account.Subject)) != before+1 {
			t.Errorf("%d people, %v", len(people), err)
		}
		if err := d.a.AppointIn(ctx, support, firm, eve.Account.Reference); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("somebody of another firm: %v", err)
		}
		d.together(t, support, firm, cal, dee)
		if list, err := d.a.Unled(ctx, 0, 10); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

// L8: a firm goes with the last of its accounts, also where the last two leave
// together; while anybody has one, it stays.
func TestAFirmGoesWithItsLast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		ann, bob := d.customer("ann@example.org"), d.customer("bob@example.org")
		cal := d.colleague(ann, "cal@example.org")
		firms := func() (n int) {
			t.Helper()
			err := st.View(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, "SELECT COUNT(*) FROM companies").Scan(&n) })
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		d.gone(bob)
		if n := firms(); n != 1 {
			t.Errorf("a firm of one was erased, and %d firms are there", n)
		}
		dee := d.colleague(ann, "dee@example.org")
		d.gone(ann)
		if n := firms(); n != 1 {
			t.Errorf("people of a firm are there, and %d firms", n)
		}
		var wg sync.WaitGroup
		for _, s := range []keys.SubjectID{cal.Account.Subject, dee.Account.Subject} {
			wg.Go(func() {
				if err := st.Update(ctx, func(tx *store.Tx) error { return d.a.Forget(ctx, tx, s) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := firms(); n != 0 {
			t.Errorf("nobody is left of %d firms", n)
		}
	})
}

// together has two members of the firm appointed at once: one of them is.
func (d *desk) together(t *testing.T, by *identity.Session, firm string, two ...*identity.Session) {
	t.Helper()
	ctx := context.Background()
	stale := *by
	stale.Proved = d.Now().Add(-time.Hour)
	if err := d.a.AppointIn(ctx, &stale, firm, two[0].Account.Reference); !errors.Is(err, identity.ErrProof) {
		t.Errorf("with an old proof: %v", err)
	}
	var wg sync.WaitGroup
	errs := make([]error, len(two))
	for i, x := range two {
		wg.Go(func() { errs[i] = d.a.AppointIn(ctx, by, firm, x.Account.Reference) })
	}
	wg.Wait()
	if refused := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, identity.ErrNotFound) }); refused < 0 || errs[1-refused] != nil {
		t.Errorf("%v", errs)
	}
	if list := d.post(); len(list) != 1 || list[0].kind != mail.AccountAppointed {
		t.Errorf("%v", kinds(list))
	}
}

// The only data protection officer is told too; another is not.
func TestTheOnlyOfficer(t *testing.T) {
	d, ctx := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite))), context.Background()
	first := d.staff(identity.Officer, "olga@example.org")
	if got, err := d.a.Last(ctx, first.Account); err != nil || !got.Only {
		t.Errorf("%+v, %v", got, err)
	}
	d.staff(identity.Officer, "otto@example.org")
	if got, err := d.a.Last(ctx, first.Account); err != nil || got.Only {
		t.Errorf("%+v, %v", got, err)
	}
}
