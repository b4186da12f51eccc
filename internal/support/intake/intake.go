// Package intake checks what a person typed into one of the operator's forms.
//
// The form is the one declared in the policy: its fields, what each may hold,
// which may be left empty. So a field added to the policy is checked, named in
// the answer and handed on with its category without new code. What comes out
// is clean: valid Unicode in normal form C, no control characters, no
// invisible marks that turn text around, within the limits below.
//
// Fields that hold no personal data (robot trap, timing, anti-forgery) are the
// web server's to judge; a choice without a category is checked here against
// its options, a reference against its form.
package intake

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"candour/internal/reference"
	"candour/policy"
)

// FieldError says what is wrong with one field, in words for the person who
// filled it in. It never quotes what they typed.
type FieldError struct {
	Field   string // the field's name in the policy
	Label   string // as the form shows it
	Message string
}

// FieldErrors are the fields of one form that cannot be taken, in the form's
// order.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	names := make([]string, len(e))
	for i, f := range e {
		names[i] = f.Field
	}
	return "intake: not accepted: " + strings.Join(names, ", ")
}

// Of returns the message for a field, empty if there is none.
func (e FieldErrors) Of(field string) string {
	for _, f := range e {
		if f.Field == field {
			return f.Message
		}
	}
	return ""
}

// Answer is what one field held, cleaned.
type Answer struct {
	Field    string
	Category string // empty for a choice or a reference, which are no personal data
	Value    string
}

// Answers are the fields of one form that were filled in, in the form's order.
// They are personal data and print as a placeholder.
type Answers []Answer

// Value returns what a field held, empty if it was left empty.
func (a Answers) Value(field string) string {
	for _, x := range a {
		if x.Field == field {
			return x.Value
		}
	}
	return ""
}

// Read checks the values of a submitted form of the policy p against its
// declaration. The error, if any, is FieldErrors and names every field at
// fault.
func Read(p *policy.Policy, form policy.Form, values url.Values) (Answers, error) {
	var answers Answers
	var faults FieldErrors
	for _, f := range form.Fields {
		if f.Category == "" && f.Control != "choice" && f.Control != referenceControl {
			continue
		}
		format := ""
		if c, ok := p.CategoryByID(f.Category); ok {
			format = c.Format
		}
		value, fault := readField(f, format, values[f.Name])
		switch {
		case fault != "":
			faults = append(faults, FieldError{Field: f.Name, Label: f.Label, Message: fault})
		case value != "":
			answers = append(answers, Answer{Field: f.Name, Category: f.Category, Value: value})
		}
	}
	if faults != nil {
		return nil, faults
	}
	return answers, nil
}

// Check checks a value that is to replace one of a category, as the form that
// collects it would: in its words, or as one line of text where no form does.
// The value comes back clean; fault says what is wrong with it, in words.
func Check(p *policy.Policy, category, value string) (clean, fault string) {
	c, ok := p.CategoryByID(category)
	if !ok {
		return "", wordsMissing
	}
	field := policy.Field{Category: category}
	for _, form := range p.Forms {
		for _, f := range form.Fields {
			if f.Category == category {
				field = f
			}
		}
	}
	field.Optional = false
	return readField(field, c.Format, []string{value})
}

func readField(f policy.Field, format string, given []string) (value, fault string) {
	if len(given) > 1 {
		return "", "This field came more than once. Please send the form again."
	}
	if len(given) == 1 {
		value = given[0]
	}
	switch {
	case len(f.Options) > 0:
		return readChoice(f, value)
	case f.Control == referenceControl:
		return readReference(f, value)
	}
	return readText(f, format, value)
}

func readChoice(f policy.Field, value string) (string, string) {
	if value == "" {
		if f.Optional {
			return "", ""
		}
		return "", "Please choose one of the answers."
	}
	if !slices.ContainsFunc(f.Options, func(o policy.Option) bool { return o.Value == value }) {
		return "", "Please choose one of the answers offered."
	}
	return value, ""
}

// referenceControl is the control of a field for what people quote of an
// account or a ticket. It is no personal data: random letters that mean nothing
// to anybody but us.
const referenceControl = "reference"

func readReference(f policy.Field, value string) (string, string) {
	if strings.TrimSpace(value) == "" {
		if f.Optional {
			return "", ""
		}
		return "", wordsMissing
	}
	ref, ok := reference.Parse(strings.TrimSpace(value))
	if !ok {
		return "", wordsReference
	}
	return ref, ""
}

const hidden = "(what a person typed)"

// Format writes a placeholder, whatever the verb.
func (a Answer) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue returns a placeholder.
func (a Answer) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON returns a placeholder.
func (a Answer) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// Format writes a placeholder, whatever the verb.
func (a Answers) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue returns a placeholder.
func (a Answers) LogValue() slog.Value { return slog.StringValue(hidden) }
