package identity_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// A password of any signs and of any length that a person types is taken, and
// is right only as it was typed; it does not run out (ASVS 5.0 6.2.5, 6.2.8 to
// 6.2.10).
func TestPasswordsAsTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		ctx := context.Background()
		d.customer("ann@example.org")
		for _, p := range []string{
			strings.Repeat("a b", 21) + "z", strings.Repeat("xyz ", 64), " spaces at both ends ", "only small letters", "ÄÖÜ und 日本語 zusammen", "'; DROP TABLE x; --", "🙂🙃🙂🙃😀😁😂😃😄😅😆😉", "tabs\tand\nlines count",
		} {
			if err := d.a.AskReset(ctx, "portal", "ann@example.org"); err != nil {
				t.Fatal(err)
			}
			if err := d.a.Reset(ctx, d.one(mail.AccountReset, "ann@example.org").token, p); err != nil {
				t.Fatalf("%d letters: %v", len(p), err)
			}
			d.post()
			if _, _, err := d.signIn("ann@example.org", p); err != nil {
				t.Errorf("%d letters as typed: %v", len(p), err)
			}
			for what, other := range map[string]string{
				"cut": p[:len(p)-1], "longer": p + " ", "trimmed": strings.TrimSpace(p), "in capitals": strings.ToUpper(p), "with a sign of its end": p[1:],
			} {
				if other == p {
					continue
				}
				if _, _, err := d.signIn("ann@example.org", other); !errors.Is(err, identity.ErrSignIn) {
					t.Errorf("%d letters, %s: %v", len(p), what, err)
				}
			}
			d.Later(24 * time.Hour)
		}
		d.Later(5 * 365 * 24 * time.Hour)
		if _, _, err := d.signIn("ann@example.org", "tabs\tand\nlines count"); err != nil {
			t.Errorf("after five years: %v", err)
		}
	})
}

// Nobody has an account that was not opened by somebody (ASVS 5.0 6.3.2).
func TestThereIsNoAccountAtFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		for _, table := range []string{"accounts", "credentials", "sessions", "account_links"} {
			if n := d.rows(table); n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
		for _, name := range []string{"admin", "root", "admin@invoco.net", "datacontroller@invoco.net"} {
			if _, _, err := d.signIn(name, "admin"); !errors.Is(err, identity.ErrSignIn) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// What is kept of tokens and codes is no way in (ASVS 5.0 6.5.2, 7.2.3).
func TestSecretsAreNotInTheTables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		s := d.staff(identity.Support, "sue@example.org")
		codes := d.authenticator(s)
		secret, err := d.a.NewSecret(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		token, _ := s.Renewed()
		seen := map[string]bool{}
		for _, c := range append(codes, token) {
			if len(c) < 12 || seen[c] {
				t.Errorf("a secret of %d letters, or one twice", len(c))
			}
			seen[c] = true
		}
		for _, table := range []string{"accounts", "credentials", "sessions", "account_links", "records", "mail_queue", "evidence"} {
			for _, plain := range append(codes, token, secret.Text(), goodPassword, "argon2id") {
				if d.holds(table, plain) {
					t.Errorf("%s holds a secret in clear", table)
				}
			}
		}
	})
}

// holds reports whether any value of a table has a text in it.
func (d *desk) holds(table, text string) bool {
	d.TB.Helper()
	rows, err := d.Store.DB().Query("SELECT * FROM " + table)
	if err != nil {
		d.TB.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		d.TB.Fatal(err)
	}
	found := false
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new([]byte)
		}
		if err := rows.Scan(values...); err != nil {
			d.TB.Fatal(err)
		}
		for _, v := range values {
			found = found || strings.Contains(string(*v.(*[]byte)), text)
		}
	}
	if err := rows.Err(); err != nil {
		d.TB.Fatal(err)
	}
	return found
}
