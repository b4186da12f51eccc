package softphone_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candour/internal/consent/people"
	"candour/internal/web/softphone"
	"candour/policy"
)

// R10, R11: the state of the phone is asked for on the page about the device, and
// can be refused before anything asked. A no, and a yes that was taken back, stop
// what follows the line by itself, and the pages say so.
func TestPhoneState(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	if s := ann.session(t); len(s.Stopped) > 0 || slices.Contains(s.Granted, "phone") {
		t.Error("before anything was said:", s)
	}
	page := ann.get("/permissions").Text
	grant := html.UnescapeString(regexp.MustCompile(`/permissions/phone/granted\?shown=[0-9a-f]+`).FindString(page))
	if grant == "" || !strings.Contains(page, `action="/permissions/phone/refused"`) || !strings.Contains(page, "No browser lets a page see the calls of a mobile network") {
		t.Fatal("the page of permissions:", page)
	}
	if strings.Contains(page, "Declared, and not used yet") {
		t.Error("something is declared that nothing uses")
	}
	device := ann.get("/this-device").Text
	if !strings.Contains(device, "So that the app does not ring over a call you have on another phone") || strings.Contains(device, `data-ask="phone" data-granted="yes"`) {
		t.Error("the page about the device")
	}
	presence := html.UnescapeString(regexp.MustCompile(`/permissions/presence/granted\?shown=[0-9a-f]+`).FindString(page))
	if a := ann.press(presence); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	for _, step := range []struct {
		path, answer, words     string
		granted, stopped, notes bool
	}{
		{"/permissions/phone/refused", "You said no", "no browser has a switch for it", false, true, false},
		{grant, "You allowed it", "rings softly", true, false, true},
		{"/permissions/phone/revoked", "You took it back", "no notes are kept", false, true, false},
		{grant, "You allowed it", "stays there", true, false, true},
	} {
		if a := ann.press(step.path); a.StatusCode != http.StatusSeeOther {
			t.Fatal(step.path, a.StatusCode)
		}
		s, page := ann.session(t), ann.get("/permissions").Text
		if slices.Contains(s.Granted, "phone") != step.granted || slices.Contains(s.Stopped, "phone") != step.stopped {
			t.Error(step.path, s)
		}
		if !strings.Contains(page, step.answer) || !strings.Contains(page, step.words) {
			t.Errorf("%s: the page does not say %q and %q", step.path, step.answer, step.words)
		}
		if strings.Contains(page, "Nobody sees it now") != step.stopped || strings.Contains(page, "The people of your firm see whether") == step.stopped {
			t.Error(step.path, "what colleagues see")
		}
		if strings.Contains(ann.get("/quality").Text, `data-stopped="no"`) != step.notes {
			t.Error(step.path, "notes")
		}
	}
}

// A no to the state of the phone is a no to showing it to colleagues; who was not
// asked about it is shown if they let themselves be shown.
func TestSeenByColleagues(t *testing.T) {
	state := func(id string, a people.Answer) people.PermissionState {
		return people.PermissionState{Permission: &policy.Permission{ID: id}, Answer: a}
	}
	for _, tc := range []struct {
		presence, phone people.Answer
		seen            bool
	}{
		{"", "", false},
		{people.PermissionGranted, "", true},
		{people.PermissionGranted, people.PermissionGranted, true},
		{people.PermissionGranted, people.PermissionRefused, false},
		{people.PermissionGranted, people.PermissionRevoked, false},
		{people.PermissionRevoked, people.PermissionGranted, false},
		{people.PermissionRefused, "", false},
		{"", people.PermissionGranted, false},
	} {
		states := []people.PermissionState{state("camera", people.PermissionGranted), state(softphone.PresenceID, tc.presence), state(softphone.PhoneStateID, tc.phone)}
		if got := softphone.SeenByColleagues(states); got != tc.seen {
			t.Errorf("presence %q, phone %q: seen %v", tc.presence, tc.phone, got)
		}
	}
	if softphone.SeenByColleagues(nil) {
		t.Error("seen under a policy that declares neither")
	}
}
