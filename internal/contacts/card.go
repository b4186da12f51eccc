package contacts

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"

	"candour/internal/mail"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Limits of an address book.
const (
	MaxContacts = 1000 // of a person; a book of paper has fewer
	MaxNumber   = 32   // characters, as typed
	MaxNote     = 1000 // characters
	maxUID      = 200  // octets of a vCard's UID; a longer one is replaced
)

// Card is one contact. It holds personal data, of somebody else, and prints as a
// fixed word.
type Card struct {
	ID      vault.RecordID // 0 while it is not kept
	UID     string         // by which address books know it again (RFC 6350 section 6.7.6)
	Name    string
	Number  string
	Mobile  string
	Work    string
	Home    string
	Email   string
	Company string
	Note    string
}

// Format writes a fixed word, whatever the verb.
func (Card) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(contact)") }

// LogValue keeps the contact out of structured logs.
func (Card) LogValue() slog.Value { return slog.StringValue("(contact)") }

// Place is what a number of a contact is: where it rings.
type Place struct{ Field, Label, Type string }

// places are where a contact's numbers ring, in the order of the form, each with
// its type in a vCard (RFC 6350 section 6.4.1).
var places = []Place{
	{fieldNumber, "Number or extension", "voice"}, {fieldMobile, "Mobile", "cell"}, {fieldWork, "Work", "work"}, {fieldHome, "Home", "home"},
}

// slot is the number of a card at a place.
func (c *Card) slot(field string) *string {
	switch field {
	case fieldMobile:
		return &c.Mobile
	case fieldWork:
		return &c.Work
	case fieldHome:
		return &c.Home
	}
	return &c.Number
}

// Number is one number of a contact.
type Number struct{ Label, Value string }

// Numbers are those that the contact has, in the order of the form.
func (c Card) Numbers() (list []Number) {
	for _, p := range places {
		if v := *c.slot(p.Field); v != "" {
			list = append(list, Number{p.Label, v})
		}
	}
	return list
}

// Values are the card as its form takes it.
func (c Card) Values() url.Values {
	v := url.Values{}
	for field, value := range map[string]string{
		fieldName: c.Name, fieldNumber: c.Number, fieldMobile: c.Mobile, fieldWork: c.Work, fieldHome: c.Home,
		fieldEmail: c.Email, fieldCompany: c.Company, fieldNote: c.Note,
	} {
		if value != "" {
			v.Set(field, value)
		}
	}
	return v
}

// Read checks the values of the form. The error, if any, is intake.FieldErrors
// and names every field at fault.
func Read(c *policy.Compiled, values url.Values) (Card, error) {
	roles, err := RolesOf(c)
	if err != nil {
		return Card{}, err
	}
	answers, err := intake.Read(c.Policy(), roles.Form, values)
	var faults intake.FieldErrors
	if err != nil && !errors.As(err, &faults) {
		return Card{}, err
	}
	card := Card{
		Name: answers.Value(fieldName), Number: answers.Value(fieldNumber), Mobile: answers.Value(fieldMobile), Work: answers.Value(fieldWork),
		Home: answers.Value(fieldHome), Email: answers.Value(fieldEmail), Company: answers.Value(fieldCompany), Note: answers.Value(fieldNote),
	}
	fault := func(field, words string) {
		if f, ok := roles.Form.FieldNamed(field); ok && words != "" && faults.Of(field) == "" {
			faults = append(faults, intake.FieldError{Field: field, Label: f.Label, Message: words})
		}
	}
	for _, p := range places {
		fault(p.Field, numberFault(*card.slot(p.Field)))
	}
	if card.Email != "" {
		if _, err := mail.ParseAddress(card.Email); err != nil {
			fault(fieldEmail, err.Error())
		}
	}
	if utf8.RuneCountInString(card.Note) > MaxNote {
		fault(fieldNote, "This is too long. Please shorten it.")
	}
	if len(faults) > 0 {
		at := func(f intake.FieldError) int {
			return slices.IndexFunc(roles.Form.Fields, func(x policy.Field) bool { return x.Name == f.Field })
		}
		slices.SortStableFunc(faults, func(a, b intake.FieldError) int { return at(a) - at(b) })
		return Card{}, faults
	}
	return card, nil
}

// numberFault says what is wrong with a number that somebody wrote down; empty
// for nothing. One that we could not connect is theirs to keep.
func numberFault(s string) string {
	if s == "" {
		return ""
	}
	_, err := telecom.Canonical(s)
	var r *telecom.Refusal
	if utf8.RuneCountInString(s) > MaxNumber || errors.As(err, &r) && (r.Code == telecom.Unreadable || r.Code == telecom.Empty) {
		return "Please give a number in digits, such as 1002, 01632 960123 or +44 1632 960123."
	}
	return ""
}

// canonical is a number as two are compared; empty for none.
func canonical(s string) string {
	n, _ := telecom.Canonical(s) // digits, also where we could not connect them
	return n
}

var fold = cases.Fold()

// folded is text as two are compared, whatever the case.
func folded(s string) string { return fold.String(strings.Join(strings.Fields(s), " ")) }
