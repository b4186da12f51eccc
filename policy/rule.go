package policy

// Rule is one thing that a declaration must keep, with the law or standard it
// comes from. The rules live in policy/lint, one folder each.
type Rule struct {
	ID      string // short and stable, for example one-basis
	Title   string // what must hold, as a sentence
	Source  string // article, regulation or section
	InForce string // date since when the source applies, YYYY-MM-DD
	Reason  string // why a declaration that breaks it would harm people or the operator
	Cure    string // what to do, in general; each fault says it in particular
	Check   func(*Profile) Faults
}
