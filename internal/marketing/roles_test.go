package marketing_test

import (
	"slices"
	"testing"

	"candour/internal/marketing"
	"candour/operators"
	"candour/policy"
)

func load(t *testing.T, operator string) *policy.Policy {
	t.Helper()
	fsys, ok := operators.FS(operator)
	if !ok {
		t.Fatal(operator)
	}
	profile, faults := policy.Load(fsys)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return profile.Policy
}

// Each built-in operator declares a newsletter that works, in its own words.
func TestRolesOfTheBuiltInOperators(t *testing.T) {
	want := map[string][]string{
		"invoco":   {"contact.email", "news", "confirmation", "unconfirmed"},
		"fernhill": {"reach.email", "letter", "confirmation", "three-days"},
	}
	for _, operator := range operators.IDs() {
		r, err := marketing.RolesOf(policy.Compile(load(t, operator)))
		if err != nil {
			t.Errorf("%s: %v", operator, err)
			continue
		}
		got := []string{r.Email, r.Purpose, r.Pending, r.Kept.ID}
		if w, ok := want[operator]; ok && !slices.Equal(got, w) {
			t.Errorf("%s: %v, want %v", operator, got, w)
		}
	}
}

func TestRolesRefuse(t *testing.T) {
	purpose := func(p *policy.Policy, id string) *policy.Purpose {
		q, _ := p.PurposeByID(id)
		return q
	}
	without := func(p *policy.Policy, form string) {
		p.Forms = slices.DeleteFunc(p.Forms, func(f policy.Form) bool { return f.ID == form })
	}
	for name, change := range map[string]func(p *policy.Policy){
		"no form":              func(p *policy.Policy) { without(p, "newsletter") },
		"no page to confirm":   func(p *policy.Policy) { without(p, "newsletter-confirm") },
		"no page to leave":     func(p *policy.Policy) { without(p, "newsletter-leave") },
		"purpose no marketing": func(p *policy.Policy) { purpose(p, "news").Marketing = "" },
		"purpose soft opt-in":  func(p *policy.Policy) { purpose(p, "news").Marketing = "soft-opt-in" },
		"no field for the address": func(p *policy.Policy) {
			f, _ := p.FormByID("newsletter")
			f.Fields = slices.DeleteFunc(slices.Clone(f.Fields), func(x policy.Field) bool { return x.Name == "email" })
		},
		"no field for the token": func(p *policy.Policy) {
			f, _ := p.FormByID("newsletter-leave")
			f.Fields = nil
		},
		"unconfirmed addresses on consent": func(p *policy.Policy) { purpose(p, "confirmation").Uses[0].Basis = policy.Consent },
		"unconfirmed addresses without end": func(p *policy.Policy) {
			r, _ := p.RetentionByID("unconfirmed")
			r.Event = "contract.ended"
		},
		"unconfirmed addresses without the name": func(p *policy.Policy) {
			purpose(p, "confirmation").Uses[0].Categories = []string{"contact.email"}
		},
	} {
		p := load(t, "invoco")
		change(p)
		if r, err := marketing.RolesOf(policy.Compile(p)); err == nil {
			t.Errorf("%s: taken, with %s for unconfirmed addresses", name, r.Pending)
		}
	}
}
