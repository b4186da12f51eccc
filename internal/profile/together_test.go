package profile_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"candour/internal/profile"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// A button pressed twice, a form in two windows: whatever comes together, each
// field is held once, and every press is taken (R7).
func TestSavesAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		values := map[string]string{"name": "Ann Example", "telephone": "01632 960123", "profession": "Piano tuner"}
		var together sync.WaitGroup
		for range 6 {
			together.Go(func() {
				if err := p.try(profile.Details, values); err != nil {
					t.Error(err)
				}
			})
		}
		together.Wait()
		if got, want := p.held(), []string{"account: 01632 960123", "account: Ann Example", "account: Piano tuner"}; !slices.Equal(got, want) {
			t.Errorf("held %q", got)
		}
	})
}

// Of two people who were found to be one, each may have told the same field.
// What is put right is right in both: no old word is left behind the new one
// (UK GDPR Art 16, L7).
func TestPutRightWhereTwoAreHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		p.save(profile.Details, map[string]string{"name": "Ann Example", "telephone": "01632 960123"})
		if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
			other, err := p.Vault.NewSubject(ctx, tx)
			if err != nil {
				return err
			}
			_, err = p.Vault.Put(ctx, tx, vault.Access{Actor: "customer", Purpose: "account", Surface: "portal"},
				vault.Item{Category: "contact.telephone", Parts: []vault.Part{{Owner: other, Value: []byte("01632 960999")}}})
			if err != nil {
				return err
			}
			return p.Vault.Alias(ctx, tx, other, p.w.Subject)
		}); err != nil {
			t.Fatal(err)
		}
		p.save(profile.Details, map[string]string{"name": "Ann Example", "telephone": "01632 960 777"})
		if got, want := p.held(), []string{"account: 01632 960 777", "account: 01632 960 777", "account: Ann Example"}; !slices.Equal(got, want) {
			t.Errorf("held %q", got)
		}
	})
}
