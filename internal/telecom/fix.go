package telecom

import (
	"fmt"

	"candour/internal/evidence"
	"candour/policy"
)

// Told is what an emergency service is told of where a caller is (PECR reg
// 16(1)(b)).
type Told struct {
	Address bool // of the line
	Fix     bool // one, of the caller's device
	Later   bool // the fix comes when the call has begun
}

// Locates finds for which purpose, and as which category, the policy lets an
// emergency service be told where a caller's device is: a purpose that names the
// recipient and uses a category of places because a life may hang on it, or because
// the law says so. The error says what is missing.
func Locates(c *policy.Compiled, recipient string) (purpose, category string, err error) {
	place := func(k *policy.Category) bool { return k.Kind == "location" }
	if purpose, category = mayTell(c, recipient, place, policy.VitalInterests, policy.LegalObligation); purpose == "" {
		err = fmt.Errorf("the policy lets no recipient %q be told where a device is", recipient)
	}
	return purpose, category, err
}

// may leaves of what a service could be told what the policy lets it be told.
func (t Told) may(c *policy.Compiled, service string) Told {
	if _, _, err := Rescue(c, service); err != nil {
		t.Address = false
	}
	if _, _, err := Locates(c, service); err != nil {
		t.Fix = false
	}
	return t
}

// Tells is what emergency services are told of where a caller is, as far as the
// policy and what leads out of the house go: for the page from which they call.
func (d *Desk) Tells() (all Told) {
	w := d.out()
	if w == nil {
		return all
	}
	for _, service := range w.Services() {
		one := Told{Address: true, Fix: true}.may(d.c.InForce(), service)
		all.Address, all.Fix = all.Address || one.Address, all.Fix || one.Fix
	}
	return all
}

// entries are what the caller's history says of what a service was told, of which
// none says where that is.
func (t Told) entries(c *policy.Compiled, b evidence.Body) (list []evidence.Body) {
	disclosed := func(find func(*policy.Compiled, string) (string, string, error)) {
		var err error
		if b.Purpose, b.Category, err = find(c, b.Code); err == nil {
			list = append(list, b)
		}
	}
	if t.Address {
		disclosed(Rescue)
	}
	if t.Fix {
		disclosed(Locates)
		b.Kind, b.Code = evidence.CallLocated, "with-call"
		if t.Later {
			b.Code = "within-call"
		}
		list = append(list, b)
	}
	return list
}
