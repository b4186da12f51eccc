package telecom

import (
	"slices"

	"candour/policy"
)

// Forms of limits and blocks: ids that the program gives a meaning to, for every
// operator.
const (
	CapFormID     = "spending-cap"
	PriceFormID   = "call-price"
	ContestFormID = "block-contest"
	ReviewFormID  = "block-review"
)

// ContestRoles are the parts of a policy that play a part where a person looks
// at a block that software put in place alone.
type ContestRoles struct {
	Form    policy.Form
	Field   string // name of the field in which its person says what is wrong with it
	Purpose string // for which what both say is kept
	Words   string // category of that
}

// ContestRolesOf finds them: the form block-contest with its first field of a
// category. The error says what the policy lacks, and is the refusal Undeclared.
func ContestRolesOf(c *policy.Compiled) (ContestRoles, error) {
	form, ok := c.Policy().FormByID(ContestFormID)
	if !ok || len(form.Surfaces) == 0 {
		return ContestRoles{}, lacks("the form " + ContestFormID)
	}
	i := slices.IndexFunc(form.Fields, func(f policy.Field) bool { return f.Category != "" })
	if i < 0 {
		return ContestRoles{}, lacks("a field for words in the form " + ContestFormID)
	}
	return ContestRoles{*form, form.Fields[i].Name, form.Purpose, form.Fields[i].Category}, nil
}

// retention is the class by which what was said is kept; nil if none is
// declared.
func (r ContestRoles) retention(c *policy.Compiled) *policy.Retention {
	k, _ := c.Category(r.Words)
	p, _ := c.Purpose(r.Purpose)
	class, ok := c.Retention(k, p)
	if !ok {
		return nil
	}
	return class
}

// kept is for how long it is kept after the block is lifted.
func (r ContestRoles) kept(c *policy.Compiled) (policy.Period, bool) {
	class := r.retention(c)
	if class == nil {
		return policy.Period{}, false
	}
	return class.Period, true
}
