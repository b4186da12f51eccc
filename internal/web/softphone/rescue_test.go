package softphone_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"candour/internal/store"
	"candour/internal/telecom"
)

// outward leads emergency calls out of the house, to services that are told where
// their caller is if there are any. It has a main number.
type outward []string

func (outward) Takes(telecom.Target) bool { return true }
func (outward) Main() string              { return "+441527306000" }
func (o outward) Services() []string      { return o }

// R11, L38: the page says what the emergency services are told of whoever calls
// from it, and may ask where the device is only where a service is told that.
func TestRescue(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	note := func(when string, there, asks bool, want ...string) {
		t.Helper()
		for _, path := range []string{"/", "/dial?number=999"} {
			a := ann.get(path)
			if got := a.ByID("phone-rescue") != nil; got != there {
				t.Errorf("%s, %s: a note is there: %v", when, path, got)
			}
			if got := slices.Contains(powers(a), "geolocation"); got != asks || got != (a.ByID("ask-geolocation") != nil) {
				t.Errorf("%s, %s: the page may ask where the device is: %v", when, path, got)
			}
			for _, w := range want {
				if !strings.Contains(a.Text, w) {
					t.Errorf("%s, %s: %q is not said", when, path, w)
				}
			}
			if got := strings.Contains(a.Text, "Where is this line?"); path == "/" && got != there {
				t.Errorf("%s, %s: the page asks where the line is: %v", when, path, got)
			}
		}
	}
	note("without a way out", false, false)
	b.phones.Connect(outward{})
	note("where nobody is told", true, false, "No address. Say first where you are.")
	b.phones.Connect(outward{"carriers"})
	note("where a network is told that is no service", true, false)
	b.phones.Connect(outward{"emergency-services"})
	note("without an address", true, true, "No address: we have none of this line.")
	err := b.Store.Update(context.Background(), func(tx *store.Tx) error {
		roles, err := telecom.AddressRolesOf(b.InForce())
		if err != nil {
			return err
		}
		line, err := b.phones.LineOf(context.Background(), ann.me.Account.ID)
		if err != nil {
			return err
		}
		return b.phones.SetAddress(context.Background(), tx, ann.me.Access(roles.Purpose), line, telecom.Address{House: "7", Street: "Orchard Way", Town: "Bromsgrove", Postcode: "b603dj"})
	})
	if err != nil {
		t.Fatal(err)
	}
	note("with an address", true, true, "7 Orchard Way, Bromsgrove, B60 3DJ", "if you allow it: you are asked when the call has begun")
	if a := ann.get("/calls"); slices.Contains(powers(a), "geolocation") {
		t.Error("the list of calls may ask where the device is")
	}
}
