package identity_test

import (
	"context"
	"errors"
	"testing"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// widelyUsed are passwords of twelve characters and more that stand high on
// every public list, some in other letters than there.
var widelyUsed = []string{"123qweasdzxc", "1qaz2wsx3edc", "Q1W2E3R4T5Y6", "qwerty123456", "qwertyQWERTY", "leavemealone", "SonyEricsson", "123456qwerty"}

// The passwords that people take most are refused without any list of the
// operator's: at the sign-up, with a link for a forgotten one, and at a change
// (ASVS 5.0 6.2.4).
func TestCommonPasswords(t *testing.T) {
	if n, ordered := identity.CommonPasswords(); n < 3000 || !ordered {
		t.Fatalf("%d passwords on the list, ordered: %v", n, ordered)
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		d.ask("ann@example.org")
		token := d.one(mail.AccountSignUp, "ann@example.org").token
		for _, p := range widelyUsed {
			if _, err := d.a.Finish(ctx, token, p, phone); !errors.Is(err, identity.PasswordKnown) {
				t.Errorf("%s at the sign-up: %v", p, err)
			}
		}
		s := d.finish(token)
		if err := d.a.AskReset(ctx, "portal", "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		reset := d.one(mail.AccountReset, "ann@example.org").token
		for _, p := range widelyUsed {
			if err := d.a.Reset(ctx, reset, p); !errors.Is(err, identity.PasswordKnown) {
				t.Errorf("%s with a link: %v", p, err)
			}
			if err := d.a.ChangePassword(ctx, s, goodPassword, p); !errors.Is(err, identity.PasswordKnown) {
				t.Errorf("%s at a change: %v", p, err)
			}
		}
		for _, p := range []string{"leavemealone please", "sony ericsson", otherPassword} {
			if err := d.a.ChangePassword(ctx, s, goodPassword, p); err != nil {
				t.Errorf("%s: %v", p, err)
			}
			if err := d.a.ChangePassword(ctx, s, p, goodPassword); err != nil {
				t.Fatal(err)
			}
		}
	})
}
