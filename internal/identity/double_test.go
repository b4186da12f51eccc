package identity_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// A step-up that is sent twice, as a button pressed twice does, ends with a good
// token whichever answer the browser keeps last, one after the other and both at
// once; with a code that is good once, and with a passkey. The token of before
// opens nothing all the while (ASVS 5.0 7.2.4).
func TestStepUpSentTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		first := d.customer("ann@example.org")
		d.authenticator(first)
		d.Later(time.Minute)
		_, half, err := d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		token, s, err := d.a.Code(ctx, half, d.code(first), phone)
		if err != nil {
			t.Fatal(err)
		}
		d.Later(time.Minute)
		proof := identity.Proof{Password: goodPassword, Code: d.code(first)}
		if err := d.a.Prove(ctx, s, proof); err != nil {
			t.Fatal(err)
		}
		lost, _ := s.Renewed() // the browser threw this answer away
		if _, err := d.a.Session(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("the token of before: %v", err)
		}
		if _, err := d.a.Replaced(ctx, "partner", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("the token of before on another surface: %v", err)
		}
		was, err := d.a.Replaced(ctx, "portal", token)
		if err != nil || was.Fresh(d.Now()) {
			t.Fatalf("the form that came in twice finds nobody: %v", err)
		}
		for _, wrong := range []identity.Proof{{Password: goodPassword}, {Password: otherPassword, Code: proof.Code}, {Password: goodPassword, Code: "000000"}, {}} {
			if err := d.a.Prove(ctx, was, wrong); !errors.Is(err, identity.ErrCode) {
				t.Errorf("another proof with the token of before: %v", err)
			}
		}
		if err := d.a.Prove(ctx, was, proof); err != nil {
			t.Fatalf("the same form once more: %v", err)
		}
		kept, ok := was.Renewed()
		if in, err := d.a.Session(ctx, "portal", kept); err != nil || !ok || in.ID != s.ID || !in.Fresh(d.Now()) {
			t.Errorf("the second answer's token: %v", err)
		}
		if _, err := d.a.Session(ctx, "portal", lost); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("the first answer's token: %v", err)
		}
		other := d.customer("bob@example.org")
		if err := d.a.Prove(ctx, other, proof); !errors.Is(err, identity.ErrCode) && err != nil {
			t.Errorf("in another's session: %v", err)
		}
		d.Later(11 * time.Second)
		if _, err := d.a.Replaced(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("the token of before, after a while: %v", err)
		}
		if err := d.a.Prove(ctx, was, proof); !errors.Is(err, identity.ErrCode) {
			t.Errorf("the same code after a while: %v", err)
		}
	})
}

func TestStepUpsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		first := d.customer("ann@example.org")
		d.authenticator(first)
		d.Later(time.Minute)
		_, half, err := d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := d.a.Code(ctx, half, d.code(first), phone)
		if err != nil {
			t.Fatal(err)
		}
		d.Later(time.Minute)
		proof := identity.Proof{Password: goodPassword, Code: d.code(first)}
		var sessions [4]*identity.Session
		var errs [4]error
		for i := range sessions {
			if sessions[i], err = d.a.Session(ctx, "portal", token); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		for i, s := range sessions {
			all.Go(func() { errs[i] = d.a.Prove(ctx, s, proof) })
		}
		all.Wait()
		good := 0
		for i, s := range sessions {
			if errs[i] != nil {
				t.Errorf("form %d: %v", i, errs[i])
				continue
			}
			renewed, _ := s.Renewed()
			if _, err := d.a.Session(ctx, "portal", renewed); err == nil {
				good++
			}
		}
		if good != 1 {
			t.Errorf("%d tokens are good", good)
		}
	})
}

// An answer of a passkey that comes in twice; and a session that was ended
// meanwhile is not brought back by either.
func TestPasskeyStepUpSentTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		p := d.makePasskey(d.customer("ann@example.org"))
		token, s, err := d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		question, err := d.a.PasskeyQuestion(party, "portal")
		if err != nil {
			t.Fatal(err)
		}
		d.Later(time.Minute)
		answer := []byte(p.answer(t, party, question))
		if err := d.a.ProvePasskey(ctx, party, s, answer); err != nil {
			t.Fatal(err)
		}
		was, err := d.a.Replaced(ctx, "portal", token)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.a.ProvePasskey(ctx, party, was, answer); err != nil {
			t.Fatalf("the same answer once more: %v", err)
		}
		if _, _, err := d.a.SignInPasskey(ctx, party, "portal", answer, phone); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("the same answer to sign in: %v", err)
		}
		if err := d.a.End(ctx, s, s.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.a.Replaced(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("a session that was ended: %v", err)
		}
		if err := d.a.ProvePasskey(ctx, party, was, answer); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("the answer in a session that was ended: %v", err)
		}
	})
}
