package policy_test

import (
	"testing"

	"candour/policy"
)

// L11, R16: what can be objected to, and what withdrawn.
func TestWhatCanBeDecidedOn(t *testing.T) {
	uses := func(bases ...policy.Basis) (list []policy.Use) {
		for _, b := range bases {
			list = append(list, policy.Use{Basis: b})
		}
		return list
	}
	for name, c := range map[string]struct {
		q                  policy.Purpose
		objectable, agreed bool
	}{
		"contract":                   {policy.Purpose{Uses: uses(policy.Contract)}, false, false},
		"law":                        {policy.Purpose{Uses: uses(policy.LegalObligation)}, false, false},
		"vital interests":            {policy.Purpose{Uses: uses(policy.VitalInterests)}, false, false},
		"consent":                    {policy.Purpose{Uses: uses(policy.Consent)}, false, true},
		"consent, and marketing":     {policy.Purpose{Uses: uses(policy.Consent), Marketing: "opt-in"}, true, true},
		"interest":                   {policy.Purpose{Uses: uses(policy.LegitimateInterest)}, true, false},
		"recognised interest":        {policy.Purpose{Uses: uses(policy.RecognisedInterest)}, true, false},
		"public task":                {policy.Purpose{Uses: uses(policy.PublicTask)}, true, false},
		"contract, and one interest": {policy.Purpose{Uses: uses(policy.Contract, policy.LegitimateInterest)}, true, false},
	} {
		if c.q.Objectable() != c.objectable || c.q.Agreed() != c.agreed {
			t.Errorf("%s: can be objected to %v, withdrawn %v", name, c.q.Objectable(), c.q.Agreed())
		}
	}
}
