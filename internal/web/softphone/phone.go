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
	"candour/internal/web/own"
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
		News: newsPath, Script: h.Asset("phone.js"), Style: h.Asset("phone.css"), Manifest: manifestPath, Worker: workerPath,
	}
	if _, ok := h.wakes(); ok {
		page.Wake, page.Key = wakePath, h.Push.PublicKey()
	}
	page.Help = h.Phones.Rescues()
	line, err := h.line(r, me)
	switch {
	case err == nil:
		page.Name, page.Extension = line.Name, line.Extension
		found, err := h.colleagues(r, me)
		if err != nil {
			return err
		}
		for _, c := range found {
			page.Colleagues = append(page.Colleagues, Colleague{Extension: c.Extension, Name: c.Name})
		}
	case errors.Is(err, telecom.ErrNoLine):
		if page.Name, err = h.name(r, me); err != nil {
			return err
		}
	default:
		return err
	}
	if err := h.lineState(r, line, &page); err != nil {
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
		if line.Extension != "" {
			if page.Missed, err = h.Phones.Missed(r.Context(), tx, me.Account.Subject); err != nil {
				return err
			}
		}
		states, err = h.Choices.Permissions(r.Context(), tx, me.Account.Subject, me.Account.Role.Actor(), me.Surface)
		return err
	})
	if err != nil {
		return err
	}
	if page.Urgent, err = own.Urgent(r, h.Deps.Deps, me); err != nil {
		return err
	}
	for _, e := range entries {
		page.Calls = append(page.Calls, callView(e, v.Now))
	}
	if err := h.nameCalls(r, me, entries, page.Calls); err != nil {
		return err
	}
	if err := h.beside(r, me, &page); err != nil {
		return err
	}
	if err := h.recordable(r, me, &page); err != nil {
		return err
	}
	if page.Extension != "" {
		page.Asks = asks(states)
		features := append([]string{speakerFeature, headsetFeature}, devices...)
		if page.Rescue, err = h.rescue(r, line, states); err != nil {
			return err
		}
		if page.Rescue != nil && page.Rescue.Ask != nil {
			features = append(features, placeFeature)
		}
		h.Ask(w, r, features...)
	}
	h.Render(w, r, http.StatusOK, "phone", page)
	return nil
}

// lineState tells what of a line's settings its person should know before they
// call.
func (h *site) lineState(r *http.Request, line telecom.Line, page *Phone) error {
	compiled := web.VisitOf(r).Version.Compiled
	if _, err := telecom.SettingsRolesOf(compiled); err != nil || page.Extension == "" {
		return nil
	}
	page.Settings = own.SettingsPath
	return h.Store.View(r.Context(), func(tx *store.Tx) error {
		s, err := h.Phones.Settings(r.Context(), tx, line)
		if err != nil {
			return err
		}
		page.Quiet, _ = s.Quiet(web.VisitOf(r).Now)
		if _, err := telecom.AddressRolesOf(compiled); err != nil {
			return nil
		}
		where, known, err := h.Phones.AddressOf(r.Context(), tx, line)
		page.Unplaced = page.Help && (!known || where.Warned.IsZero())
		return err
	})
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
	page.Number.Value = linked(r)
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

// beside adds what stands beside the phone of contacts and messages.
func (h *site) beside(r *http.Request, me *identity.Session, page *Phone) error {
	if _, err := h.bookRoles(r, me); err == nil {
		page.Names = namesPath
	}
	if _, err := h.chatRoles(r, me); err != nil {
		return nil
	}
	page.Messages = chatPath
	return h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		page.New, err = h.Chat.Unread(r.Context(), tx, me.Account.Subject)
		return err
	})
}
