package telecom

import (
	"candour/internal/vault"
	"candour/policy"
)

// The forms in which a line is set up: ids that the program gives a meaning to,
// for every operator.
const (
	SettingsFormID = "call-settings"
	ForwardFormID  = "call-forward"
	BlockFormID    = "call-block"
	ReportFormID   = "call-report"
	AddressFormID  = "emergency-address"
)

// Fields of those forms that the program gives a meaning to.
const (
	QuietField     = "quiet"
	NumberField    = "number"
	AnonymousField = "anonymous"
	BillField      = "bill"
	WhenField      = "when"
	ToField        = "to"
	AfterField     = "after"
	CallerField    = "caller"
	KindField      = "kind"
	HappenedField  = "message"
)

// SettingsRoles are the parts of a policy that play a part in what people set of
// their lines.
type SettingsRoles struct {
	Form     policy.Form // of the settings
	Forward  policy.Form
	Block    policy.Form
	Purpose  string // for which all of it is kept
	Settings string // category of the settings
	Onward   string // category of where calls go on to
	Blocked  string // category of callers that are blocked
}

// SettingsRolesOf finds them: the forms call-settings, call-forward and
// call-block, of one purpose, and the category of the first field of each that
// has one. The error says what the policy lacks, and is the refusal Undeclared:
// of such an operator, every line is as it was given.
func SettingsRolesOf(c *policy.Compiled) (SettingsRoles, error) {
	var r SettingsRoles
	for _, want := range []struct {
		id       string
		form     *policy.Form
		category *string
	}{{SettingsFormID, &r.Form, &r.Settings}, {ForwardFormID, &r.Forward, &r.Onward}, {BlockFormID, &r.Block, &r.Blocked}} {
		form, category, err := formOf(c, want.id)
		if err != nil {
			return SettingsRoles{}, err
		}
		*want.form, *want.category = form, category
		if r.Purpose != "" && form.Purpose != r.Purpose {
			return SettingsRoles{}, lacks("one purpose for the forms " + SettingsFormID + " and " + want.id)
		}
		r.Purpose = form.Purpose
	}
	return r, nil
}

// formOf is a form with the category of its first field that has one.
func formOf(c *policy.Compiled, id string) (policy.Form, string, error) {
	form, ok := c.Policy().FormByID(id)
	if !ok || len(form.Surfaces) == 0 {
		return policy.Form{}, "", lacks("the form " + id)
	}
	for _, f := range form.Fields {
		if f.Category != "" {
			return *form, f.Category, nil
		}
	}
	return policy.Form{}, "", lacks("a field with a category in the form " + id)
}

// own is the access of people to what they set, by the software.
func (r SettingsRoles) own() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: r.Purpose, Surface: r.Form.Surfaces[0], Own: true}
}

// FormRoles are the parts of a policy that play a part in a form whose fields
// are of one category.
type FormRoles struct {
	Form     policy.Form
	Purpose  string
	Category string
}

// AddressRolesOf finds those of the form emergency-address; the error is the
// refusal Undeclared, as SettingsRolesOf has it.
func AddressRolesOf(c *policy.Compiled) (FormRoles, error) { return formRoles(c, AddressFormID) }

// ReportRolesOf finds those of the form call-report.
func ReportRolesOf(c *policy.Compiled) (FormRoles, error) { return formRoles(c, ReportFormID) }

func formRoles(c *policy.Compiled, id string) (FormRoles, error) {
	form, category, err := formOf(c, id)
	return FormRoles{form, form.Purpose, category}, err
}

func (r FormRoles) own() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: r.Purpose, Surface: r.Form.Surfaces[0], Own: true}
}
