package people_test

import (
	"errors"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// answer says what this person says when the app asks.
func (p *person) answer(permission string, a people.Answer) error {
	q, ok := p.Policy.Policy().PermissionByID(permission)
	var shown [32]byte
	if ok {
		shown = people.PermissionWords(p.Policy.Policy(), q, "customer").Hash()
	}
	return p.desk.DecidePermission(ctx, people.PermissionDecision{
		Subject: p.s, Actor: "customer", Surface: "softphone", Permission: permission, Answer: a, Shown: shown,
	})
}

// permissions are the answers that hold, by permission.
func (p *person) permissions() map[string]people.Answer {
	p.TB.Helper()
	all := map[string]people.Answer{}
	if err := p.Store.View(ctx, func(tx *store.Tx) error {
		list, err := p.desk.Permissions(ctx, tx, p.s, "customer", "softphone")
		for _, s := range list {
			all[s.Permission.ID] = s.Answer
		}
		return err
	}); err != nil {
		p.TB.Fatal(err)
	}
	return all
}

// R11, L16: an answer to the app is kept, and the consent that goes with it
// with it; what is taken back in either place is taken back in both.
func TestStoryOfAPermission(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		if all := p.permissions(); len(all) < 8 || all["camera"] != "" {
			t.Fatal("before anything was asked", all)
		}
		for _, a := range []people.Answer{people.PermissionRefused, people.PermissionGranted, people.PermissionGranted} {
			if err := p.answer("camera", a); err != nil {
				t.Fatal(err)
			}
		}
		if p.permissions()["camera"] != people.PermissionGranted || p.choices()["video"].State != people.StateGiven {
			t.Error("a grant did not stand, or not with its consent", p.permissions(), p.choices()["video"].State)
		}
		p.say("video", false)
		if p.permissions()["camera"] != people.PermissionRevoked {
			t.Error("consent that ended on the page of choices left the permission")
		}
		if err := errors.Join(p.answer("camera", people.PermissionGranted), p.answer("camera", people.PermissionRevoked), p.answer("camera", people.PermissionRevoked)); err != nil {
			t.Fatal(err)
		}
		if p.choices()["video"].State != people.StateWithdrawn {
			t.Error("a permission that was revoked left its consent", p.choices()["video"].State)
		}
		n := 0
		if err := st.View(ctx, func(tx *store.Tx) error {
			past, err := p.desk.Answers(ctx, tx, p.s)
			n = len(past)
			return err
		}); err != nil || n < 3 || n > 4 {
			t.Errorf("%d answers are kept: %v", n, err)
		}
	})
}

// The microphone rests on the contract: to grant it is no consent to recording,
// which the same microphone would be used for.
func TestMicrophoneIsNoConsentToRecording(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		if err := p.answer("microphone", people.PermissionGranted); err != nil {
			t.Fatal(err)
		}
		if s := p.choices()["call-recording"].State; s != people.StateNotAsked {
			t.Error("recording is", s)
		}
	})
}

func TestPermissionsThatAreNotDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		for _, x := range []struct {
			permission string
			answer     people.Answer
			want       error
		}{{"nothing", people.PermissionGranted, people.ErrNotFound}, {"", people.PermissionRefused, people.ErrNotFound}, {"camera", "maybe", people.ErrFixed}, {"camera", "", people.ErrFixed}} {
			if err := p.answer(x.permission, x.answer); !errors.Is(err, x.want) {
				t.Errorf("%q %q: %v", x.permission, x.answer, err)
			}
		}
		err := p.desk.DecidePermission(ctx, people.PermissionDecision{Subject: p.s, Actor: "customer", Surface: "softphone", Permission: "camera", Answer: people.PermissionGranted})
		if !errors.Is(err, people.ErrWords) {
			t.Error("a grant under other words:", err)
		}
		err = p.desk.DecidePermission(ctx, people.PermissionDecision{Subject: p.s, Actor: "customer", Surface: "portal", Permission: "camera", Answer: people.PermissionRefused})
		if !errors.Is(err, people.ErrNotFound) {
			t.Error("on a surface that does not ask:", err)
		}
		if p.permissions()["camera"] != "" {
			t.Error("something was kept")
		}
	})
}
