package softphone

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
)

// latest is how many calls stand beside the phone.
const latest = 6

// numberID is the id of the field that the phone reads.
const numberID = "dial-number"

// keypad are the keys of a phone (ITU-T E.161).
var keypad = []Key{
	{"1", "", ""}, {"2", "ABC", ""}, {"3", "DEF", ""}, {"4", "GHI", ""}, {"5", "JKL", ""}, {"6", "MNO", ""},
	{"7", "PQRS", ""}, {"8", "TUV", ""}, {"9", "WXYZ", ""}, {"*", "", "star"}, {"0", "", ""}, {"#", "", "hash"},
}

// phone shows the phone to whoever is signed in, and to everybody else what it
// is.
func (h *site) phone(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	me := v.Person
	if me == nil || me.Level != identity.Whole {
		return h.first.Page(w, r)
	}
	page := Phone{
		Base: h.Base(r, "Phone", ""), Keys: keypad, More: callsPath, Session: sessionPath, Flow: flowPath,
		Script: h.Asset("phone.js"), Style: h.Asset("phone.css"),
	}
	line, err := h.line(r, me)
	switch {
	case err == nil:
		page.Name, page.Extension = line.Name, line.Extension
		if page.Colleagues, err = h.colleagues(r, line); err != nil {
			return err
		}
	case errors.Is(err, telecom.ErrNoLine):
		if page.Name, err = h.name(r, me); err != nil {
			return err
		}
	default:
		return err
	}
	if err := h.dialField(w, r, &page); err != nil {
		return err
	}
	var entries []telecom.Entry
	var states []people.PermissionState
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if entries, err = h.Phones.Calls(r.Context(), tx, me.Account.Subject, 0, latest); err != nil {
			return err
		}
		if page.Voicemail, err = h.waiting(r, tx, line); err != nil {
			return err
		}
		states, err = h.Choices.Permissions(r.Context(), tx, me.Account.Subject, me.Account.Role.Actor(), me.Surface)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range entries {
		page.Calls = append(page.Calls, callView(e, v.Now))
	}
	if page.Extension != "" {
		page.Asks = asks(states)
		h.Ask(w, r, devices...)
	}
	h.Render(w, r, http.StatusOK, "phone", page)
	return nil
}

func (h *site) colleagues(r *http.Request, line telecom.Line) (list []Colleague, err error) {
	lines, err := h.Phones.Colleagues(r.Context(), line)
	for _, l := range lines {
		list = append(list, Colleague{Extension: l.Extension, Name: l.Name})
	}
	return list, err
}

// line is that of whoever is signed in; telecom.ErrNoLine if they have none.
func (h *site) line(r *http.Request, me *identity.Session) (telecom.Line, error) {
	line, err := h.Phones.LineOf(r.Context(), me.Account.ID)
	if errors.Is(err, &telecom.Refusal{Code: telecom.Undeclared}) {
		return line, telecom.ErrNoLine
	}
	return line, err
}

func (h *site) name(r *http.Request, me *identity.Session) (string, error) {
	name, err := h.Deps.Accounts.Name(r.Context(), me.Account)
	if errors.Is(err, identity.ErrNotFound) {
		return "", nil
	}
	return name, err
}

// dialField fills in the form of the page, with its one field, from the
// declaration.
func (h *site) dialField(w http.ResponseWriter, r *http.Request, page *Phone) error {
	roles, err := telecom.RolesOf(web.VisitOf(r).Version.Compiled)
	if err != nil {
		return web.ErrNotFound
	}
	form, err := h.Form(w, r, roles.Form.ID, "Call", nil, nil, nil)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(form.Fields, func(f web.Field) bool { return f.Name == roles.Field })
	if i < 0 {
		return web.ErrNotFound
	}
	page.Form, page.Number = form, form.Fields[i]
	page.Number.Describes = strings.ReplaceAll(page.Number.Describes, page.Number.ID, numberID)
	page.Number.ID = numberID
	return nil
}

// asks are the panels that are shown before a device is asked for.
func asks(states []people.PermissionState) (list []Ask) {
	for _, device := range devices {
		i := slices.IndexFunc(states, func(s people.PermissionState) bool { return slices.Contains(s.Permission.Features, device) })
		if i < 0 {
			continue // not declared: the app does without
		}
		s := states[i]
		list = append(list, Ask{
			Device: device, Words: s.Words, Needed: s.Permission.Required != optional, Given: s.Granted(),
			Grant: answerPath(s, people.PermissionGranted), Refuse: answerPath(s, people.PermissionRefused),
		})
	}
	return list
}
