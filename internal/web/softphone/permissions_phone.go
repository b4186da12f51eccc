package softphone

import (
	"slices"

	"candour/internal/consent/people"
	"candour/internal/web"
)

// PhoneStateID is the permission to see whether a call is going on, and how the
// number and the network are: an id that the program gives a meaning to, for every
// operator. No browser asks for it, and none tells of calls of a mobile network:
// what the app sees are the calls of one's own line, and what a browser says of
// the network.
const PhoneStateID = "phone"

// phoneState is how the page names it to its scripts.
const phoneState = "phone"

// phoneAsk is where it is asked for, and what happens with it.
var phoneAsk = asked{
	"", web.Link{Label: "This device", Href: devicePath},
	"The app asks you on the page about this device. No browser lets a page see the calls of a mobile network, or the number of its card: what the app can see are the calls of your own line on your other phones, and what your browser says of the network.",
	"While you are in a call on another phone of yours, this app rings softly. What your browser says of the network is shown to you on the page about this device, and stays there.",
}

// phoneStopped is what is said where it was refused or taken back. Most of it is no
// switch of a browser, so it is stopped here.
const phoneStopped = "Stopped, as no browser has a switch for it: the app does not look at calls on your other phones, colleagues are not shown whether you are in a call, and no notes are kept of how calls sounded or how the network was."

// presenceStopped is what is said of what depends on it.
const presenceStopped = "Nobody sees it now: you said no to the app seeing your calls, which stands above as a permission of its own."

// isPhoneState finds the permission among others.
func isPhoneState(s people.PermissionState) bool { return s.Permission.ID == PhoneStateID }

// stopped reports whether a person said no to a permission, or took their yes
// back. Who was not asked is not among them.
func stopped(s people.PermissionState) bool {
	return s.Answer == people.PermissionRefused || s.Answer == people.PermissionRevoked
}

// PhoneStateStopped reports whether a person does not want the state of their
// phone to be seen: their app then keeps nothing of it either.
func PhoneStateStopped(states []people.PermissionState) bool {
	return slices.ContainsFunc(states, func(s people.PermissionState) bool { return isPhoneState(s) && stopped(s) })
}

// SeenByColleagues reports whether a person lets the people of their firm see
// whether they are in a call. A no to the state of the phone is a no to that too.
func SeenByColleagues(states []people.PermissionState) bool {
	return !PhoneStateStopped(states) && slices.ContainsFunc(states, func(s people.PermissionState) bool { return s.Permission.ID == PresenceID && s.Granted() })
}

// phoneStateView says how it stands, and has the buttons for both answers: also
// who was not asked can say no, to what else follows the line by itself.
func (v *PermissionView) phoneStateView(s people.PermissionState) {
	v.askedAt(s, &phoneAsk)
	if !s.Granted() {
		v.Grant = answerPath(s, people.PermissionGranted)
	}
	switch {
	case stopped(s):
		v.Next, v.Link = phoneStopped, nil
	case s.Answer == "":
		v.Refuse = answerPath(s, people.PermissionRefused)
	}
}
