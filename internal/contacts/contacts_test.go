package contacts_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"candour/internal/contacts"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// shelf is a desk with an owner who agreed to contacts being kept.
type shelf struct {
	*mailtest.Bench
	t     testing.TB
	desk  *contacts.Desk
	owner keys.SubjectID
	roles contacts.Roles
}

func open(t testing.TB, st *store.Store) *shelf {
	t.Helper()
	x := &shelf{Bench: mailtest.New(t, st, "invoco"), t: t}
	x.desk = contacts.New(contacts.Config{Store: x.Store, Vault: x.Vault, InForce: x.InForce, Now: x.Now})
	var err error
	x.roles, err = contacts.RolesOf(x.InForce())
	x.must(err)
	x.owner = x.person(true)
	return x
}

func each(t *testing.T, fn func(*shelf)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { fn(open(t, st)) })
}

func (x *shelf) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *shelf) want(what string, got, want any) {
	x.t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		x.t.Errorf("%s: %s, want %s", what, g, w)
	}
}

func (x *shelf) update(fn func(*store.Tx) error) {
	x.t.Helper()
	x.must(x.Store.Update(ctx, fn))
}

// person is somebody, who agrees to contacts or not.
func (x *shelf) person(agrees bool) (s keys.SubjectID) {
	x.t.Helper()
	x.update(func(tx *store.Tx) (err error) {
		if s, err = x.Vault.NewSubject(ctx, tx); err != nil {
			return err
		}
		return x.Vault.SetConsent(ctx, tx, s, x.roles.Purpose, agrees)
	})
	return s
}

func (x *shelf) access() vault.Access {
	return vault.Access{Actor: "customer", Purpose: x.roles.Purpose, Surface: x.roles.Surface, Own: true}
}

func (x *shelf) add(s keys.SubjectID, c contacts.Card) (id vault.RecordID, err error) {
	err = x.Store.Update(ctx, func(tx *store.Tx) error {
		id, err = x.desk.Add(ctx, tx, x.access(), s, c)
		return err
	})
	return id, err
}

func (x *shelf) list(s keys.SubjectID) (list []contacts.Card) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = x.desk.List(ctx, tx, s)
		return err
	}))
	return list
}

func names(list []contacts.Card) (all []string) {
	for _, c := range list {
		all = append(all, c.Name)
	}
	return all
}

// lines is a contact in one line.
func line(c contacts.Card) string {
	return strings.Join([]string{c.Name, c.Number, c.Mobile, c.Work, c.Home, c.Email, c.Company, strings.ReplaceAll(c.Note, "\n", "/")}, "|")
}

// Story: a book is kept, read, changed and thinned out by its owner, and by
// nobody else.
func TestBook(t *testing.T) {
	each(t, func(x *shelf) {
		other := x.person(true)
		bea, err := x.add(x.owner, contacts.Card{Name: "Bea", Number: "1002", Note: "rings\nat noon; or, later"})
		x.must(err)
		_, err = x.add(x.owner, contacts.Card{Name: "ann Example", Mobile: "07700 900123", Company: "Boxes; Ltd", Email: "ann@example.org"})
		x.must(err)
		x.want("by name", names(x.list(x.owner)), []string{"ann Example", "Bea"})
		x.want("whole", line(x.list(x.owner)[0]), "ann Example||07700 900123|||ann@example.org|Boxes; Ltd|")
		x.want("a note", x.list(x.owner)[1].Note, "rings\nat noon; or, later")
		x.want("somebody else's book", len(x.list(other)), 0)
		for what, s := range map[string]keys.SubjectID{"somebody else": other, "nobody": keys.NewSubjectID()} {
			x.want("read by "+what, x.Store.View(ctx, func(tx *store.Tx) error { _, err := x.desk.Get(ctx, tx, s, bea); return err }), contacts.ErrNotFound)
			x.want("changed by "+what, x.Store.Update(ctx, func(tx *store.Tx) error {
				return x.desk.Change(ctx, tx, x.access(), s, bea, contacts.Card{Name: "X"})
			}), contacts.ErrNotFound)
			x.want("removed by "+what, x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Remove(ctx, tx, x.access(), s, bea) }), contacts.ErrNotFound)
		}
		x.update(func(tx *store.Tx) error {
			return x.desk.Change(ctx, tx, x.access(), x.owner, bea, contacts.Card{Name: "Bea Box", Number: "1003"})
		})
		x.want("changed", line(x.list(x.owner)[1]), "Bea Box|1003||||||")
		x.update(func(tx *store.Tx) error { return x.desk.Remove(ctx, tx, x.access(), x.owner, bea) })
		x.want("removed", names(x.list(x.owner)), []string{"ann Example"})
		x.must(x.Vault.Check(ctx))

		kinds := strings.Join(x.About(x.owner), "\n")
		for _, k := range []string{"record.collected", "record.rectified", "record.erased"} {
			if !strings.Contains(kinds, k) {
				t.Errorf("no evidence %s in %s", k, kinds)
			}
		}
	})
}

// R12, R16: contacts are kept on a yes, and go when it is taken back, with their
// rows; an erasure takes them too.
func TestConsent(t *testing.T) {
	each(t, func(x *shelf) {
		shy := x.person(false)
		_, err := x.add(shy, contacts.Card{Name: "Bea"})
		x.want("without a yes", err, vault.ErrNoConsent)
		_, err = x.add(x.owner, contacts.Card{Name: "Bea"})
		x.must(err)
		x.update(func(tx *store.Tx) error { return x.Vault.SetConsent(ctx, tx, x.owner, x.roles.Purpose, false) })
		x.want("after it was taken back", len(x.list(x.owner)), 0)
		x.must(x.Vault.Purge(ctx))
		x.must(x.desk.Sweep(ctx))
		count := func(table string) (n int) {
			x.must(x.Store.View(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n) }))
			return n
		}
		x.want("rows", count("contacts"), 0)
		second := x.person(true)
		_, err = x.add(second, contacts.Card{Name: "Cal"})
		x.must(err)
		x.want("kept", count("contacts"), 1)
		x.update(func(tx *store.Tx) error { return x.desk.Erased(ctx, tx, second) })
		x.want("after an erasure", count("contacts"), 0)
	})
}

// A restriction of the use of somebody's data leaves them their own book (UK
// GDPR Art 18(2)).
func TestRestricted(t *testing.T) {
	each(t, func(x *shelf) {
		_, err := x.add(x.owner, contacts.Card{Name: "Bea", Number: "1002"})
		x.must(err)
		x.update(func(tx *store.Tx) error { return x.Vault.Restrict(ctx, tx, x.access(), x.owner) })
		x.want("their book", names(x.list(x.owner)), []string{"Bea"})
	})
}

func TestFull(t *testing.T) {
	x := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	var b strings.Builder
	for i := range contacts.MaxContacts + 2 {
		fmt.Fprintf(&b, "BEGIN:VCARD\nVERSION:4.0\nUID:u%d\nFN:Contact %d\nEND:VCARD\n", i, i)
	}
	r := x.bring(b.String())
	x.want("added", r.Added, contacts.MaxContacts)
	x.want("not taken", len(r.Not), 2)
	x.want("why", strings.Contains(r.Not[0].Why, "full"), true)
	_, err := x.add(x.owner, contacts.Card{Name: "One more"})
	x.want("one more", err, contacts.ErrFull)
	again := x.bring(b.String())
	x.want("a second time", fmt.Sprint(again.Added, again.Changed, again.Same, len(again.Not)), fmt.Sprint(0, 0, contacts.MaxContacts, 2))
}

// What is typed is checked, field by field.
func TestRead(t *testing.T) {
	x := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	for name, c := range map[string]struct {
		field, value, wrong string
	}{
		"no name": {"name", "", "name"}, "letters for a number": {"number", "call me", "number"}, "an extension": {"number", "1002", ""}, "a number of the world": {"work", "+44 1632 960123", ""},
		"a number that we cannot connect": {"home", "01632", ""}, "999": {"mobile", "999", ""}, "no address": {"email", "ann", "email"}, "a long note": {"message", strings.Repeat("a", contacts.MaxNote+1), "message"},
		"a control character": {"company", "A\x00B", "company"}, "a long number": {"mobile", strings.Repeat("1 ", 20), "mobile"}, "a long name": {"name", strings.Repeat("n", 201), "name"},
	} {
		v := url.Values{"name": {"Ann"}}
		v.Set(c.field, c.value)
		_, err := contacts.Read(x.InForce(), v)
		if got := err != nil && strings.Contains(err.Error(), c.wrong); got != (c.wrong != "") || c.wrong == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFind(t *testing.T) {
	list := []contacts.Card{{Name: "Ann Example", Mobile: "07700 900123", Company: "Boxes"}, {Name: "Bea", Number: "1002", Email: "bea@example.org"}, {Name: "Zoë Ärger", Work: "+44 20 7946 0000"}}
	for question, want := range map[string]string{
		"ann": "Ann Example", "EXAMPLE ann": "Ann Example", "boxes": "Ann Example", "example": "Ann Example,Bea", "1002": "Bea", "100": "Bea", "07700 900123": "Ann Example",
		"+44 7700 900123": "Ann Example", "zoë": "Zoë Ärger", "ÄRGER": "Zoë Ärger", "020 7946 0000": "Zoë Ärger", "": "", "  ": "", "nobody": "",
	} {
		if got := strings.Join(names(contacts.Find(list, question)), ","); got != want {
			t.Errorf("%q finds %q, want %q", question, got, want)
		}
	}
	for number, want := range map[string]string{"1002": "Bea", "+447700900123": "Ann Example", "": "", "1003": "", "100": ""} {
		if got := contacts.Named(list, number); got != want {
			t.Errorf("%q is %q, want %q", number, got, want)
		}
	}
}

// Nothing of a contact is printed.
func TestRedacted(t *testing.T) {
	c := contacts.Card{Name: "PLANTED", Note: "PLANTED"}
	r := contacts.Report{Not: []contacts.NotTaken{{Name: "PLANTED"}}}
	if s := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", c, c, c, c, r, r, r); strings.Contains(s, "PLANTED") {
		t.Error(s)
	}
}

// The list of another alias is the same person's.
func TestAlias(t *testing.T) {
	each(t, func(x *shelf) {
		other := x.person(true)
		_, err := x.add(x.owner, contacts.Card{Name: "Bea"})
		x.must(err)
		_, err = x.add(other, contacts.Card{Name: "Ann"})
		x.must(err)
		x.update(func(tx *store.Tx) error { return x.Vault.Alias(ctx, tx, other, x.owner) })
		got := names(x.list(x.owner))
		slices.Sort(got)
		x.want("under one alias", got, []string{"Ann", "Bea"})
	})
}
