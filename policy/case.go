package policy

// Case is one of the policy's own test cases: who wants to use what for which
// purpose, how the person decided, and what the doors must answer.
type Case struct {
	Name       string `yaml:"name" is:"required"`
	Actor      string `yaml:"actor" is:"ref=actor"`     // asks to use data
	Surface    string `yaml:"surface" is:"ref=surface"` // asks to collect data
	Purpose    string `yaml:"purpose" is:"required,ref=purpose"`
	Category   string `yaml:"category" is:"required,ref=category"`
	Consent    bool   `yaml:"consent"`    // the person has consented to this purpose
	Objected   bool   `yaml:"objected"`   // the person has objected to this purpose
	Restricted bool   `yaml:"restricted"` // the person has restricted the use of their data
	Expect     string `yaml:"expect" is:"required,one-of=allowed|undeclared|wrong-actor|wrong-surface|no-consent|restricted|objected"`
}

// caseFile is policy_test.yaml.
type caseFile struct {
	Cases []Case `yaml:"cases" is:"required"`
}
