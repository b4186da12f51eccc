package support_test

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
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

type bench struct {
	*mailtest.Bench
	desk *support.Desk
}

func newBench(t testing.TB, st *store.Store, operator string) *bench {
	t.Helper()
	b := mailtest.New(t, st, operator)
	return &bench{b, support.New(support.Config{Store: st, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now})}
}

func form(change map[string]string) url.Values {
	v := url.Values{
		"name": {"Ann Planted"}, "email": {"ann.planted@example.org"}, "telephone": {"01632 960123"},
		"about": {"other"}, "message": {"My line is planted and dead."},
	}
	for name, value := range change {
		v.Set(name, value)
	}
	return v
}

func (b *bench) enquire(change map[string]string) (support.Receipt, support.Ticket) {
	b.TB.Helper()
	r, err := b.desk.Enquire(context.Background(), support.Enquiry{Form: form(change), Policy: 1})
	if err != nil {
		b.TB.Fatal(err)
	}
	for _, q := range []support.QueueID{support.QueueSupport, support.QueueRights} {
		list, err := b.desk.List(context.Background(), q, 0, support.MaxList)
		if err != nil {
			b.TB.Fatal(err)
		}
		for _, t := range list {
			if t.Reference == r.Reference {
				return r, t
			}
		}
	}
	b.TB.Fatal("the enquiry is on nobody's desk")
	return r, support.Ticket{}
}

// held returns what staff may read of a category of a person for the purpose
// of the contact form.
func (b *bench) held(s keys.SubjectID, category string) []string {
	b.TB.Helper()
	f, _ := b.Policy.Policy().FormByID("contact")
	var values []string
	err := b.Store.View(context.Background(), func(tx *store.Tx) error {
		list, err := b.Vault.ReadSubject(context.Background(), tx, vault.Access{Actor: "support", Purpose: f.Purpose}, s, category)
		for _, r := range list {
			values = append(values, string(r.Value()))
		}
		if errors.Is(err, vault.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		b.TB.Fatal(err)
	}
	return values
}

var reference = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)

// R3: the form makes a ticket, and what was written is in the vault under the
// form's purpose, whichever operator declared it.
func TestEnquiryBecomesATicket(t *testing.T) {
	for operator, category := range map[string]string{"invoco": "contact.message", "fernhill": "words.message"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				b := newBench(t, st, operator)
				r, ticket := b.enquire(nil)
				if !reference.MatchString(r.Reference) || r.Right != "" || ticket.Queue != support.QueueSupport || ticket.About != "other" || ticket.Policy != 1 || ticket.Surface != "website" || !ticket.Opened.Equal(mailtest.Noon) {
					t.Errorf("%+v %+v", r, ticket)
				}
				if got := b.held(ticket.Subject, category); !slices.Equal(got, []string{"My line is planted and dead."}) {
					t.Errorf("%d messages are held", len(got))
				}
				b.Work()
				letters := b.Office.Take()
				if len(letters) != 1 || letters[0].Kind != mail.EnquiryReceived || letters[0].To != "ann.planted@example.org" || !strings.Contains(letters[0].Raw, r.Reference) {
					t.Fatalf("%d letters", len(letters))
				}
				body := letters[0].Raw[strings.Index(letters[0].Raw, "\r\n\r\n"):]
				if strings.Contains(body, "lanted") || strings.Contains(body, "01632 960123") {
					t.Error("the acknowledgement repeats what was typed")
				}
				about := b.About(ticket.Subject)
				if !slices.Equal(about, []string{"record.collected", "enquiry.made support", "mail.queued enquiry.received", "mail.sent enquiry.received"}) {
					t.Errorf("evidence %v", about)
				}
				again, err := b.desk.Ticket(context.Background(), ticket.ID)
				if err != nil || again != ticket {
					t.Errorf("%+v, %v", again, err)
				}
			})
		})
	}
}

// R3, L5: words about data, or the choice that says so, bring an enquiry to
// the rights desk.
func TestRequestsReachTheRightsDesk(t *testing.T) {
	b := newBench(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	for message, right := range map[string]string{
		"Please send me a copy of all my data":  "access",
		"Delete my account and my data.":        "erasure",
		"I complain about your use of my data.": "complaint",
	} {
		r, ticket := b.enquire(map[string]string{"message": message})
		if r.Right != right || ticket.Suggests != right || ticket.Queue != support.QueueRights {
			t.Errorf("%q: %+v", message, ticket)
		}
	}
	r, ticket := b.enquire(map[string]string{"about": "data", "message": "A question"})
	if r.Right != "" || ticket.Queue != support.QueueRights {
		t.Errorf("%+v", ticket)
	}
	b.Work()
	said := map[string]int{}
	for _, l := range b.Office.Take() {
		if !strings.Contains(l.Raw, "Data protection officer") {
			t.Error("the acknowledgement does not say who has it")
		}
		for _, when := range []string{"within one month", "within 30 days"} {
			if strings.Contains(l.Raw, when) {
				said[when]++
			}
		}
	}
	if said["within one month"] != 3 || said["within 30 days"] != 1 { // that of the complaint
		t.Errorf("by when: %v", said)
	}
	if err := b.desk.Move(context.Background(), ticket.ID, support.QueueSupport); err != nil {
		t.Fatal(err)
	}
	if moved, err := b.desk.Ticket(context.Background(), ticket.ID); err != nil || moved.Queue != support.QueueSupport {
		t.Errorf("%+v, %v", moved, err)
	}
	if err := b.desk.Move(context.Background(), ticket.ID, "attic"); err == nil {
		t.Error("moved to no desk")
	}
}

// The same person, found by their address however it is spelled.
func TestSecondEnquiryIsTheMembers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := newBench(t, st, "invoco")
		_, first := b.enquire(nil)
		_, second := b.enquire(map[string]string{"email": "ANN.Planted@example.ORG"})
		_, other := b.enquire(map[string]string{"email": "bob@example.org"})
		if first.Subject != second.Subject || first.Subject == other.Subject || first.Reference == second.Reference {
			t.Error("people are mixed up")
		}
		err := b.Update(func(ctx context.Context, tx *store.Tx) error {
			return b.Vault.Object(ctx, tx, vault.Access{Actor: "dpo", Purpose: "rights"}, first.Subject, "enquiries", true)
		})
		if err != nil {
			t.Fatal(err)
		}
		_, third := b.enquire(nil)
		if third.Subject == first.Subject {
			t.Error("written for a purpose that the person objected to")
		}
	})
}

// L9: a restriction holds what was there. Who writes anew is acknowledged and
// can be read and answered; what they restricted stays closed, also when the
// form is filled in by somebody else who knows the address.
func TestEnquiryOfWhoRestricted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := newBench(t, st, "invoco")
		_, old := b.enquire(map[string]string{"message": "The old"})
		b.Work()
		b.Office.Take()
		err := b.Update(func(ctx context.Context, tx *store.Tx) error {
			return b.Vault.Restrict(ctx, tx, vault.Access{Actor: "dpo", Purpose: "rights"}, old.Subject)
		})
		if err != nil {
			t.Fatal(err)
		}
		r, second := b.enquire(map[string]string{"message": "The new"})
		_, third := b.enquire(map[string]string{"message": "The third"})
		if second.Subject == old.Subject || third.Subject != second.Subject {
			t.Error("an enquiry lies under the restriction, or each begins anew")
		}
		b.Work()
		if letters := b.Office.Take(); len(letters) != 2 || !strings.Contains(letters[0].Raw+letters[1].Raw, r.Reference) {
			t.Errorf("%d acknowledgements", len(letters))
		}
		if got := b.held(second.Subject, "contact.message"); !slices.Equal(got, []string{"The new", "The third"}) {
			t.Errorf("%d messages can be read", len(got))
		}
		err = b.Store.View(t.Context(), func(tx *store.Tx) error {
			_, err := b.Vault.ReadSubject(t.Context(), tx, vault.Access{Actor: "support", Purpose: "enquiries"}, old.Subject, "contact.message")
			return err
		})
		if !errors.Is(err, vault.ErrRestricted) {
			t.Errorf("what was restricted: %v", err)
		}
	})
}

// R29: who shut staff out and then writes to them is answered all the same,
// apart from what the staff may not see.
func TestEnquiryOfWhoShutStaffOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := newBench(t, st, "invoco")
		_, old := b.enquire(map[string]string{"message": "The old"})
		err := b.Update(func(ctx context.Context, tx *store.Tx) error {
			return b.Vault.ShutOut(ctx, tx, vault.Access{Actor: "customer", Surface: "portal"}, old.Subject, "staff")
		})
		if err != nil {
			t.Fatal(err)
		}
		_, second := b.enquire(map[string]string{"message": "The new"})
		look := func(s keys.SubjectID) (n int, err error) {
			err = b.Update(func(ctx context.Context, tx *store.Tx) error {
				sight, err := b.Vault.LookSubject(ctx, tx, vault.Access{Actor: "support", Purpose: "enquiries", Surface: "console"}, s, "contact.message")
				n = len(sight.Records)
				return err
			})
			return n, err
		}
		if _, err := look(old.Subject); !errors.Is(err, vault.ErrShutOut) {
			t.Errorf("what they shut out: %v", err)
		}
		if n, err := look(second.Subject); err != nil || n != 1 || second.Subject == old.Subject {
			t.Errorf("what they wrote: %d messages, %v", n, err)
		}
		err = b.Update(func(ctx context.Context, tx *store.Tx) error {
			return b.Vault.Grant(ctx, tx, vault.Access{Actor: "customer", Surface: "portal"}, old.Subject, "staff", time.Hour)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := look(old.Subject); err != nil {
			t.Errorf("while they are let in: %v", err)
		}
	})
}

// R12: a year after the ticket is closed what was written goes, and only that
// of this ticket.
func TestClosingStartsTheRetention(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := newBench(t, st, "invoco")
		ctx := context.Background()
		_, first := b.enquire(map[string]string{"message": "The first"})
		_, second := b.enquire(map[string]string{"message": "The second"})
		for range 2 { // twice is once
			if err := b.desk.Close(ctx, first.ID); err != nil {
				t.Fatal(err)
			}
			b.Later(time.Hour)
		}
		closed, err := b.desk.Ticket(ctx, first.ID)
		if err != nil || !closed.Closed.Equal(mailtest.Noon) {
			t.Errorf("%+v, %v", closed, err)
		}
		if list, err := b.desk.List(ctx, support.QueueSupport, 0, 10); err != nil || len(list) != 1 || list[0].ID != second.ID {
			t.Errorf("%d tickets are open, %v", len(list), err)
		}
		sweep := func(want ...string) {
			t.Helper()
			if _, err := b.Vault.Sweep(ctx, b.Now()); err != nil {
				t.Fatal(err)
			}
			if got := b.held(first.Subject, "contact.message"); !slices.Equal(got, want) {
				t.Fatalf("%d messages are held on %v, want %d", len(got), b.Now(), len(want))
			}
		}
		b.Later(364 * 24 * time.Hour)
		sweep("The first", "The second")
		b.Later(2 * 24 * time.Hour)
		sweep("The second")
		b.Later(366 * 24 * time.Hour) // never closed: two years after it came
		sweep()
		if err := b.desk.Close(ctx, second.ID); err != nil {
			t.Errorf("closing what is gone: %v", err)
		}
		if err := b.desk.Close(ctx, 12345); !errors.Is(err, support.ErrNotFound) {
			t.Errorf("%v", err)
		}
		if err := b.desk.Move(ctx, first.ID, support.QueueRights); !errors.Is(err, support.ErrNotFound) {
			t.Errorf("moving a closed ticket: %v", err)
		}
	})
}

// L8: an erased person's enquiry cannot be read, no mail follows them, and the
// desk goes on.
func TestErasureOfWhoEnquired(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := newBench(t, st, "invoco")
		_, ticket := b.enquire(nil)
		if _, err := b.Vault.Erase(context.Background(), ticket.Subject); err != nil {
			t.Fatal(err)
		}
		b.Work()
		if letters := b.Office.Take(); len(letters) != 0 {
			t.Error("a mail to who was erased")
		}
		if err := b.desk.Close(context.Background(), ticket.ID); err != nil {
			t.Errorf("closing: %v", err)
		}
		if about := b.About(ticket.Subject); len(about) != 0 {
			t.Errorf("evidence opens after the erasure: %v", about)
		}
		_, anew := b.enquire(nil)
		if anew.Subject == ticket.Subject {
			t.Error("an erased person came back")
		}
	})
}

func TestEnquireRefuses(t *testing.T) {
	b := newBench(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	for name, change := range map[string]map[string]string{
		"no message":     {"message": " "},
		"no address":     {"email": ""},
		"bad address":    {"email": "ann@"},
		"bad choice":     {"about": "sales"},
		"header in name": {"name": "Ann\x00"},
		"huge":           {"message": strings.Repeat("x", 1<<20)},
	} {
		_, err := b.desk.Enquire(context.Background(), support.Enquiry{Form: form(change)})
		var faults intake.FieldErrors
		if !errors.As(err, &faults) || strings.Contains(err.Error(), "lanted") {
			t.Errorf("%s: %v", name, err)
		}
	}
	var n int
	if err := b.Store.DB().QueryRow("SELECT COUNT(*) FROM support_tickets").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d tickets, %v", n, err)
	}
	e := support.Enquiry{Form: form(nil)}
	if s := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(s, "lanted") {
		t.Error(s)
	}
}

// Nothing a person typed stands outside of the vault: not in the desk's table,
// the queue's, or a log line.
func TestNoWordsOutsideTheVault(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := newBench(t, st, "invoco")
		b.enquire(nil)
		b.Work()
		for _, table := range []string{"support_tickets", "mail_queue", "mail_suppressed", "newsletter"} {
			rows, err := st.DB().Query("SELECT * FROM " + table)
			if err != nil {
				t.Fatal(err)
			}
			columns, err := rows.Columns()
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				values := make([]any, len(columns))
				for i := range values {
					values[i] = new(any)
				}
				if err := rows.Scan(values...); err != nil {
					t.Fatal(err)
				}
				for i, v := range values {
					if text := fmt.Sprintf("%s", *v.(*any)); strings.Contains(text, "lanted") || strings.Contains(text, "960123") {
						t.Errorf("%s.%s holds what was typed", table, columns[i])
					}
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Contains(b.Logged.String(), "lanted") {
			t.Error("the log holds what was typed")
		}
	})
}

// A ticket is found by what its person quotes, however they write it.
func TestByReference(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := newBench(t, st, "invoco")
		r, want := b.enquire(nil)
		for _, text := range []string{r.Reference, strings.ToLower(r.Reference), strings.ReplaceAll(r.Reference, "-", "")} {
			if got, err := b.desk.ByReference(context.Background(), text); err != nil || got != want {
				t.Errorf("%q: %v, %v", text, got, err)
			}
		}
		for _, text := range []string{"", "0000-0000", "not one", strings.Repeat("A", 500)} {
			if _, err := b.desk.ByReference(context.Background(), text); !errors.Is(err, support.ErrNotFound) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
