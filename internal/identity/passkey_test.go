package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

var (
	party   = identity.Party{Domain: "invoco.localhost", Name: "Invoco", Origin: "http://portal.invoco.localhost:8080"}
	console = identity.Party{Domain: "invoco.localhost", Name: "Invoco", Origin: "http://console.invoco.localhost:8080"}
)

// device is a telephone with one passkey on it.
type device struct {
	authenticator virtualwebauthn.Authenticator
	key           virtualwebauthn.Credential
}

// newKey makes a key of a device. The library drops leading zeros of a
// coordinate, which no device does and no verifier takes (RFC 8152 section
// 13.1.1): one key in a hundred and twenty-eight would be refused.
func newKey() virtualwebauthn.Credential {
	const whole = 77 // octets of a COSE key with both coordinates
	for {
		if k := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(k.Key.AttestationData()) == whole {
			return k
		}
	}
}

// make has a device make a passkey in a session.
func (d *desk) makePasskey(s *identity.Session) *device {
	d.TB.Helper()
	question, err := d.a.NewPasskey(context.Background(), party, s)
	if err != nil {
		d.TB.Fatal(err)
	}
	p := &device{key: newKey()}
	options, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(question) + `}`)
	if err != nil {
		d.TB.Fatal(err)
	}
	p.authenticator = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(options.UserID)})
	answer := virtualwebauthn.CreateAttestationResponse(relying(party), p.authenticator, p.key, *options)
	if err := d.a.AddPasskey(context.Background(), party, s, []byte(answer)); err != nil {
		d.TB.Fatal(err)
	}
	p.authenticator.AddCredential(p.key)
	return p
}

func relying(p identity.Party) virtualwebauthn.RelyingParty {
	return virtualwebauthn.RelyingParty{ID: p.Domain, Name: p.Name, Origin: p.Origin}
}

// answer is what the device says to a question.
func (p *device) answer(t testing.TB, at identity.Party, question []byte) string {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(question) + `}`)
	if err != nil {
		t.Fatal(err)
	}
	p.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(relying(at), p.authenticator, p.key, *options)
}

// A passkey signs in by itself, once for each question, on the surface that
// asked, and nowhere else.
func TestPasskeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		p := d.makePasskey(s)
		d.one(mail.AccountPasskeyAdded, "ann@example.org")
		question := func(on identity.Party, surface string) []byte {
			q, err := d.a.PasskeyQuestion(on, surface)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		good := p.answer(t, party, question(party, "portal"))
		_, in, err := d.a.SignInPasskey(ctx, party, "portal", []byte(good), phone)
		if err != nil || in.Account.ID != s.Account.ID || in.Level != identity.Whole || in.Way != "passkey" {
			t.Fatalf("%v", err)
		}
		refused := func(what string, on identity.Party, surface, answer string) {
			t.Helper()
			if _, _, err := d.a.SignInPasskey(ctx, on, surface, []byte(answer), phone); !errors.Is(err, identity.ErrSignIn) {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("the same answer again", party, "portal", good)
		refused("an answer from another surface", console, "console", p.answer(t, party, question(party, "portal")))
		refused("an answer given on another origin", party, "portal", p.answer(t, console, question(party, "portal")))
		refused("a surface the role has no business on", console, "console", p.answer(t, console, question(console, "console")))
		old := question(party, "portal")
		d.Later(6 * time.Minute)
		refused("an answer to a question of six minutes ago", party, "portal", p.answer(t, party, old))
		stranger := &device{authenticator: p.authenticator, key: newKey()}
		refused("another key", party, "portal", stranger.answer(t, party, question(party, "portal")))
		for _, bad := range []string{"", "{}", "null", "[]", `{"id":"x"}`, strings.Repeat("x", 1<<20), strings.Replace(p.answer(t, party, question(party, "portal")), `"signature":"`, `"signature":"A`, 1)} {
			refused("a damaged answer", party, "portal", bad)
		}
		d.Later(time.Hour)
		s, err = d.reopen("ann@example.org")
		if err != nil {
			t.Fatal(err)
		}
		d.Later(11 * time.Minute)
		if _, err := d.a.NewPasskey(ctx, party, s); !errors.Is(err, identity.ErrProof) {
			t.Errorf("a new passkey without a fresh proof: %v", err)
		}
		if err := d.a.ProvePasskey(ctx, party, s, []byte(p.answer(t, party, question(party, "portal")))); err != nil {
			t.Fatalf("step-up: %v", err)
		}
		bob := d.customer("bob@example.org")
		if err := d.a.ProvePasskey(ctx, party, bob, []byte(p.answer(t, party, question(party, "portal")))); !errors.Is(err, identity.ErrCode) {
			t.Errorf("step-up with somebody else's passkey: %v", err)
		}
		list, err := d.a.Credentials(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if c.Kind != identity.KindPasskey {
				continue
			}
			if err := d.a.Remove(ctx, bob, c.ID); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("somebody else removed the passkey: %v", err)
			}
			if err := d.a.Remove(ctx, s, c.ID); err != nil {
				t.Fatal(err)
			}
		}
		refused("a passkey that was removed", party, "portal", p.answer(t, party, question(party, "portal")))
	})
}

func (d *desk) reopen(email string) (*identity.Session, error) {
	token, _, err := d.signIn(email, goodPassword)
	if err != nil {
		return nil, err
	}
	return d.a.Session(context.Background(), "portal", token)
}

// A passkey is made once for each question, in the session that asked.
func TestMakingAPasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		ann, bob := d.customer("ann@example.org"), d.customer("bob@example.org")
		question, err := d.a.NewPasskey(ctx, party, ann)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(question) || strings.Contains(string(question), "Ann Example") {
			t.Errorf("the question says more than it must: %s", question)
		}
		options, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(question) + `}`)
		if err != nil {
			t.Fatal(err)
		}
		key := newKey()
		answer := virtualwebauthn.CreateAttestationResponse(relying(party), virtualwebauthn.NewAuthenticator(), key, *options)
		if err := d.a.AddPasskey(ctx, party, bob, []byte(answer)); !errors.Is(err, identity.ErrCode) {
			t.Errorf("an answer to somebody else's question: %v", err)
		}
		if err := d.a.AddPasskey(ctx, party, ann, []byte("{}")); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a damaged answer: %v", err)
		}
		if err := d.a.AddPasskey(ctx, party, ann, []byte(answer)); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a second answer to one question: %v", err)
		}
		owes := d.staff(identity.Engineer, "eve@example.org")
		d.makePasskey(owes)
		if owes.Level != identity.Whole {
			t.Errorf("level %s with a passkey", owes.Level)
		}
	})
}
