package telecom_test

import (
	"testing"

	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// L38, PECR reg 16(1)(b): where a device is goes to a service only where the policy
// declares that for the sake of a life, and never by what people agreed to share
// with each other.
func TestLocates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		purpose, category, err := telecom.Locates(x.InForce(), "emergency-services")
		if err != nil || purpose != "emergency" || category != "location.precise" {
			t.Errorf("%s %s %v", purpose, category, err)
		}
		for _, other := range []string{"carriers", "nobody", ""} {
			if _, _, err := telecom.Locates(x.InForce(), other); err == nil {
				t.Errorf("%q is told where people are", other)
			}
		}
		if got := x.desk.Tells(); got != (telecom.Told{}) {
			t.Errorf("without a way out, a service is told %v", got)
		}
		x.desk.Connect(leads{})
		if got := x.desk.Tells(); !got.Address || !got.Fix {
			t.Errorf("a service is told %v", got)
		}
	})
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "fernhill") // declares the address alone
		if _, _, err := telecom.Locates(x.InForce(), "emergency"); err == nil {
			t.Error("what is not declared is told")
		}
	})
}
