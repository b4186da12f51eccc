package softphone

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/push"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web"
)

// Paths about the device that the phone runs on.
const (
	devicePath = "/this-device"
	wakePath   = "/wake"
	checkPath  = "/check"
)

// Features beyond those of a call, as browsers call them.
const (
	speakerFeature = "speaker-selection"
	headsetFeature = "hid"
)

// ThisDevice is the page "this_device": how the phone sits on the device.
type ThisDevice struct {
	web.Base
	Script, Style string
	Dial          string // address of links for telephones, without the number
	Session       string
	Asks          []Ask
	Wake          string // where a browser says that it is to be woken; empty where nobody is
	Key           string // what it is told of us for that
	Woken         int    // browsers of this person that are woken
	Service       string // who brings the message, in words
	Headset       bool
	Phone         bool   // the policy declares that the app sees the state of the phone
	Check         string // where the test of the connection is asked for; empty where there is none
	Line          bool   // they have a number to make calls with
}

// thisDevice shows the page. Everything on it that is chosen stays on the device,
// but where its browser is woken.
func (h *site) thisDevice(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	page := ThisDevice{
		Base: h.Base(r, "This device", ""), Script: h.Asset("device.js"), Style: h.Asset("phone.css"), Dial: dialPath + "?number=%s", Session: sessionPath,
	}
	_, err := h.line(r, me)
	if err != nil && !errors.Is(err, telecom.ErrNoLine) {
		return err
	}
	page.Line = err == nil
	var states []people.PermissionState
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if states, err = h.Choices.Permissions(r.Context(), tx, me.Account.Subject, me.Account.Role.Actor(), me.Surface); err != nil || h.Push == nil {
			return err
		}
		page.Woken, err = h.Push.Count(r.Context(), tx, me.Account.ID)
		return err
	})
	if err != nil {
		return err
	}
	page.Asks = asks(states)
	if h.Loop != nil && page.Line {
		page.Check = checkPath
	}
	asked := []string{"microphone", "camera", speakerFeature}
	if roles, ok := h.wakes(); ok && page.Line {
		page.Wake, page.Key = wakePath, h.Push.PublicKey()
		if x, ok := web.VisitOf(r).Policy().RecipientByID(roles.Recipient); ok {
			page.Service = x.Name
		}
		page.Asks = append(page.Asks, askFor(states, "notifications", func(s people.PermissionState) bool { return s.Permission.ID == roles.Permission })...)
	}
	if state := askFor(states, phoneState, isPhoneState); page.Line && len(state) > 0 {
		page.Phone, page.Asks = true, append(page.Asks, state...)
	}
	headset := askFor(states, "headset", func(s people.PermissionState) bool { return slices.Contains(s.Permission.Features, headsetFeature) })
	if len(headset) > 0 {
		page.Headset, page.Asks, asked = true, append(page.Asks, headset...), append(asked, headsetFeature)
	}
	h.Ask(w, r, asked...)
	h.Render(w, r, http.StatusOK, "this_device", page)
	return nil
}

// askFor is the panel that is shown before the app asks for what a permission is
// about; none if it is not declared.
func askFor(states []people.PermissionState, device string, is func(people.PermissionState) bool) []Ask {
	i := slices.IndexFunc(states, is)
	if i < 0 {
		return nil
	}
	s := states[i]
	return []Ask{{
		Device: device, Words: s.Words, Needed: s.Permission.Required != optional, Given: s.Granted(),
		Grant: answerPath(s, people.PermissionGranted), Refuse: answerPath(s, people.PermissionRefused),
	}}
}

// wakes are the parts of the policy by which devices are woken; false where they
// are not.
func (h *site) wakes() (push.Roles, bool) {
	if h.Push == nil {
		return push.Roles{}, false
	}
	roles, err := h.Push.Roles()
	return roles, err == nil
}

// wake notes where a browser is woken (R10, R11). It is said by the app, in the
// moment in which its person turned it on, and not typed.
func (h *site) wake(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, ok := h.wakes(); !ok {
		return web.ErrNotFound
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/json" {
		return web.ErrType
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, push.MaxSubscription+1))
	if err != nil {
		return err
	}
	err = h.Push.Keep(r.Context(), me, text)
	switch {
	case errors.Is(err, vault.ErrNoConsent):
		return push.ErrSubscription
	case errors.Is(err, push.ErrUndeclared):
		return web.ErrNotFound
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// wakeEnd forgets where this browser is woken.
func (h *site) wakeEnd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, ok := h.wakes(); !ok {
		return web.ErrNotFound
	}
	if err := h.Push.Drop(r.Context(), me); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
