package marketing_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// Buttons pressed twice, links opened in two windows, a program that follows
// what a person follows: whatever comes together, one newsletter comes of it.
func TestManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		var links []string
		for range 3 {
			d.signUp("ann@example.org")
			links = append(links, d.one(mail.NewsletterConfirm, "ann@example.org").token)
			d.Later(25 * time.Hour)
		}
		var wg sync.WaitGroup
		for range 2 {
			for _, token := range links {
				wg.Go(func() {
					if err := d.n.Confirm(context.Background(), token); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		leave := d.one(mail.NewsletterWelcome, "ann@example.org").token
		if n := d.held("news", "ann@example.org"); n != 1 {
			t.Errorf("held %d times", n)
		}
		for range 4 {
			wg.Go(func() {
				if err := d.n.Leave(context.Background(), leave, marketing.OneClick); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := d.held("news", "ann@example.org"); n != 0 {
			t.Errorf("held %d times after leaving", n)
		}
		ends := 0
		for _, e := range d.About(d.standing(leave)) {
			if strings.HasPrefix(e, "newsletter.ended") {
				ends++
			}
		}
		if ends != 1 {
			t.Errorf("evidence of %d withdrawals", ends)
		}
	})
}

// Confirming and leaving at the same moment end in one or the other, never in
// a consent without a newsletter or the reverse.
func TestConfirmAgainstLeave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		old := d.subscribed("ann@example.org")
		d.leave(old)
		d.signUp("ann@example.org")
		asked := d.one(mail.NewsletterConfirm, "ann@example.org").token
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := d.n.Confirm(context.Background(), asked); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := d.n.Leave(context.Background(), old, marketing.ByPage); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		held, mails := d.held("news", "ann@example.org"), len(d.post())
		if held != mails {
			t.Errorf("held %d times, %d mails", held, mails)
		}
		d.leave(old)
		if d.held("news", "ann@example.org") != 0 {
			t.Error("cannot leave")
		}
	})
}

// L8: who was erased gets nothing, and their links neither fail nor bring them
// back.
func TestErasureOfASubscriber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		d.signUp("ann@example.org")
		asked := d.one(mail.NewsletterConfirm, "ann@example.org").token
		d.confirm(asked)
		s := d.subject()
		if _, err := d.Vault.Erase(context.Background(), s); err != nil {
			t.Fatal(err)
		}
		if list := d.post(); len(list) != 0 {
			t.Fatalf("%d mails to who was erased", len(list))
		}
		if err := d.n.Confirm(context.Background(), asked); !errors.Is(err, marketing.ErrLapsed) {
			t.Errorf("%v", err)
		}
		leave := d.subscribed("ann@example.org") // a new beginning
		d.leave(leave)
		if about := d.About(s); len(about) != 0 {
			t.Errorf("evidence opens after the erasure: %v", about)
		}
		var keys int
		if err := st.DB().QueryRow("SELECT COUNT(*) FROM data_keys WHERE subject = $1", int64(s)).Scan(&keys); err != nil || keys != 0 {
			t.Errorf("%d keys of the erased person, %v", keys, err)
		}
	})
}

// R29, L9: a restriction does not stop the newsletter that was consented to,
// nor the way out of it.
func TestRestrictionLeavesTheWayOut(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	leave := d.subscribed("ann@example.org")
	err := d.Update(func(ctx context.Context, tx *store.Tx) error {
		return d.Vault.Restrict(ctx, tx, staff, d.subject())
	})
	if err != nil {
		t.Fatal(err)
	}
	d.leave(leave)
	if d.held("news", "ann@example.org") != 0 {
		t.Error("could not leave")
	}
}
