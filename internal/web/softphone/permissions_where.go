package softphone

import (
	"slices"

	"candour/internal/consent/people"
	"candour/internal/web"
	"candour/policy"
)

// asked is where the app asks for a permission on a page of its own, in words, and
// what happens with it then.
type asked struct {
	form  string // whose data it opens; empty for what no form takes
	link  web.Link
	next  string
	given string // once it was granted; empty for the same
}

// askedBy are the forms whose data a permission opens.
var askedBy = []asked{
	{
		"contact-card", web.Link{Label: "Contacts", Href: contactsPath},
		"The app asks you on the page of your contacts, before the first is kept.", "Your contacts are kept for you alone. If you take it back, they are all erased at once.",
	},
	{
		fileForm, web.Link{Label: "Messages", Href: chatPath},
		"The app asks you in a conversation, when you want to send a photo or a file.", "Your browser still shows you each file before it is read, and reads only the one you choose.",
	},
	{
		placeForm, web.Link{Label: "Messages", Href: chatPath},
		"The app asks you in a conversation, when you want to share where you are, and in a call to 999 or 112.", "Used once for each press, and once in a call to 999 or 112. If you take it back, every place that you share now is erased for both sides.",
	},
}

// wakeAsk and headsetAsk are of the device that the phone runs on.
var (
	wakeAsk = asked{
		"", web.Link{Label: "This device", Href: devicePath},
		"A browser in which you turn it on is woken when somebody calls you and the phone is closed. Whose call it is stays with us until you open the phone.", "",
	}
	headsetAsk = asked{
		"", web.Link{Label: "This device", Href: devicePath},
		"Your browser lets you pick one headset. Its buttons answer, mute and end calls while the phone is open.", "",
	}
)

// asksWhere finds where the app asks for a permission on a page of its own; nil
// for nowhere.
func (h *site) asksWhere(p *policy.Policy, q *policy.Permission) *asked {
	if roles, wakes := h.wakes(); wakes && q.ID == roles.Permission {
		return &wakeAsk
	}
	if slices.Contains(q.Features, headsetFeature) {
		return &headsetAsk
	}
	for i, a := range askedBy {
		f, ok := p.FormByID(a.form)
		if ok && slices.ContainsFunc(f.Fields, func(x policy.Field) bool { return x.Category != "" && slices.Contains(q.Categories, x.Category) }) {
			return &askedBy[i]
		}
	}
	return nil
}

// askedAt says of a permission that it is asked for on a page of its own.
func (v *PermissionView) askedAt(s people.PermissionState, a *asked) {
	v.State, v.Next, v.Link = answerWords[s.Answer], a.next, &a.link
	if s.Granted() && a.given != "" {
		v.Next = a.given
	}
}
