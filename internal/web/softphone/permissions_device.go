package softphone

import (
	"slices"

	"candour/internal/consent/people"
	"candour/internal/web"
)

// onDevice reports whether a permission is asked for on the page about the
// device, and says there what happens with it.
func (h *site) onDevice(s people.PermissionState, view *PermissionView) bool {
	roles, wakes := h.wakes()
	switch {
	case wakes && s.Permission.ID == roles.Permission:
		view.Next = "A browser in which you turn it on is woken when somebody calls you and the phone is closed. Whose call it is stays with us until you open the phone."
	case slices.Contains(s.Permission.Features, headsetFeature):
		view.Next = "Your browser lets you pick one headset. Its buttons answer, mute and end calls while the phone is open."
	default:
		return false
	}
	view.State = answerWords[s.Answer]
	view.Link = &web.Link{Label: "This device", Href: devicePath}
	return true
}
