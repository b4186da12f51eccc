package mail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candour/internal/consent/people"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	news      = "news"      // opt-in
	enquiries = "enquiries" // legitimate interests
	offers    = "similar-offers"
	direct    = "direct-marketing" // opt-in by four channels
	email     = "contact.email"
	leave     = "https://invoco.net/newsletter/leave?token=x"
)

// desk is a bench with a handler for each kind.
type desk struct {
	*mailtest.Bench
	mu   sync.Mutex
	void bool // what the handlers find
}

func newDesk(t *testing.T, st *store.Store) *desk {
	d := &desk{Bench: mailtest.New(t, st, "invoco")}
	d.handle(d.Queue)
	return d
}

func (d *desk) handle(q *mail.Queue) {
	answer := func(c mail.Content) mail.Handler {
		return func(context.Context, *store.Tx, mail.Item) (mail.Content, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.void {
				return nil, mail.ErrVoid
			}
			return c, nil
		}
	}
	q.Handle(mail.EnquiryReceived, answer(mail.Acknowledgement{Reference: "7K3M-Q2TX"}))
	q.Handle(mail.NewsletterWelcome, answer(mail.Welcome{Leave: leave}))
	q.Handle(mail.NewsletterConfirm, answer(mail.Confirmation{Confirm: "https://invoco.net/newsletter/confirm?token=x", Until: mailtest.Noon}))
}

// person keeps an address under a purpose, consenting first if it asks that.
func (d *desk) person(address, purpose, surface string) (keys.SubjectID, vault.RecordID) {
	d.TB.Helper()
	var s keys.SubjectID
	var id vault.RecordID
	err := d.Update(func(ctx context.Context, tx *store.Tx) (err error) {
		if s, err = d.Vault.NewSubject(ctx, tx); err != nil {
			return err
		}
		if purpose == news || purpose == direct {
			if err = d.Vault.SetConsent(ctx, tx, s, purpose, true); err != nil {
				return err
			}
		}
		ids, err := d.Vault.Put(ctx, tx, vault.Access{Actor: "contact", Purpose: purpose, Surface: surface},
			vault.Item{Category: email, Parts: []vault.Part{{Owner: s, Value: []byte(address)}}})
		if err == nil {
			id = ids[0]
		}
		return err
	})
	if err != nil {
		d.TB.Fatal(err)
	}
	return s, id
}

func (d *desk) add(it mail.Item) int64 {
	d.TB.Helper()
	var id int64
	err := d.Update(func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = d.Queue.Add(ctx, tx, it)
		return err
	})
	if err != nil {
		d.TB.Fatal(err)
	}
	return id
}

// row returns state, reason and attempts of a mail; "gone" if it is not there.
func (d *desk) row(id int64) string {
	d.TB.Helper()
	var state, reason string
	var attempts int
	err := d.Store.DB().QueryRow("SELECT state, reason, attempts FROM mail_queue WHERE id = $1", id).Scan(&state, &reason, &attempts)
	if err != nil {
		return "gone"
	}
	return strings.Join(strings.Fields(fmt.Sprint(state, " ", reason, " ", attempts)), " ")
}

func TestMailIsSentAfterItsTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		s, address := d.person("ann@example.org", enquiries, "website")
		item := mail.Item{Kind: mail.EnquiryReceived, Purpose: enquiries, Subject: s, Address: address}
		stop := errors.New("rolled back")
		err := d.Update(func(ctx context.Context, tx *store.Tx) error {
			_, err := d.Queue.Add(ctx, tx, item)
			return errors.Join(err, stop)
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		d.Work()
		if got := d.Office.Take(); len(got) != 0 {
			t.Fatal("a mail of a transaction that never was")
		}
		id := d.add(item)
		d.Work()
		d.Work()
		got := d.Office.Take()
		if len(got) != 1 || got[0].To != "ann@example.org" || got[0].Kind != mail.EnquiryReceived || !strings.Contains(got[0].Raw, "Date: Tue, 24 Nov 2026 12:00:00 +0000") {
			t.Fatalf("%d mails", len(got))
		}
		if d.row(id) != "sent 1" {
			t.Error(d.row(id))
		}
		if about := d.About(s); !slices.Equal(about, []string{"record.collected", "mail.queued enquiry.received", "mail.sent enquiry.received"}) {
			t.Errorf("evidence: %v", about)
		}
	})
}

// The queue holds nothing that names anybody (the one door, R9).
func TestQueueHoldsNoAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		s, address := d.person("planted@example.org", news, "website")
		d.add(mail.Item{Kind: mail.NewsletterWelcome, Purpose: news, Subject: s, Address: address})
		d.Office.Refuse = func(*mail.Message) error { return &mail.DeliveryError{Code: "smtp-451"} }
		d.Work()
		var kind, purpose, state, reason string
		if err := st.DB().QueryRow("SELECT kind, purpose, state, reason FROM mail_queue").Scan(&kind, &purpose, &state, &reason); err != nil {
			t.Fatal(err)
		}
		if got := kind + purpose + state + reason; got != "newsletter.welcomenewsqueuedsmtp-451" {
			t.Error(got)
		}
		if strings.Contains(d.Logged.String(), "planted") {
			t.Errorf("the log names the recipient: %s", d.Logged)
		}
	})
}

// R14, L33: what the outgoing-mail door lets through, case by case.
func TestDoor(t *testing.T) {
	type change func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error
	nothing := func(context.Context, *store.Tx, *desk, keys.SubjectID) error { return nil }
	staff := vault.Access{Actor: "dpo", Purpose: "rights"}
	suppress := func(ctx context.Context, tx *store.Tx, d *desk, purpose string) error {
		a, err := mail.ParseAddress("ANN@example.org") // the same mailbox, spelled otherwise
		return errors.Join(err, d.Queue.Suppress(ctx, tx, purpose, d.Queue.Mark(purpose, a)))
	}
	for name, c := range map[string]struct {
		held, purpose, surface string // the record's purpose, and the mail's
		kind                   mail.Kind
		change                 change
		want                   string
	}{
		"newsletter with consent": {news, news, "website", mail.NewsletterWelcome, nothing, "sent 1"},
		"consent withdrawn": {news, news, "website", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error {
			return d.Vault.SetConsent(ctx, tx, s, news, false)
		}, "refused no-consent 1"},
		"objected to marketing": {news, news, "website", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error {
			return d.Vault.Object(ctx, tx, staff, s, news, true)
		}, "refused objected 1"},
		"opted out at another record": {news, news, "website", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, _ keys.SubjectID) error {
			return suppress(ctx, tx, d, news)
		}, "refused suppressed 1"},
		"opted out of something else": {news, news, "website", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, _ keys.SubjectID) error {
			return suppress(ctx, tx, d, offers)
		}, "sent 1"},
		"opted in again": {news, news, "website", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, _ keys.SubjectID) error {
			a, err := mail.ParseAddress("ann@example.org")
			return errors.Join(err, suppress(ctx, tx, d, news), d.Queue.Allow(ctx, tx, news, d.Queue.Mark(news, a)))
		}, "sent 1"},
		"marketing under a service purpose":    {enquiries, enquiries, "website", mail.NewsletterWelcome, nothing, "refused nature 1"},
		"service mail under marketing":         {news, news, "website", mail.EnquiryReceived, nothing, "refused nature 1"},
		"address collected for something else": {enquiries, news, "website", mail.NewsletterWelcome, nothing, "refused purpose 1"},
		"purpose not declared":                 {news, "selling", "website", mail.NewsletterWelcome, nothing, "refused purpose 1"},
		"no channel was chosen":                {direct, direct, "portal", mail.NewsletterWelcome, nothing, "refused channel 1"},
		"by letter, not by e-mail": {direct, direct, "portal", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error {
			return d.allow(ctx, tx, s, "post", "telephone")
		}, "refused channel 1"},
		"by e-mail among others": {direct, direct, "portal", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error {
			return errors.Join(d.allow(ctx, tx, s, "post"), d.allow(ctx, tx, s, "email", "post"))
		}, "sent 1"},
		"e-mail taken back, letters left": {direct, direct, "portal", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error {
			return errors.Join(d.allow(ctx, tx, s, "email", "post"), d.allow(ctx, tx, s, "post"))
		}, "refused channel 1"},
		"soft opt-in": {offers, offers, "portal", mail.NewsletterWelcome, nothing, "sent 1"},
		"soft opt-in refused by the person": {offers, offers, "portal", mail.NewsletterWelcome, func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error {
			return d.Vault.Object(ctx, tx, staff, s, offers, true)
		}, "refused objected 1"},
		"service mail to who opted out of all marketing": {enquiries, enquiries, "website", mail.EnquiryReceived, func(ctx context.Context, tx *store.Tx, d *desk, _ keys.SubjectID) error {
			return errors.Join(suppress(ctx, tx, d, news), suppress(ctx, tx, d, offers))
		}, "sent 1"},
		"service mail while restricted": {enquiries, enquiries, "website", mail.EnquiryReceived, func(ctx context.Context, tx *store.Tx, d *desk, s keys.SubjectID) error {
			return d.Vault.Restrict(ctx, tx, staff, s)
		}, "refused restricted 1"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
			s, address := d.person("ann@example.org", c.held, c.surface)
			id := d.add(mail.Item{Kind: c.kind, Purpose: c.held, Subject: s, Address: address})
			// What the mail names as its purpose may be another, or have gone
			// from the policy since.
			if _, err := d.Store.DB().Exec("UPDATE mail_queue SET purpose = $1", c.purpose); err != nil {
				t.Fatal(err)
			}
			if err := d.Update(func(ctx context.Context, tx *store.Tx) error { return c.change(ctx, tx, d, s) }); err != nil {
				t.Fatal(err)
			}
			d.Work()
			if got := d.row(id); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			words := strings.Fields(c.want)
			if counted := gathered(t, d.Queue); words[0] == "refused" && !strings.Contains(counted, "door_refusals_total{"+words[1]+"}=1 ") ||
				words[0] == "sent" && !strings.HasPrefix(counted, noRefusals) {
				t.Errorf("counted: %s", counted)
			}
			about := d.About(s)
			last := "mail.sent " + string(c.kind)
			if reason, ok := strings.CutPrefix(c.want, "refused "); ok {
				last = "mail.refused " + strings.TrimSuffix(reason, " 1")
			}
			if about[len(about)-1] != last || (len(d.Office.Take()) == 1) != (c.want == "sent 1") {
				t.Errorf("evidence: %v", about)
			}
		})
	}
}

// Mail to an address of a name that never resolves is not handed to a server,
// which could only send it back.
func TestNoMailToNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		s, address := d.person("ann@example.invalid", enquiries, "website")
		id := d.add(mail.Item{Kind: mail.EnquiryReceived, Purpose: enquiries, Subject: s, Address: address})
		d.Work()
		if got := d.row(id); got != "refused reserved 1" || len(d.Office.Take()) != 0 {
			t.Errorf("%s, want it refused and nothing sent", got)
		}
	})
}

// allow records the channels that a person allowed for direct marketing.
func (d *desk) allow(ctx context.Context, tx *store.Tx, s keys.SubjectID, channels ...string) error {
	_, err := people.Remember(ctx, tx, people.Row{Subject: s, Purpose: direct, Code: people.Given, Channels: channels, At: d.Now(), Surface: "portal", Way: people.ByPage})
	return err
}

// An address that has gone takes its mails along, without a word.
func TestNothingIsSentToWhoIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		s, address := d.person("ann@example.org", "confirmation", "website")
		item := mail.Item{Kind: mail.NewsletterConfirm, Purpose: "confirmation", Subject: s, Address: address}
		expired, unknown := d.add(item), int64(0)
		item.Address++ // no such record
		unknown = d.add(item)
		d.Later(9 * 24 * time.Hour) // the policy keeps it for seven days
		d.Work()
		if d.row(expired) != "void no-longer-owed 1" || d.row(unknown) != "void no-longer-owed 1" || len(d.Office.Take()) != 0 {
			t.Error(d.row(expired), d.row(unknown))
		}
	})
}

func TestVoidMail(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	s, address := d.person("ann@example.org", enquiries, "website")
	d.void = true
	id := d.add(mail.Item{Kind: mail.EnquiryReceived, Purpose: enquiries, Subject: s, Address: address})
	d.Work()
	if d.row(id) != "void no-longer-owed 1" {
		t.Error(d.row(id))
	}
}

func TestAddRefuses(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	s, address := d.person("ann@example.org", enquiries, "website")
	for name, it := range map[string]mail.Item{
		"unknown kind":   {Kind: "spam", Purpose: enquiries, Subject: s, Address: address},
		"nobody":         {Kind: mail.EnquiryReceived, Purpose: enquiries, Address: address},
		"no address":     {Kind: mail.EnquiryReceived, Purpose: enquiries, Subject: s},
		"no handler":     {Kind: mail.NewsletterAlready, Purpose: enquiries, Subject: s, Address: address},
		"without a kind": {Purpose: enquiries, Subject: s, Address: address},
	} {
		err := d.Update(func(ctx context.Context, tx *store.Tx) error {
			_, err := d.Queue.Add(ctx, tx, it)
			return err
		})
		if err == nil {
			t.Errorf("%s: queued", name)
		}
	}
}
