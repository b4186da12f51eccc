package softphone

import (
	"slices"

	"candour/internal/consent/people"
	"candour/internal/web"
	"candour/policy"
)

// asked is where the app asks for what a form takes, in words, and what happens
// with it then.
type asked struct {
	form        string
	link        web.Link
	next, given string
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
		"The app asks you in a conversation, when you want to share where you are.", "Used once for each press. If you take it back, every place that you share now is erased for both sides.",
	},
}

// asksWhere finds where the app asks for a permission on a page of its own; nil
// for nowhere.
func asksWhere(p *policy.Policy, q *policy.Permission) *asked {
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
	if s.Granted() {
		v.Next = a.given
	}
}
