package marketing_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/marketing"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// desk is a bench with a newsletter on it.
type desk struct {
	*mailtest.Bench
	n     *marketing.Newsletter
	roles marketing.Roles
}

func newDesk(t testing.TB, st *store.Store, operator string) *desk {
	t.Helper()
	b := mailtest.New(t, st, operator)
	roles, err := marketing.RolesOf(b.Policy)
	if err != nil {
		t.Fatal(err)
	}
	n := marketing.New(marketing.Config{Store: st, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now})
	return &desk{b, n, roles}
}

func (d *desk) signUp(address string) {
	d.TB.Helper()
	err := d.n.Subscribe(context.Background(), marketing.Signup{
		Form: url.Values{"email": {address}, "name": {"Ann Example"}}, Policy: 1, Wording: [32]byte{1, 2, 3},
	})
	if err != nil {
		d.TB.Fatal(err)
	}
}

var tokens = regexp.MustCompile(`https://[^/\s]+(/newsletter/\w+)\?token=([A-Za-z0-9_-]{32})`)

// post sends what is due and returns what came: for each mail its kind, to
// whom, and the token of its first link.
type post struct {
	kind  mail.Kind
	to    string
	token string
	raw   string
}

func (d *desk) post() []post {
	d.TB.Helper()
	d.Work()
	var list []post
	for _, l := range d.Office.Take() {
		p := post{kind: l.Kind, to: l.To, raw: l.Raw}
		if m := tokens.FindStringSubmatch(l.Raw); m != nil {
			p.token = m[2]
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b post) int { return strings.Compare(a.to, b.to) })
	return list
}

// one returns the single mail that came.
func (d *desk) one(kind mail.Kind, to string) post {
	d.TB.Helper()
	list := d.post()
	if len(list) != 1 || list[0].kind != kind || list[0].to != to || list[0].token == "" {
		d.TB.Fatalf("%d mails came, want one %s", len(list), kind)
	}
	return list[0]
}

func (d *desk) confirm(token string) {
	d.TB.Helper()
	if err := d.n.Confirm(context.Background(), token); err != nil {
		d.TB.Fatal(err)
	}
}

func (d *desk) leave(token string) {
	d.TB.Helper()
	if err := d.n.Leave(context.Background(), token, marketing.OneClick); err != nil {
		d.TB.Fatal(err)
	}
}

// subscribed signs an address up and confirms it; it returns the token to
// leave by.
func (d *desk) subscribed(address string) string {
	d.TB.Helper()
	d.signUp(address)
	d.confirm(d.one(mail.NewsletterConfirm, address).token)
	return d.one(mail.NewsletterWelcome, address).token
}

// subject returns the person of the newest sign-up.
func (d *desk) subject() keys.SubjectID {
	d.TB.Helper()
	var s int64
	if err := d.Store.DB().QueryRow("SELECT subject FROM newsletter ORDER BY id DESC LIMIT 1").Scan(&s); err != nil {
		d.TB.Fatal(err)
	}
	return keys.SubjectID(s)
}

var staff = vault.Access{Actor: "dpo", Purpose: "rights"}

// standing returns the person of the sign-up that a token to leave is of.
func (d *desk) standing(leave string) keys.SubjectID {
	d.TB.Helper()
	id, ok := mail.NewTokens(d.Ring, "newsletter leave").Check(leave)
	if !ok {
		d.TB.Fatal("not a token to leave")
	}
	var s int64
	if err := d.Store.DB().QueryRow("SELECT subject FROM newsletter WHERE id = $1", id).Scan(&s); err != nil {
		d.TB.Fatal(err)
	}
	return keys.SubjectID(s)
}

// held returns how many records of the address can be used for a purpose.
func (d *desk) held(purpose, address string) int {
	d.TB.Helper()
	n := 0
	err := d.Store.View(context.Background(), func(tx *store.Tx) error {
		list, err := d.Vault.Lookup(context.Background(), tx, vault.Access{Actor: "system", Purpose: purpose}, d.roles.Email, address)
		n = len(list)
		return err
	})
	if err != nil {
		d.TB.Fatal(err)
	}
	return n
}

// R12, R14, R16, L16: the whole way of one address, under two operators whose
// purposes have nothing in common.
func TestStoryOfASubscriber(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				d := newDesk(t, st, operator)
				d.signUp("Ann@example.org")
				if d.held(d.roles.Purpose, "ann@example.org") != 0 || d.held(d.roles.Pending, "ann@example.org") != 1 {
					t.Fatal("an unconfirmed address is held for the newsletter")
				}
				asked := d.one(mail.NewsletterConfirm, "Ann@example.org")
				if strings.Contains(asked.raw, "List-Unsubscribe") {
					t.Error("a way out of what was not begun")
				}
				d.confirm(asked.token)
				d.confirm(asked.token) // twice is once
				welcome := d.one(mail.NewsletterWelcome, "Ann@example.org")
				if !strings.Contains(welcome.raw, "List-Unsubscribe-Post: List-Unsubscribe=One-Click") || !strings.Contains(welcome.raw, d.roles.Leave.Path+"?"+d.roles.LeaveAs+"="+welcome.token) {
					t.Error("the first newsletter mail has no one-click way out")
				}
				if d.held(d.roles.Purpose, "ann@example.org") != 1 {
					t.Fatal("a confirmed address is not held for the newsletter")
				}
				d.Later(400 * 24 * time.Hour)
				d.leave(welcome.token)
				d.leave(welcome.token)
				if d.held(d.roles.Purpose, "ann@example.org") != 0 || len(d.post()) != 0 {
					t.Fatal("the address is held after the withdrawal")
				}
				if err := d.n.Confirm(context.Background(), asked.token); !errors.Is(err, marketing.ErrLapsed) {
					t.Fatalf("an old link undid a withdrawal: %v", err)
				}
				d.history(t)
			})
		})
	}
}

func (d *desk) history(t *testing.T) {
	t.Helper()
	s := d.subject()
	var codes []string
	err := d.Update(func(ctx context.Context, tx *store.Tx) error {
		list, err := d.n.History(ctx, tx, s)
		for _, e := range list {
			codes = append(codes, e.Code)
		}
		return err
	})
	if err != nil || !slices.Equal(codes, []string{"asked", "confirmed", "withdrawn"}) {
		t.Errorf("history %v, %v", codes, err)
	}
	about := d.About(s)
	for _, want := range []string{"newsletter.asked", "mail.sent newsletter.confirm", "newsletter.confirmed", "mail.sent newsletter.welcome", "newsletter.ended one-click"} {
		if !slices.Contains(about, want) {
			t.Errorf("evidence lacks %q: %v", want, about)
		}
	}
	// What was consented to, under which version and which words (L16).
	err = d.Update(func(ctx context.Context, tx *store.Tx) error {
		entries, err := d.Log.About(ctx, tx, s, 0, 100)
		for _, e := range entries {
			if e.Body.Kind == "newsletter.confirmed" && (e.Body.Policy != 1 || len(e.Body.Hash) != 32 || !e.Body.Choices[d.roles.Purpose]) {
				t.Errorf("the evidence of the consent is %+v", e.Body)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The form tells nobody who is on the list: a sign-up does the same work
// whether the address is new, waits or has the newsletter.
func TestSubscribeDoesTheSameForEveryAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		tables := []string{"newsletter", "newsletter_history", "newsletter_notices", "mail_queue", "mail_suppressed", "records", "subjects", "tags", "data_keys", "evidence"}
		count := func() (n []int) {
			for _, table := range tables {
				var rows int
				if err := st.DB().QueryRow("SELECT COUNT(*) FROM " + table).Scan(&rows); err != nil {
					t.Fatal(err)
				}
				n = append(n, rows)
			}
			return n
		}
		written := func(address string) string {
			before := count()
			d.signUp(address)
			after := count()
			for i := range after {
				after[i] -= before[i]
			}
			return fmt.Sprint(after)
		}
		d.subscribed("standing@example.org")
		left := d.subscribed("left@example.org")
		d.leave(left)
		d.signUp("waiting@example.org")
		d.post()
		want := written("new@example.org")
		for _, address := range []string{"waiting@example.org", "standing@example.org", "left@example.org", "STANDING@example.org"} {
			if got := written(address); got != want {
				t.Errorf("%s: %v rows of %v, want %v", address, got, tables, want)
			}
		}
	})
}

// Nobody can have an address flooded through the form.
func TestOneMailADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		for range 5 {
			d.signUp("ann@example.org")
		}
		first := d.one(mail.NewsletterConfirm, "ann@example.org")
		d.signUp("ANN@example.org")
		if len(d.post()) != 0 {
			t.Fatal("a second mail on the same day")
		}
		d.Later(25 * time.Hour)
		d.signUp("ann@example.org")
		second := d.one(mail.NewsletterConfirm, "ann@example.org")
		d.confirm(first.token)
		leave := d.one(mail.NewsletterWelcome, "ann@example.org").token
		d.confirm(second.token) // also confirmed, and still one subscription
		if list := d.post(); len(list) != 0 {
			t.Fatalf("%d more mails", len(list))
		}
		d.signUp("ann@example.org")
		d.signUp("ann@example.org")
		already := d.one(mail.NewsletterAlready, "ann@example.org")
		if already.token != leave {
			t.Error("the mail's way out is not that of the subscription")
		}
		d.leave(already.token)
		if d.held("news", "ann@example.org") != 0 {
			t.Error("left by the mail that says so, and still on the list")
		}
	})
}

func TestUnconfirmedLapses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "fernhill") // keeps an unconfirmed address for three days
		d.signUp("ann@example.org")
		asked := d.one(mail.NewsletterConfirm, "ann@example.org")
		if !strings.Contains(asked.raw, "28 November 2026") {
			t.Errorf("the mail does not say until when: %s", asked.raw)
		}
		d.Later(4*24*time.Hour + 12*time.Hour)
		if err := d.n.Confirm(context.Background(), asked.token); !errors.Is(err, marketing.ErrLapsed) {
			t.Fatalf("confirmed after its time: %v", err)
		}
		leave := d.subscribed("bob@example.org")
		if err := d.n.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		var rows, history int
		if err := errors.Join(st.DB().QueryRow("SELECT COUNT(*) FROM newsletter").Scan(&rows), st.DB().QueryRow("SELECT COUNT(*) FROM newsletter_history").Scan(&history)); err != nil {
			t.Fatal(err)
		}
		if rows != 1 || history != 2 {
			t.Errorf("%d sign-ups and %d events are left, want 1 and 2", rows, history)
		}
		if err := d.n.Confirm(context.Background(), asked.token); !errors.Is(err, marketing.ErrLapsed) {
			t.Errorf("%v", err)
		}
		d.leave(leave)
	})
}

// R14: who left is written to again only after confirming anew; a link of the
// first time then ends the second too.
func TestLeavingAndComingBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		old := d.subscribed("ann@example.org")
		d.leave(old)
		d.signUp("ann@example.org")
		asked := d.one(mail.NewsletterConfirm, "ann@example.org")
		d.leave(old)
		if len(d.post()) != 0 {
			t.Fatal("mail to who left")
		}
		d.confirm(asked.token)
		d.one(mail.NewsletterWelcome, "ann@example.org")
		d.leave(old)
		if d.held("news", "ann@example.org") != 0 {
			t.Fatal("an old link does not work any more")
		}
	})
}

// A withdrawal between queueing and sending counts.
func TestLeavingBeforeTheMailGoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		leave := d.subscribed("ann@example.org")
		d.leave(leave)
		d.signUp("ann@example.org")
		asked := d.one(mail.NewsletterConfirm, "ann@example.org")
		d.confirm(asked.token)
		d.leave(leave)
		if list := d.post(); len(list) != 0 {
			t.Fatalf("%d mails after the withdrawal", len(list))
		}
	})
}

func TestLinksThatAreNotOurs(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	d.signUp("ann@example.org")
	asked := d.one(mail.NewsletterConfirm, "ann@example.org").token
	for _, token := range []string{"", "x", strings.Repeat("A", 32), asked[:31], asked + "A", strings.ToLower(asked) + "!", " " + asked} {
		if err := d.n.Confirm(context.Background(), token); !errors.Is(err, marketing.ErrToken) {
			t.Errorf("confirm %q: %v", token, err)
		}
	}
	if err := d.n.Leave(context.Background(), asked, marketing.ByPage); !errors.Is(err, marketing.ErrToken) {
		t.Errorf("a link to confirm serves to leave: %v", err)
	}
	d.confirm(asked)
	leave := d.one(mail.NewsletterWelcome, "ann@example.org").token
	if err := d.n.Confirm(context.Background(), leave); !errors.Is(err, marketing.ErrToken) {
		t.Errorf("a link to leave serves to confirm: %v", err)
	}
}

func TestSubscribeRefuses(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	for name, form := range map[string]url.Values{
		"empty":         {},
		"no address":    {"email": {"ann"}},
		"two addresses": {"email": {"ann@example.org", "bob@example.org"}},
		"a header":      {"email": {"ann@example.org"}, "name": {"Ann\x00"}},
	} {
		err := d.n.Subscribe(context.Background(), marketing.Signup{Form: form})
		var faults intake.FieldErrors
		if !errors.As(err, &faults) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := marketing.Signup{Form: url.Values{"email": {"planted@example.org"}}}
	if text := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(text, "planted") {
		t.Error(text)
	}
	var rows int
	if err := d.Store.DB().QueryRow("SELECT COUNT(*) FROM newsletter").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
