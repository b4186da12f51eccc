package policy_test

import (
	"fmt"
	"slices"
	"testing"

	"candour/policy"

	"pgregory.net/rapid"
)

// sized is a policy of the size the speed is promised for: 20 purposes, 50
// categories.
func sized() *policy.Policy {
	p := &policy.Policy{Surfaces: []policy.Surface{{ID: "website"}, {ID: "portal"}}}
	p.Retention = []policy.Retention{{ID: "year", Event: policy.CollectedEvent}}
	for i := range 50 {
		p.Categories = append(p.Categories, policy.Category{ID: fmt.Sprintf("c%d", i), Surfaces: []string{"website"}})
	}
	bases := []policy.Basis{policy.Consent, policy.Contract, policy.LegitimateInterest}
	var all []string
	for i := range 20 {
		q := policy.Purpose{ID: fmt.Sprintf("p%d", i)}
		for j := range 50 {
			q.Uses = append(q.Uses, policy.Use{Categories: []string{fmt.Sprintf("c%d", j)}, Basis: bases[(i+j)%3], Retention: "year"})
		}
		p.Purposes = append(p.Purposes, q)
		all = append(all, q.ID)
	}
	p.Actors = []policy.Actor{{ID: "system", Purposes: all}, {ID: "nobody"}}
	return p
}

func TestUseAllocatesNothing(t *testing.T) {
	c := policy.Compile(sized())
	st := policy.Standing{Consents: policy.PurposeSet{}.With(3)}
	if n := testing.AllocsPerRun(1000, func() {
		for p := range policy.PurposeIndex(20) {
			c.Use(0, 7, p, st)
			c.Collect(0, 7, p, st)
		}
	}); n != 0 {
		t.Errorf("Use and Collect made %v allocations", n)
	}
}

func BenchmarkUse(b *testing.B) {
	c := policy.Compile(sized())
	st := policy.Standing{Consents: policy.PurposeSet{}.With(3)}
	b.ReportAllocs()
	var allowed int
	i := 0
	for b.Loop() {
		if c.Use(0, policy.CategoryIndex(i%50), policy.PurposeIndex(i%20), st) == policy.Allowed {
			allowed++
		}
		i++
	}
	_ = allowed
}

// oracle answers from the declaration itself, slowly and without indices.
func oracle(p *policy.Policy, actor, category, purpose string, consent, restricted, objected bool, shut ...string) policy.Verdict {
	q, ok := p.PurposeByID(purpose)
	if !ok {
		return policy.Undeclared
	}
	var use *policy.Use
	for i := range q.Uses {
		if slices.Contains(q.Uses[i].Categories, category) && use == nil {
			use = &q.Uses[i]
		}
	}
	if _, known := p.CategoryByID(category); use == nil || !known {
		return policy.Undeclared
	}
	a, ok := p.ActorByID(actor)
	if !ok || !slices.Contains(a.Purposes, purpose) {
		return policy.WrongActor
	}
	if use.Basis == policy.Consent && !consent {
		return policy.NoConsent
	}
	free := []policy.Basis{policy.Consent, policy.LegalObligation, policy.VitalInterests}
	if restricted && !slices.Contains(free, use.Basis) && q.DespiteRestriction == "" {
		return policy.Restricted
	}
	deaf := []policy.Basis{policy.Contract, policy.LegalObligation, policy.VitalInterests}
	if objected && (q.Marketing != "" || !slices.Contains(deaf, use.Basis)) {
		return policy.Objected
	}
	// R29: staff and partners are shut out of what neither contract nor law nor
	// a life needs, nor a declared ground of Art 18(2).
	needed := q.Marketing == "" && (q.DespiteRestriction != "" || slices.Contains(deaf, use.Basis))
	if slices.Contains(shut, a.Kind) && !needed {
		return policy.ShutOut
	}
	return policy.Allowed
}

var allBases = []policy.Basis{
	policy.Contract, policy.Consent, policy.LegitimateInterest, policy.LegalObligation,
	policy.RecognisedInterest, policy.VitalInterests, policy.PublicTask,
}

func drawPolicy(t *rapid.T) *policy.Policy {
	p := &policy.Policy{}
	cats := rapid.IntRange(1, 6).Draw(t, "categories")
	for i := range cats {
		p.Categories = append(p.Categories, policy.Category{ID: fmt.Sprintf("c%d", i)})
	}
	purposes := rapid.IntRange(1, policy.MaxPurposes).Draw(t, "purposes")
	for i := range purposes {
		q := policy.Purpose{ID: fmt.Sprintf("p%d", i)}
		q.Marketing = rapid.SampledFrom([]string{"", "", "opt-in", "soft-opt-in"}).Draw(t, "marketing")
		q.DespiteRestriction = rapid.SampledFrom([]string{"", "", "claims"}).Draw(t, "despite")
		for range rapid.IntRange(0, 3).Draw(t, "uses") {
			q.Uses = append(q.Uses, policy.Use{
				// c6 is never declared.
				Categories: rapid.SliceOfN(rapid.SampledFrom([]string{"c0", "c1", "c2", "c3", "c4", "c5", "c6"}), 1, 3).Draw(t, "of"),
				Basis:      rapid.SampledFrom(allBases).Draw(t, "basis"),
			})
		}
		p.Purposes = append(p.Purposes, q)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "actors") {
		a := policy.Actor{ID: fmt.Sprintf("a%d", i), Kind: rapid.SampledFrom([]string{"person", "partner", "staff", "software"}).Draw(t, "kind")}
		for j := range purposes {
			if rapid.Bool().Draw(t, "may") {
				a.Purposes = append(a.Purposes, fmt.Sprintf("p%d", j))
			}
		}
		p.Actors = append(p.Actors, a)
	}
	return p
}

// R13: a use whose purpose is not declared is refused; consent, restriction
// (L9), objection (L11) and shut-out (R29) decide as the declaration says,
// whatever it says.
func TestUseAgreesWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		c := policy.Compile(p)
		for range 20 {
			ai := rapid.IntRange(0, len(p.Actors)-1).Draw(t, "actor")
			ki := rapid.IntRange(0, len(p.Categories)-1).Draw(t, "category")
			qi := rapid.IntRange(0, len(p.Purposes)-1).Draw(t, "purpose")
			consent, restricted, objected := rapid.Bool().Draw(t, "consent"), rapid.Bool().Draw(t, "restricted"), rapid.Bool().Draw(t, "objected")
			actor, category, purpose := p.Actors[ai].ID, p.Categories[ki].ID, p.Purposes[qi].ID
			a, _ := c.Actor(actor)
			k, _ := c.Category(category)
			q, ok := c.Purpose(purpose)
			if !ok {
				t.Fatalf("purpose %s has no index", purpose)
			}
			st := policy.Standing{Restricted: restricted}
			shut := rapid.SampledFrom([][]string{nil, {"staff"}, {"partner"}, {"staff", "partner"}}).Draw(t, "shut")
			for _, kind := range shut {
				st.Shut |= policy.KindOf(kind)
			}
			if consent {
				st.Consents = st.Consents.With(q)
			}
			if objected {
				st.Objections = st.Objections.With(q)
			}
			if got, want := c.Use(a, k, q, st), oracle(p, actor, category, purpose, consent, restricted, objected, shut...); got != want {
				t.Fatalf("%s uses %s for %s (consent %v, restricted %v, objected %v, shut %v): %v, want %v", actor, category, purpose, consent, restricted, objected, shut, got, want)
			}
		}
	})
}

func TestPurposeSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s policy.PurposeSet
		model := map[policy.PurposeIndex]bool{}
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			p := policy.PurposeIndex(rapid.IntRange(0, policy.MaxPurposes-1).Draw(t, "purpose"))
			if rapid.Bool().Draw(t, "with") {
				s, model[p] = s.With(p), true
			} else {
				s = s.Without(p)
				delete(model, p)
			}
		}
		for p := range policy.PurposeIndex(policy.MaxPurposes) {
			if s.Has(p) != model[p] {
				t.Fatalf("purpose %d: %v, want %v", p, s.Has(p), model[p])
			}
		}
	})
}

func TestIndicesOfAnotherPolicyGrantNothing(t *testing.T) {
	c := policy.Compile(sized())
	for _, v := range []policy.Verdict{
		c.Use(0, 50, 0, policy.Standing{}), c.Use(0, 0, 20, policy.Standing{}), c.Use(0, 0, 255, policy.Standing{}),
		c.Collect(0, 50, 0, policy.Standing{}), c.Collect(0, 0, 255, policy.Standing{}),
	} {
		if v != policy.Undeclared {
			t.Errorf("verdict %v", v)
		}
	}
	if v := c.Use(9, 0, 1, policy.Standing{}); v != policy.WrongActor {
		t.Errorf("unknown actor: %v", v)
	}
	if v := c.Collect(1, 0, 1, policy.Standing{}); v != policy.WrongSurface {
		t.Errorf("portal: %v", v)
	}
	if v := c.Collect(200, 0, 1, policy.Standing{}); v != policy.WrongSurface {
		t.Errorf("unknown surface: %v", v)
	}
}
