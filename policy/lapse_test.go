package policy_test

import (
	"slices"
	"testing"

	"candour/policy"
)

// L16: what a later version does more is not covered by an earlier consent: a new
// category alone where it can be told apart, else the whole purpose. What it
// does less, and what is another purpose's, takes nothing away.
func TestWhatAnEarlierConsentCovers(t *testing.T) {
	const analysis = "    recipients: [stats]\n"
	for _, c := range []struct {
		name   string
		edits  []string
		agreed bool     // to the purpose "analysis" as a whole
		covers []string // of its categories
	}{
		{"nothing changed", nil, true, []string{"site.activity"}},
		{"one more category", []string{"categories: [site.activity]\n        basis", "categories: [site.activity, person.name]\n        basis"}, true, []string{"site.activity"}},
		{"one more recipient", []string{analysis, "    recipients: [stats, carriers]\n"}, false, nil},
		{"a recipient less", []string{analysis, ""}, true, []string{"site.activity"}},
		{"the recipient gets more that it uses", []string{"categories: [site.activity]\n    region", "categories: [person.name]\n    region"}, true, []string{"site.activity"}},
		{"another controller", []string{"name: Example Telecom Ltd", "name: Another Ltd"}, false, nil},
		{"stored nearby too", []string{"regions: [EEA, GB]", "regions: [EEA, GB, NO]"}, true, []string{"site.activity"}},
		{"another purpose", []string{"basis: contract", "basis: legitimate-interests"}, true, []string{"site.activity"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := policy.Compile(edited(t, c.edits...))
			p, ok := now.Purpose("analysis")
			if !ok {
				t.Fatal("there is no such purpose")
			}
			st := policy.Standing{Consents: policy.PurposeSet{}.With(p)}
			if l, less := now.Since(edited(t)).Of(p); less {
				st.Lapsed = append(st.Lapsed, l)
			}
			if st.Agreed(p) != c.agreed {
				t.Errorf("agreed: %v", !c.agreed)
			}
			for _, u := range now.Policy().Purposes {
				if u.ID != "analysis" {
					continue
				}
				for _, id := range u.Uses[0].Categories {
					k, _ := now.Category(id)
					if want := slices.Contains(c.covers, id); st.Covers(k, p) != want || (now.UseOwn(k, p, st) == policy.Allowed) != want {
						t.Errorf("%s: covered %v, want %v", id, st.Covers(k, p), want)
					}
				}
			}
		})
	}
}

// Of a version that nobody knows, and a purpose that is none, nothing is covered.
func TestNothingIsCoveredUnknown(t *testing.T) {
	c := policy.Compile(edited(t))
	for _, p := range []policy.PurposeIndex{0, 200} {
		l, less := c.Since(nil).Of(p)
		st := policy.Standing{Consents: policy.PurposeSet{^uint64(0), ^uint64(0)}, Lapsed: []policy.Lapse{l}}
		if !less || st.Agreed(p) || st.Covers(0, p) {
			t.Errorf("%d: %v", p, less)
		}
	}
}
