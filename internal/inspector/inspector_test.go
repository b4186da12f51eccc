package inspector

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/operators"
	"candour/policy"
)

// Somebody can be made of each role that a built-in policy lets sign in, and
// of no other; their addresses can be nobody else's.
func TestRoles(t *testing.T) {
	for id, without := range map[string][]identity.Role{"invoco": nil, "fernhill": {identity.Partner}} {
		fsys, _ := operators.FS(id)
		p, faults := policy.Load(fsys)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		got := Roles(p.Policy)
		for _, r := range identity.Roles() {
			if slices.Contains(got, r) == slices.Contains(without, r) {
				t.Errorf("%s: %s signs in: %v", id, r, !slices.Contains(without, r))
			}
			a, err := mail.ParseAddress(Address(r))
			if err != nil || !a.Nobody() {
				t.Errorf("the address of %s could be somebody's: %v", r, err)
			}
		}
	}
}

// Nothing that signs in is printed.
func TestRedacted(t *testing.T) {
	p := Person{Held: []Held{{Token: "secret"}}}
	if got := fmt.Sprintf("%v %+v %#v %v", p, p, p.Held[0], p.Held); strings.Contains(got, "secret") {
		t.Errorf("printed: %s", got)
	}
}
