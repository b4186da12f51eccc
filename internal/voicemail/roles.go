package voicemail

import (
	"errors"
	"slices"

	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// FormID is the form in which voicemail is set: an id that the program gives a
// meaning to, for every operator.
const FormID = "voicemail"

// systemActor is the id of the policy's actor that the program acts as.
const systemActor = "system"

// ErrUndeclared says that the policy declares no voicemail.
var ErrUndeclared = errors.New("voicemail: the policy declares none")

// Roles are the parts of a policy that play a part in voicemail.
type Roles struct {
	Form     policy.Form
	Answer   string // name of the field that says after how many seconds it answers, or "off"
	Mail     string // name of the field that says whether its person is told by e-mail; empty if it is not offered
	Purpose  string // for which all is kept
	Settings string // category of how it is set
	Message  string // category of what callers said
	Greeting string // category of people's own greetings
	Traffic  string // category of who called, as in the record of a call
}

// RolesOf finds them: the form voicemail, whose fields with options are the two
// settings, in their order; its purpose; and two categories without a written
// form that the purpose uses and the form's surfaces collect: of what others say
// (third-party), and of what its person does (given). ErrUndeclared, with what the
// policy lacks.
func RolesOf(c *policy.Compiled) (Roles, error) {
	calls, err := telecom.RolesOf(c)
	if err != nil {
		return Roles{}, errors.Join(ErrUndeclared, err)
	}
	p := c.Policy()
	form, ok := p.FormByID(FormID)
	if !ok || len(form.Surfaces) == 0 {
		return Roles{}, lacks("the form " + FormID)
	}
	r := Roles{Form: *form, Purpose: form.Purpose, Traffic: calls.Traffic}
	for _, f := range form.Fields {
		switch {
		case len(f.Options) == 0 || f.Category == "":
		case r.Answer == "":
			r.Answer, r.Settings = f.Name, f.Category
		case r.Mail == "":
			r.Mail = f.Name
		}
	}
	purpose, _ := c.Purpose(r.Purpose)
	traffic, _ := c.Category(r.Traffic)
	if _, used := c.UseOf(traffic, purpose); !used {
		return Roles{}, lacks("a purpose of the form " + FormID + " that uses what is kept of calls")
	}
	for _, k := range p.Categories {
		i, _ := c.Category(k.ID)
		_, used := c.UseOf(i, purpose)
		here := !slices.ContainsFunc(form.Surfaces, func(s string) bool { return !slices.Contains(k.Surfaces, s) })
		if !used || !here || k.NotHeld || k.Format != "none" {
			continue
		}
		switch {
		case k.Source == "third-party" && r.Message == "":
			r.Message = k.ID
		case k.Source == "given" && r.Greeting == "":
			r.Greeting = k.ID
		}
	}
	if r.Answer == "" || r.Message == "" || r.Greeting == "" {
		return Roles{}, lacks("a field with options in the form " + FormID + ", or the categories of messages and of greetings")
	}
	return r, nil
}

func lacks(what string) error {
	return errors.Join(ErrUndeclared, errors.New("voicemail: the policy lacks "+what))
}

// own is the access of people to what is theirs, by the software.
func (r Roles) own() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: r.Purpose, Surface: r.Form.Surfaces[0], Own: true}
}
