package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Calling is what the operator decides about calls to the outside world. The
// zero value offers none that cost.
type Calling struct {
	Cap     int      `yaml:"cap" is:"min=0"`                                                                                   // pence that an account may spend in a month until its owner says otherwise
	Most    int      `yaml:"most" is:"min=0"`                                                                                  // pence that it may be raised to
	Hourly  int      `yaml:"hourly" is:"min=0"`                                                                                // calls that an account may begin in an hour
	Longest Period   `yaml:"longest"`                                                                                          // of one call
	Closed  []string `yaml:"closed" is:"one-of=uk-landline|uk-mobile|freephone|revenue-share|premium|international|high-risk"` // classes of destinations that stay closed until an account's owner opens them
}

// Offered reports whether calls to the outside world that cost are offered.
func (c *Calling) Offered() bool { return c.Most > 0 }

// Decision is one about people that the software makes alone, which they are
// told of, may answer and contest, and a person looks at (UK GDPR Art 22A to 22D).
type Decision struct {
	ID          string    `yaml:"id" is:"required,id"`
	Title       string    `yaml:"title" is:"required"`
	Description string    `yaml:"description" is:"required"` // what is decided, what follows from it, and what does not
	Purpose     string    `yaml:"purpose" is:"required,ref=purpose"`
	Categories  []string  `yaml:"categories" is:"required,ref=category"` // what it is decided by; none that is special (Art 22B)
	Patterns    []Pattern `yaml:"patterns" is:"required"`                // each of which decides by itself
	Within      Period    `yaml:"within"`                                // a person answers whoever contests it
	Ours        bool      `yaml:"ours"`
}

// Pattern is what looks like a fraud on a line, in numbers.
type Pattern struct {
	ID      string   `yaml:"id" is:"required,id"`
	Kind    string   `yaml:"kind" is:"required,one-of=short-calls|sudden-spend|at-once|at-night"`                               // short-calls, sudden-spend, at-once (to one prefix of the tariff), at-night
	Classes []string `yaml:"classes" is:"one-of=uk-landline|uk-mobile|freephone|revenue-share|premium|international|high-risk"` // of the destinations that count; none: all that cost
	Count   int      `yaml:"count" is:"min=0"`                                                                                  // calls from which on it is one; of sudden-spend, how many times the account's own usual
	Within  Period   `yaml:"within"`                                                                                            // how far back it is looked
	Seconds int      `yaml:"seconds" is:"min=0"`                                                                                // short-calls: each was shorter
	Pence   int      `yaml:"pence" is:"min=0"`                                                                                  // sudden-spend: less than this is never one
	From    int      `yaml:"from" is:"min=0"`                                                                                   // at-night: hour of the day, in London
	Until   int      `yaml:"until" is:"min=0"`                                                                                  // at-night: hour of the day, in London
	Reason  string   `yaml:"reason" is:"required"`                                                                              // why that looks like fraud
}

// Classes are those of destinations, from the plainest on.
var Classes = []string{"uk-landline", "uk-mobile", "freephone", "revenue-share", "premium", "international", "high-risk"}

var classWords = map[string]string{
	"uk-landline": "landlines of the United Kingdom", "uk-mobile": "mobiles of the United Kingdom", "freephone": "freephone numbers",
	"revenue-share": "numbers that share what you pay with whoever you call (084, 087)", "premium": "premium-rate numbers (09, 118)",
	"international": "other countries", "high-risk": "destinations that fraudsters use most",
}

// ClassWords names a class of destinations in a sentence.
func ClassWords(class string) string {
	if w, ok := classWords[class]; ok {
		return w
	}
	return class
}

// Pounds says pence as people do: £20, £2.50, 5p.
func Pounds(pence int) string {
	switch {
	case pence < 100:
		return fmt.Sprintf("%dp", pence)
	case pence%100 == 0:
		return fmt.Sprintf("£%d", pence/100)
	}
	return fmt.Sprintf("£%d.%02d", pence/100, pence%100)
}

// Words say which pattern it is, by its numbers, after "if there are" or the
// like: what the notice tells and what decides is one declaration.
func (p *Pattern) Words() string {
	to := ""
	if len(p.Classes) > 0 {
		words := make([]string, len(p.Classes))
		for i, c := range p.Classes {
			words[i] = ClassWords(c)
		}
		to = " to " + listed(words)
	}
	switch p.Kind {
	case "short-calls":
		return fmt.Sprintf("%d or more calls%s within %s, each shorter than %d seconds", p.Count, to, p.Within.Words(), p.Seconds)
	case "sudden-spend":
		return fmt.Sprintf("%s or more spent on calls within %s, and more than %d times what the account usually spends in that time", Pounds(p.Pence), p.Within.Words(), p.Count)
	case "at-once":
		return fmt.Sprintf("%d or more calls at once%s whose numbers begin alike", p.Count, to)
	}
	return fmt.Sprintf("%d or more calls%s within %s, between %s and %s at night", p.Count, to, p.Within.Words(), clock(p.From), clock(p.Until))
}

func clock(hour int) string { return fmt.Sprintf("%02d:00", hour%24) }

// Counts reports whether calls to a class of destinations count.
func (p *Pattern) Counts(class string) bool {
	return len(p.Classes) == 0 || slices.Contains(p.Classes, class)
}

// DecisionByID returns the decision with this id.
func (p *Policy) DecisionByID(id string) (*Decision, bool) {
	return find(p.Decisions, func(d *Decision) bool { return d.ID == id })
}

// PatternByID returns the pattern with this id.
func (d *Decision) PatternByID(id string) (*Pattern, bool) {
	return find(d.Patterns, func(p *Pattern) bool { return p.ID == id })
}

// Logic says by what it is decided, pattern by pattern (UK GDPR Art 15(1)(h)).
func (d *Decision) Logic() string {
	words := make([]string, len(d.Patterns))
	for i := range d.Patterns {
		words[i] = d.Patterns[i].Words() + ", because " + strings.TrimSuffix(lowerFirst(d.Patterns[i].Reason), ".")
	}
	return strings.Join(words, "; or ")
}

func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[n:]
}

// Capital begins words with a capital letter, as at the head of a line.
func Capital(words string) string {
	first, n := utf8.DecodeRuneInString(words)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + words[n:]
}
