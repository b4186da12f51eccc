package rights_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"candour/internal/mail"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support/intake"
)

// rows counts the rows of the tables that an ask touches.
func (o *office) rows() string {
	o.t.Helper()
	var b strings.Builder
	o.must(o.Store.View(context.Background(), func(tx *store.Tx) error {
		for _, table := range []string{"subjects", "records", "tags", "rights_asks", "rights_requests", "rights_notices", "mail_queue", "support_tickets", "evidence_about"} {
			var n int
			if err := tx.QueryRow(context.Background(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s %d\n", table, n)
		}
		return nil
	}))
	return b.String()
}

// delta says how much more rows there are.
func delta(before, after string) string {
	var b strings.Builder
	a := strings.Split(after, "\n")
	for i, line := range strings.Split(strings.TrimSpace(before), "\n") {
		var table string
		var n, m int
		_, _ = fmt.Sscan(line, &table, &n)
		_, _ = fmt.Sscan(a[i], &table, &m)
		fmt.Fprintf(&b, "%s+%d ", table, m-n)
	}
	return b.String()
}

// R5, L13: the form does the same for every address, known or not, and asks for
// no more than the address; who may know learns the difference by mail.
func TestAskDoesTheSameForEveryAddress(t *testing.T) {
	each(t, func(o *office) {
		o.enquire("known@example.org", "Hello")
		o.enquire("holder@example.org", "Hello")
		o.must(o.Update(func(ctx context.Context, tx *store.Tx) error {
			found, err := o.Vault.Find(ctx, tx, o.access("system"), o.email(), "holder@example.org")
			o.accounts = found
			return err
		}))
		o.post()
		var changes []string
		for _, address := range []string{"known@example.org", "unknown@example.org", "holder@example.org"} {
			before := o.rows()
			o.must(o.ask(address, "access"))
			changes = append(changes, delta(before, o.rows()))
		}
		if changes[0] != changes[1] || changes[1] != changes[2] {
			o.t.Errorf("the form does different things: %v", changes)
		}
		got := map[string]mail.Kind{}
		for _, l := range o.post() {
			got[l.To] = l.Kind
			if strings.Contains(l.Raw, "/your-data/act?") != (l.Kind == mail.RightsLink) {
				o.t.Errorf("%s has a link, or has none", l.Kind)
			}
		}
		want := map[string]mail.Kind{"known@example.org": mail.RightsLink, "unknown@example.org": mail.RightsNothing, "holder@example.org": mail.RightsPortal}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			o.t.Errorf("%v, want %v", got, want)
		}
		// The address that leads to nothing goes when the policy says so (R12).
		roles, err := rights.RolesOf(o.InForce())
		o.must(err)
		o.Later(roles.Kept.Period.From(o.Now()).Sub(o.Now()) + 24*time.Hour)
		o.keep()
		o.Later(24 * time.Hour)
		o.must(o.desk.Sweep(context.Background()))
		for _, v := range o.everything() {
			if v == "unknown@example.org" {
				o.t.Error("the address that asked is kept")
			}
		}
		if left := o.rows(); !strings.Contains(left, "rights_asks 0") || !strings.Contains(left, "rights_notices 0") {
			o.t.Errorf("left: %s", left)
		}
	})
}

func TestAskRefuses(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	before := o.rows()
	for _, c := range [][2]string{{"", "access"}, {"nobody", "access"}, {"ann@example.org", ""}, {"ann@example.org", "everything"}, {"ann@example.org\nbcc: x", "access"}} {
		var wrong intake.FieldErrors
		if err := o.ask(c[0], c[1]); !errors.As(err, &wrong) {
			t.Errorf("%q: %v", c, err)
		}
	}
	if o.rows() != before {
		t.Error("a form that cannot be taken changed something")
	}
}

// One mail an hour to one address, whoever asks.
func TestOneLinkAnHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		o := open(t, st, "invoco")
		o.enquire("ann@example.org", "Hello")
		o.post()
		for range 5 {
			o.must(o.ask("ann@example.org", "access"))
			o.must(o.ask("ANN@example.org", "erasure"))
		}
		if n := len(o.post()); n != 1 {
			t.Errorf("%d mails in one hour", n)
		}
		o.Later(time.Hour + time.Second)
		o.must(o.ask("ann@example.org", "access"))
		if n := len(o.post()); n != 1 {
			t.Errorf("%d mails in the next hour", n)
		}
	})
}

// A link works for its hour and for nobody who made one up.
func TestLinks(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	ctx := context.Background()
	o.enquire("ann@example.org", "Hello")
	token := o.link("ann@example.org")
	if l, err := o.desk.Enter(ctx, token); err != nil || l.Right != "access" || !l.Until.Equal(o.Now().Add(time.Hour)) {
		t.Fatalf("%+v, %v", l, err)
	}
	other := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	other.enquire("ann@example.org", "Hello")
	foreign := other.link("ann@example.org")
	changed := []byte(token)
	changed[3] ^= 1
	for _, bad := range []string{"", "x", foreign, string(changed), token[:31], token + "A", token + "\n", strings.Repeat("A", 32)} {
		if _, err := o.desk.Enter(ctx, bad); !errors.Is(err, rights.ErrToken) {
			t.Errorf("%q: %v", bad, err)
		}
		if _, err := o.desk.Receipt(ctx, bad); !errors.Is(err, rights.ErrToken) {
			t.Errorf("receipt %q: %v", bad, err)
		}
	}
	// A link is no receipt, and a receipt no link.
	if _, err := o.desk.Receipt(ctx, token); !errors.Is(err, rights.ErrToken) {
		t.Error(err)
	}
	o.Later(time.Hour - time.Second)
	o.enter(token)
	o.Later(time.Second)
	if _, err := o.desk.Enter(ctx, token); !errors.Is(err, rights.ErrLapsed) {
		t.Errorf("after an hour: %v", err)
	}
}

// The hour counts from when the mail left, not from when it was asked for.
func TestLinkCountsFromTheMail(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	o.enquire("ann@example.org", "Hello")
	o.post()
	o.must(o.ask("ann@example.org", "access"))
	o.Later(3 * time.Hour) // the mail server was away
	o.enter(o.codeIn(o.post(), mail.RightsLink))
}

// Nothing prints what it holds.
func TestNothingOfAPersonPrints(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	o.enquire("ann@example.org", "planted words")
	p := o.enter(o.link("ann@example.org"))
	v, err := o.desk.View(context.Background(), p)
	o.must(err)
	for _, x := range []any{p, v, v.Groups, v.Groups[0].Items[0], rights.Asking{}, rights.Complaining{}} {
		if s := fmt.Sprintf("%v %+v %#v %s", x, x, x, x); strings.Contains(s, "ann@") || strings.Contains(s, "planted") {
			t.Errorf("%T prints what it holds", x)
		}
	}
}
