package policy

// Case is one of the policy's own test cases: who wants to use what for which
// purpose, how the person decided, and what the doors must answer.
type Case struct {
	Name       string `yaml:"name" is:"required"`
	Actor      string `yaml:"actor" is:"ref=actor"`     // asks to use data
	Surface    string `yaml:"surface" is:"ref=surface"` // asks to collect data
	Purpose    string `yaml:"purpose" is:"required,ref=purpose"`
	Category   string `yaml:"category" is:"required,ref=category"`
	Consent    bool   `yaml:"consent"`                        // the person has consented to this purpose
	Objected   bool   `yaml:"objected"`                       // the person has objected to this purpose
	Restricted bool   `yaml:"restricted"`                     // the person has restricted the use of their data
	Shut       string `yaml:"shut" is:"one-of=staff|partner"` // the person has shut this kind of actor out
	Expect     string `yaml:"expect" is:"required,one-of=allowed|undeclared|wrong-actor|wrong-surface|no-consent|restricted|objected|shut-out"`
}

// caseFile is policy_test.yaml.
type caseFile struct {
	Cases []Case `yaml:"cases" is:"required"`
}

// Outcome is what the doors answered to a case.
type Outcome struct {
	Case   Case
	Got    Verdict
	Passed bool
	Position
}

// RunCases asks the compiled policy each of the profile's cases. A case with an
// actor asks to use, one with a surface asks to collect; with both, both doors
// must open, and the first refusal is the answer. A case whose names are not
// declared has the answer undeclared, and the rule "references" tells of it.
func (p *Profile) RunCases() []Outcome {
	c := Compile(p.Policy)
	outcomes := make([]Outcome, len(p.Cases))
	for i, k := range p.Cases {
		got := c.ask(k)
		outcomes[i] = Outcome{Case: k, Got: got, Passed: got.String() == k.Expect, Position: p.PlaceIn(CasesFile, "cases", i)}
	}
	return outcomes
}

func (c *Compiled) ask(k Case) Verdict {
	category, ok1 := c.Category(k.Category)
	purpose, ok2 := c.Purpose(k.Purpose)
	if !ok1 || !ok2 {
		return Undeclared
	}
	st := Standing{Restricted: k.Restricted, Shut: KindOf(k.Shut)}
	if k.Consent {
		st.Consents = st.Consents.With(purpose)
	}
	if k.Objected {
		st.Objections = st.Objections.With(purpose)
	}
	verdict := Allowed
	if k.Actor != "" {
		a, ok := c.Actor(k.Actor)
		if !ok {
			return Undeclared
		}
		verdict = c.Use(a, category, purpose, st)
	}
	if k.Surface != "" && verdict == Allowed {
		s, ok := c.Surface(k.Surface)
		if !ok {
			return Undeclared
		}
		verdict = c.Collect(s, category, purpose, st)
	}
	return verdict
}
