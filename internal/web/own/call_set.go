package own

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// callSent reads a form of the page and acts on it: form is what of the declared
// form was shown, name what the page knows it as, place where on the page it
// stands.
func (h *site) callSent(w http.ResponseWriter, r *http.Request, me *identity.Session, form policy.Form, name, place string, act func(telecom.Line, intake.Answers) error) error {
	line, err := h.lineOf(r, me)
	if err != nil {
		return err
	}
	if line.Extension == "" {
		return web.ErrNotFound
	}
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	var answers intake.Answers
	if _, err = h.Sent(r, &form, values); err == nil {
		answers, err = intake.Read(web.VisitOf(r).Policy(), form, values)
	}
	if err == nil {
		err = act(line, answers)
	}
	if errors.Is(err, telecom.ErrNoLine) || errors.Is(err, telecom.ErrSetting) {
		return web.ErrNotFound
	}
	err = settingWords(form, err)
	var fields intake.FieldErrors
	if errors.As(err, &fields) || web.IsFormRefusal(err) {
		t := sent{form: name, values: values, wrong: fields}
		t.status, t.refusal = h.Words(err)
		return h.callSettingsShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, SettingsPath+"#"+place, http.StatusSeeOther)
	return nil
}

// settingFaults are the words for what a line cannot be set to, and the field
// that is at fault.
var settingFaults = []struct {
	err          error
	field, words string
}{
	{telecom.ErrLoop, telecom.ToField, "Your calls would come back to you: that is your own line, or it forwards to you."},
	{telecom.ErrStopped, telecom.ToField, "The person there has asked that no calls from your line are forwarded to them."},
	{telecom.ErrEmergencyForward, telecom.ToField, "Calls cannot be forwarded to an emergency service."},
	{telecom.ErrBlocked, telecom.CallerField, "That caller is on your list already."},
	{telecom.ErrManyBlocks, telecom.CallerField, "Your list is full. Take somebody off it first."},
	{telecom.ErrPostcode, "postcode", "That is not a postcode of the United Kingdom. It is at the end of your address."},
	{telecom.ErrAddress, "house", "Please give the house, the street and the town."},
}

// settingWords turns a refusal into words beside its field.
func settingWords(form policy.Form, err error) error {
	wrong := func(name, words string) error {
		f, ok := form.FieldNamed(name)
		if !ok {
			return err
		}
		return intake.FieldErrors{{Field: f.Name, Label: f.Label, Message: words}}
	}
	var refusal *telecom.Refusal
	if errors.As(err, &refusal) {
		field := telecom.ToField
		if form.ID == telecom.BlockFormID {
			field = telecom.CallerField
		}
		words := refusal.Words()
		switch refusal.Code {
		case telecom.Self:
			words = "That is your own line."
		case telecom.NoWayOut:
			words = "Calls cannot go to outside numbers yet, only to extensions."
		case telecom.Empty, telecom.Unreadable:
			words = "That is not an extension or a number. Use digits."
		}
		return wrong(field, words)
	}
	for _, fault := range settingFaults {
		if errors.Is(err, fault.err) {
			return wrong(fault.field, fault.words)
		}
	}
	return err
}

// callSet sets one thing of the line.
func (h *site) callSet(s lineSection) web.Member {
	return func(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
		roles, err := settingsRoles(r)
		if err != nil {
			return err
		}
		form := roles.Form
		form.Fields = nil
		for _, f := range roles.Form.Fields {
			if f.Name == s.field || f.Control != "" {
				form.Fields = append(form.Fields, f)
			}
		}
		return h.callSent(w, r, me, form, s.field, s.field, func(l telecom.Line, answers intake.Answers) error {
			return h.Store.Update(r.Context(), func(tx *store.Tx) error {
				return h.Phones.Set(r.Context(), tx, me.Access(roles.Purpose), l, s.field, answers.Value(s.field))
			})
		})
	}
}

// callForward forwards calls.
func (h *site) callForward(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := settingsRoles(r)
	if err != nil {
		return err
	}
	return h.callSent(w, r, me, roles.Forward, telecom.ForwardFormID, "forwarding", func(l telecom.Line, answers intake.Answers) error {
		seconds, _ := strconv.Atoi(answers.Value(telecom.AfterField)) // one of the options, or none
		return h.Phones.SetForward(r.Context(), me.Access(roles.Purpose), l, telecom.Way(answers.Value(telecom.WhenField)), answers.Value(telecom.ToField), time.Duration(seconds)*time.Second)
	})
}

// callBlock blocks a caller.
func (h *site) callBlock(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := settingsRoles(r)
	if err != nil {
		return err
	}
	return h.callSent(w, r, me, roles.Block, telecom.BlockFormID, "blocked", func(l telecom.Line, answers intake.Answers) error {
		return h.Phones.Block(r.Context(), me.Access(roles.Purpose), l, answers.Value(telecom.CallerField))
	})
}

// addressRoles are those of the policy in force; not found if it declares none.
func addressRoles(r *http.Request) (telecom.FormRoles, error) {
	return rolesHere(r, telecom.AddressRolesOf, func(x *telecom.FormRoles) *policy.Form { return &x.Form })
}

// callAddress notes where the line is.
func (h *site) callAddress(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := addressRoles(r)
	if err != nil {
		return err
	}
	return h.callSent(w, r, me, roles.Form, telecom.AddressFormID, "emergency", func(l telecom.Line, answers intake.Answers) error {
		where := telecom.Address{
			Unit: answers.Value("unit"), House: answers.Value("house"), Street: answers.Value("street"), Town: answers.Value("town"), Postcode: answers.Value("postcode"),
		}
		return h.Store.Update(r.Context(), func(tx *store.Tx) error {
			return h.Phones.SetAddress(r.Context(), tx, me.Access(roles.Purpose), l, where)
		})
	})
}

// callAddressRead notes that the warning was read.
func (h *site) callAddressRead(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := addressRoles(r)
	if err != nil {
		return err
	}
	return h.lineButton(w, r, me, "emergency", func(l telecom.Line) error {
		return h.Store.Update(r.Context(), func(tx *store.Tx) error {
			return h.Phones.Warned(r.Context(), tx, me.Access(roles.Purpose), l)
		})
	})
}

// settingsButton is a button of the page that needs no more than which: the part
// of its path with that name.
func (h *site) settingsButton(name string, act func(context.Context, *store.Tx, vault.Access, telecom.Line, int64) error, place string) web.Member {
	return func(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
		roles, err := settingsRoles(r)
		if err != nil {
			return err
		}
		id, ok := web.ID(r.PathValue(name))
		if !ok {
			return web.ErrNotFound
		}
		return h.lineButton(w, r, me, place, func(l telecom.Line) error {
			return h.Store.Update(r.Context(), func(tx *store.Tx) error { return act(r.Context(), tx, me.Access(roles.Purpose), l, id) })
		})
	}
}

func (h *site) lineButton(w http.ResponseWriter, r *http.Request, me *identity.Session, place string, act func(telecom.Line) error) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	line, err := h.lineOf(r, me)
	if err != nil {
		return err
	}
	if line.Extension == "" {
		return web.ErrNotFound
	}
	err = act(line)
	if errors.Is(err, telecom.ErrNotFound) || errors.Is(err, telecom.ErrNoLine) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, SettingsPath+"#"+place, http.StatusSeeOther)
	return nil
}
