package marketing_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candour/internal/consent/people"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// account is a person who is signed in, with a proven address.
type account struct {
	*desk
	choices *people.Desk
	subject keys.SubjectID
	address string
}

func newAccount(d *desk, address string) *account {
	d.TB.Helper()
	a := &account{desk: d, address: address}
	a.choices = people.New(people.Config{Store: d.Store, Log: d.Log, Vault: d.Vault, InForce: d.InForce, Now: d.Now})
	a.choices.Follow(d.n)
	if err := d.Update(func(ctx context.Context, tx *store.Tx) (err error) {
		a.subject, err = d.Vault.NewSubject(ctx, tx)
		return err
	}); err != nil {
		d.TB.Fatal(err)
	}
	return a
}

func (a *account) decision(purpose string, yes bool, channels ...string) people.Decision {
	q, _ := a.Policy.Policy().PurposeByID(purpose)
	return people.Decision{
		Subject: a.subject, Actor: "customer", Surface: "portal", Purpose: purpose, Yes: yes, Channels: channels,
		Shown: people.Statement(a.Policy.Policy(), q).Hash(), Email: a.address,
	}
}

func (a *account) say(purpose string, yes bool, channels ...string) {
	a.TB.Helper()
	if err := a.choices.Decide(context.Background(), a.decision(purpose, yes, channels...)); err != nil {
		a.TB.Fatal(err)
	}
}

// state returns how a purpose stands, with the open channels.
func (a *account) state(purpose string) string {
	a.TB.Helper()
	out := "not listed"
	err := a.Store.View(context.Background(), func(tx *store.Tx) error {
		list, err := a.choices.Choices(context.Background(), tx, a.subject, "customer")
		for _, c := range list {
			if c.Purpose.ID == purpose {
				out = string(c.State)
				for _, ch := range c.Channels {
					if ch.Allow {
						out += " " + ch.ID
					}
				}
			}
		}
		return err
	})
	if err != nil {
		a.TB.Fatal(err)
	}
	return out
}

// under counts what is held of the account's person for a purpose.
func (a *account) under(purpose string) (n int) {
	a.TB.Helper()
	err := a.Store.View(context.Background(), func(tx *store.Tx) error {
		return a.Vault.Walk(context.Background(), tx, a.subject, func(r vault.Record) error {
			if slices.Contains(r.Purposes, purpose) {
				n++
			}
			return nil
		})
	})
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		a.TB.Fatal(err)
	}
	return n
}

// R16, R14: the newsletter and the account's choice are one thing. Joining in
// the account needs no second mail; leaving in either place ends both.
func TestTheNewsletterAndTheAccountAreOne(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		storetest.Each(t, func(t *testing.T, st *store.Store) {
			d := newDesk(t, st, operator)
			news := d.roles.Purpose
			a := newAccount(d, operator+"@example.org")
			if got := a.state(news); got != "not-asked" {
				t.Errorf("at first %s", got)
			}
			a.say(news, true)
			leave := d.one(mail.NewsletterWelcome, a.address).token // and no mail to confirm
			if a.state(news) != "given email" || a.under(news) != 1 {
				t.Errorf("after joining %s, %d held", a.state(news), a.under(news))
			}
			a.say(news, true) // pressed twice
			if list := d.post(); len(list) != 0 {
				t.Errorf("%d mails for pressing twice", len(list))
			}
			d.leave(leave) // by the link of the mail
			if a.state(news) != "withdrawn" || a.under(news) != 0 {
				t.Errorf("after leaving by mail %s, %d held", a.state(news), a.under(news))
			}
			a.say(news, true)
			d.post()
			a.say(news, false) // in the account
			if a.state(news) != "withdrawn" || a.under(news) != 0 {
				t.Errorf("after leaving in the account %s, %d held", a.state(news), a.under(news))
			}
			if about := a.About(a.subject); !slices.Contains(about, "consent.decided given") || !slices.Contains(about, "consent.decided withdrawn") ||
				!slices.Contains(about, "newsletter.ended account") {
				t.Errorf("evidence: %v", about)
			}
		})
	}
}

// A no in the account and the button of a mail at the same moment, or a yes
// and that button, end in one or the other, whole.
func TestDecidingInTwoPlacesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		a := newAccount(d, "ann@example.org")
		for i := range 6 {
			a.say("news", true)
			leave := d.one(mail.NewsletterWelcome, a.address).token
			var wg sync.WaitGroup
			wg.Go(func() { a.say("news", i%2 == 0) })
			wg.Go(func() {
				if err := d.n.Leave(context.Background(), leave, marketing.OneClick); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			held := d.held("news", a.address)
			if stands := strings.HasPrefix(a.state("news"), "given"); stands != (held == 1) || held > 1 || a.under("news") != held {
				t.Errorf("%s, comes %d times, %d held", a.state("news"), held, a.under("news"))
			}
			a.say("news", false)
			d.post()
		}
	})
}

// R16: a sign-up on the website to the same mailbox ends too, although nobody
// had recognised its person; and what is joined in the account replaces it.
func TestTheWebsitesSignUpOfTheSameMailbox(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		a := newAccount(d, "ann@example.org")
		old := d.subscribed(a.address)
		stranger := d.standing(old)
		if comes := a.comes(); !comes {
			t.Error("the account does not know that the newsletter comes")
		}
		a.say("news", false)
		if d.held("news", a.address) != 0 || a.comes() {
			t.Error("it goes on after a no in the account")
		}
		if about := d.About(stranger); about[len(about)-1] != "newsletter.ended account" {
			t.Errorf("evidence of the sign-up: %v", about)
		}
		d.Later(25 * time.Hour)
		d.subscribed(a.address)
		a.say("news", true)
		if n := d.held("news", a.address); n != 1 {
			t.Errorf("it comes %d times", n)
		}
		d.one(mail.NewsletterWelcome, a.address)
		d.leave(old) // links work for ever
		if d.held("news", a.address) != 0 || a.state("news") != "withdrawn" {
			t.Error("an old link does not end it")
		}
	})
}

func (a *account) comes() (comes bool) {
	a.TB.Helper()
	if err := a.Store.View(context.Background(), func(tx *store.Tx) (err error) {
		comes, err = a.n.Comes(context.Background(), tx, strings.ToUpper(a.address))
		return err
	}); err != nil {
		a.TB.Fatal(err)
	}
	return comes
}

// L7, R16: when the account's address changes the newsletter goes along, once,
// the old address is forgotten, and the way out works from either.
func TestTheNewsletterFollowsTheAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		a := newAccount(d, "ann@example.org")
		move := func(to string) {
			t.Helper()
			if err := d.Update(func(ctx context.Context, tx *store.Tx) error {
				return d.n.Moved(ctx, tx, a.subject, "customer", "portal", to)
			}); err != nil {
				t.Fatal(err)
			}
			a.address = to
		}
		move("nobody@example.org") // nothing comes yet
		if a.under("news") != 0 || a.comes() {
			t.Error("a newsletter that nobody asked for")
		}
		a.say("news", true)
		leave := d.one(mail.NewsletterWelcome, "nobody@example.org").token
		move("new@example.org")
		if d.held("news", "nobody@example.org") != 0 || d.held("news", "new@example.org") != 1 || a.under("news") != 1 || a.state("news") != "given email" {
			t.Errorf("%d held, %s", a.under("news"), a.state("news"))
		}
		d.leave(leave) // of the mail to the old address
		if a.state("news") != "withdrawn" || a.comes() || a.under("news") != 0 {
			t.Errorf("%s, %d held", a.state("news"), a.under("news"))
		}
		if err := d.Vault.Check(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// The newsletter follows also where the app confirms the new address, which may
// not collect the name that was given on the website.
func TestTheNewsletterFollowsInTheApp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		d.subscribed("ann@example.org")
		a := newAccount(d, "ann@example.org")
		if err := d.Update(func(ctx context.Context, tx *store.Tx) error {
			if err := d.Vault.Alias(ctx, tx, d.subject(), a.subject); err != nil {
				return err
			}
			return d.n.Moved(ctx, tx, a.subject, "customer", "softphone", "new@example.org")
		}); err != nil {
			t.Fatal(err)
		}
		if d.held("news", "ann@example.org") != 0 || d.held("news", "new@example.org") != 1 || a.under("news") != 2 {
			t.Errorf("%d held: the address and the name are wanted", a.under("news"))
		}
	})
}

// Without a proven address a yes is refused, whole; a no never is.
func TestJoiningNeedsAProvenAddress(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	a := newAccount(d, "")
	for _, address := range []string{"", "nonsense", "two@example.org, three@example.org"} {
		a.address = address
		if err := a.choices.Decide(context.Background(), a.decision("news", true)); !errors.Is(err, marketing.ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if a.state("news") != "not-asked" {
		t.Error(a.state("news"))
	}
	a.address = ""
	a.say("news", false)
	if a.state("news") != "declined" {
		t.Error(a.state("news"))
	}
}

// marks tells by which purpose a careless campaign's mail went.
var marks = map[string]string{"news": "A", "direct-marketing": "B", "similar-offers": "C"}

// R12, R14, R16, L33: whatever a person says in the account, on the website and
// by the links of mails, in whatever order, marketing for each purpose reaches
// them exactly if their last word on it was yes, by e-mail; and after a no
// nothing is held that hung on it. The oracle knows only those words.
func TestChoicesAgainstTheOracle(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := flag.Set(f.Name, "12"); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		careless := d.NewQueue(d.Office)
		careless.Handle(mail.NewsletterWelcome, func(_ context.Context, _ *store.Tx, it mail.Item) (mail.Content, error) {
			return mail.Welcome{Leave: "https://invoco.net/newsletter/leave?token=" + strings.Repeat(marks[it.Purpose], mail.TokenLength)}, nil
		})
		world := 0
		rapid.Check(t, func(r *rapid.T) {
			world++
			w := &wishes{account: newAccount(d, fmt.Sprintf("ann.%d@example.org", world)), careless: careless, wants: map[string]bool{"similar-offers": true}}
			w.begin(r)
			r.Repeat(w.acts())
			w.campaign(r)
		})
	})
}

// wishes is a person and the oracle.
type wishes struct {
	*account
	careless         *mail.Queue
	wants            map[string]bool // by e-mail
	records          map[string]vault.RecordID
	confirms, leaves []string
}

func (w *wishes) begin(r *rapid.T) {
	w.records = map[string]vault.RecordID{}
	if err := w.hold("similar-offers"); err != nil {
		r.Fatal(err)
	}
}

// hold keeps the address for a purpose, as a shop would that may.
func (w *wishes) hold(purpose string) error {
	return w.Update(func(ctx context.Context, tx *store.Tx) error {
		ids, err := w.Vault.Put(ctx, tx, vault.Access{Actor: "customer", Purpose: purpose, Surface: "portal"},
			vault.Item{Category: "contact.email", Parts: []vault.Part{{Owner: w.subject, Value: []byte(w.address)}}})
		if err == nil {
			w.records[purpose] = ids[0]
		}
		return err
	})
}

func (w *wishes) acts() map[string]func(*rapid.T) {
	decide := func(r *rapid.T, purpose string, yes bool, channels ...string) {
		if err := w.choices.Decide(context.Background(), w.decision(purpose, yes, channels...)); err != nil {
			r.Fatal(err)
		}
		w.wants[purpose] = yes && (len(channels) == 0 || slices.Contains(channels, "email"))
	}
	return map[string]func(*rapid.T){
		"yes to the newsletter": func(r *rapid.T) { decide(r, "news", true) },
		"no to the newsletter":  func(r *rapid.T) { decide(r, "news", false) },
		"channels of marketing": func(r *rapid.T) {
			chosen := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"email", "telephone", "text", "post"}), 1, 4, rapid.ID).Draw(r, "channels")
			decide(r, "direct-marketing", true, chosen...)
			if err := w.hold("direct-marketing"); err != nil {
				r.Fatal(err)
			}
		},
		"no to marketing": func(r *rapid.T) { decide(r, "direct-marketing", false) },
		"object to offers": func(r *rapid.T) {
			decide(r, "similar-offers", rapid.Bool().Draw(r, "take back"))
		},
		"sign up on the website": func(*rapid.T) { w.signUp(w.address) },
		"confirm": func(r *rapid.T) {
			if len(w.confirms) == 0 {
				r.Skip("no mail yet")
			}
			err := w.n.Confirm(context.Background(), rapid.SampledFrom(w.confirms).Draw(r, "which"))
			if err == nil {
				w.wants["news"] = true
			} else if !errors.Is(err, marketing.ErrLapsed) {
				r.Fatal(err)
			}
		},
		"leave by mail": func(r *rapid.T) {
			if len(w.leaves) == 0 {
				r.Skip("no mail yet")
			}
			w.leave(rapid.SampledFrom(w.leaves).Draw(r, "which"))
			w.wants["news"] = false
		},
		"days pass": func(r *rapid.T) { w.Later(time.Duration(rapid.IntRange(1, 5*24).Draw(r, "hours")) * time.Hour) },
		"campaign":  w.campaign,
		"":          w.read,
	}
}

// read takes in the mail that came.
func (w *wishes) read(r *rapid.T) {
	for _, m := range w.post() {
		switch {
		case m.kind == mail.NewsletterConfirm:
			w.confirms = append(w.confirms, m.token)
		case m.kind.Nature() == mail.Marketing && !w.wants["news"]:
			r.Fatalf("%s came against their word", m.kind)
		default:
			w.leaves = append(w.leaves, m.token)
		}
	}
	for _, purpose := range []string{"news", "direct-marketing"} {
		if w.state(purpose) != "given" && !strings.HasPrefix(w.state(purpose), "given ") && w.under(purpose) != 0 {
			r.Fatalf("%s: %s, and %d records are held", purpose, w.state(purpose), w.under(purpose))
		}
	}
}

// campaign owes a mail for each purpose, asking nobody: only the door stands
// between it and the person.
func (w *wishes) campaign(r *rapid.T) {
	w.read(r)
	err := w.Update(func(ctx context.Context, tx *store.Tx) error {
		if err := w.desk.campaign(ctx, tx, w.careless); err != nil {
			return err
		}
		for purpose, id := range w.records {
			if _, err := w.careless.Add(ctx, tx, mail.Item{Kind: mail.NewsletterWelcome, Purpose: purpose, Subject: w.subject, Address: id}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = w.careless.Work(context.Background())
	}
	if err != nil {
		r.Fatal(err)
	}
	came := map[string]bool{}
	for _, l := range w.Office.Take() {
		for purpose, mark := range marks {
			if l.To == w.address && strings.Contains(l.Raw, strings.Repeat(mark, mail.TokenLength)) {
				came[purpose] = true
			}
		}
	}
	for purpose := range marks {
		if came[purpose] != w.wants[purpose] {
			r.Fatalf("%s: wanted %v, came %v", purpose, w.wants[purpose], came[purpose])
		}
	}
}
