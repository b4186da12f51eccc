package own

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/web"
	"candour/policy"
)

// shownField of an address is the hash of the words that were shown.
const shownField = "shown"

// newsletterForm is the declared form whose purpose is the newsletter.
const newsletterForm = "newsletter"

// preferences shows every purpose and how it stands.
func (h *site) preferences(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if !declaredHere(r, people.FormID) {
		return web.ErrNotFound
	}
	who, err := h.who(r, me)
	if err != nil {
		return err
	}
	var list []people.Choice
	comes := false
	err = h.Choices.View(r.Context(), func(tx *store.Tx) error {
		if list, err = h.Choices.Choices(r.Context(), tx, who.Subject, who.Actor); err != nil {
			return err
		}
		comes, err = h.Newsletter.Comes(r.Context(), tx, who.Email)
		return err
	})
	if err != nil {
		return err
	}
	page := Preferences{Base: h.Base(r, "Your choices", "")}
	for _, c := range list {
		view, err := h.choice(w, r, c, comes)
		if err != nil {
			return err
		}
		page.add(c, view)
		for _, ch := range c.Channels {
			page.Services = page.Services || ch.ID != "email"
		}
	}
	for i := range page.Sections {
		page.Sections[i].Fold = !slices.ContainsFunc(page.Sections[i].Choices, ChoiceView.decidable)
	}
	page.Sections = slices.DeleteFunc(page.Sections, func(s Section) bool { return len(s.Choices) == 0 })
	page.Calls = h.callsPage(r)
	h.Render(w, r, http.StatusOK, "portal_preferences", page)
	return nil
}

// decidable reports whether something can be said about a purpose here.
func (c ChoiceView) decidable() bool { return c.Yes != "" || c.No != "" || c.Channels != nil }

// callsPage is the operator's own page about unwanted calls and post.
func (h *site) callsPage(r *http.Request) string {
	const path = "/unwanted-calls"
	for _, p := range h.Profile.Pages {
		if p.Path == path {
			return web.VisitOf(r).URL("", path)
		}
	}
	return ""
}

// sections are the groups of purposes, in the order of the page.
func sections() []Section {
	return []Section{
		{ID: "marketing", Title: "News and offers", Lead: "Only what you allow, in the ways you allow. Each e-mail has a link to stop it, which does the same as the button here."},
		{ID: "consent", Title: "Only with your yes", Lead: "We do none of these unless you say yes. You can take it back here at any time."},
		{ID: "objection", Title: "In use unless you object", Lead: "We do these because we or you have a fair interest in them. One press of a button and we stop."},
		{ID: "browsers", Title: "Decided in each browser", Lead: "Each browser decides about its cookies for itself. A no here holds in every browser in which you sign in; it gives none of them a yes."},
		{ID: "app", Title: "Asked in the app", Lead: "The app asks you in the moment in which it needs something. A yes can be taken back here."},
		{ID: "fixed", Title: "What cannot be refused here", Lead: "Your contract or a law needs these. Beside each is why."},
	}
}

// add puts a purpose into its section.
func (p *Preferences) add(c people.Choice, view ChoiceView) {
	if p.Sections == nil {
		p.Sections = sections()
	}
	id := "fixed"
	switch {
	case c.Purpose.Marketing != "":
		id = "marketing"
	case c.Place == people.InBrowser:
		id = "browsers"
	case c.Place == people.InApp:
		id = "app"
	case c.Kind == people.ByConsent:
		id = "consent"
	case c.Kind == people.ByObjection:
		id = "objection"
	}
	i := slices.IndexFunc(p.Sections, func(s Section) bool { return s.ID == id })
	p.Sections[i].Choices = append(p.Sections[i].Choices, view)
}

var stateWords = map[people.State]string{
	people.StateGiven: "You said yes", people.StateDeclined: "You said no", people.StateNotAsked: "Not asked so far, so we do not do it",
	people.StateWithdrawn: "You took your yes back", people.StateInUse: "In use unless you object", people.StateObjected: "You objected, so we do not do it",
	people.StateNeeded: "Needed",
}

// choice is the view of a purpose.
func (h *site) choice(w http.ResponseWriter, r *http.Request, c people.Choice, comes bool) (ChoiceView, error) {
	v := web.VisitOf(r)
	view := ChoiceView{
		ID: "choice-" + c.Purpose.ID, Title: c.Purpose.Title, Description: c.Purpose.Description, State: stateWords[c.State],
		Tag: "optional", Words: c.Words[2:], // title and description stand above them
	}
	if !c.Since.IsZero() {
		view.Since = "since " + day(c.Since) + ", under version " + strconv.Itoa(c.Policy)
		view.VersionURL = v.URL("", web.VersionPath(c.Policy))
	}
	if c.State == people.StateGiven || c.State == people.StateInUse || c.State == people.StateNeeded {
		view.Tag = "needed"
	}
	if f, ok := v.Policy().FormByID(newsletterForm); ok && f.Purpose == c.Purpose.ID && comes && c.State != people.StateGiven {
		view.Note = "It comes to your address all the same, by a sign-up on our website. The button ends that too."
		view.No, view.NoLabel = button(c, "no"), "Stop it"
	}
	if c.Kind == people.OnRequest {
		view.Link = &web.Link{Label: "Object in writing", Href: v.URL("", web.ContactPath)}
	}
	h.buttons(&view, c)
	if view.Widened = c.Widened; len(c.Widened) > 0 && len(c.Channels) < 2 {
		view.Open, view.Yes, view.YesLabel = true, button(c, "yes"), "Yes, also as it is now"
	}
	if len(c.Channels) < 2 || c.Kind != people.ByConsent {
		return view, nil
	}
	form, err := h.channels(w, r, c)
	view.Channels, view.Yes, view.Open = &form, "", true
	return view, err
}

// button is where a button of a purpose posts, with the words that were shown.
func button(c people.Choice, what string) string {
	hash := c.Words.Hash()
	return "/preferences/" + c.Purpose.ID + "/" + what + "?" + url.Values{shownField: {hex.EncodeToString(hash[:])}}.Encode()
}

// buttons gives a purpose its buttons: to withdraw is one press, as to give.
func (h *site) buttons(view *ChoiceView, c people.Choice) {
	no := func(label string) { view.No, view.NoLabel = button(c, "no"), label }
	yes := func(label string) { view.Yes, view.YesLabel = button(c, "yes"), label }
	refused := c.State == people.StateDeclined || c.State == people.StateWithdrawn || c.State == people.StateObjected
	switch {
	case c.Kind == people.ByObjection && refused:
		yes("Take my objection back")
	case c.Kind == people.ByObjection:
		no("Object")
	case c.Kind != people.ByConsent:
	case c.Place == people.InBrowser && refused:
		yes("Leave it to each browser")
	case c.Place == people.InBrowser:
		no("No, in all my browsers")
	case c.State == people.StateGiven:
		no("Take my yes back")
	case c.Place == people.InApp:
	default:
		view.Open = true
		yes("Yes, do this")
		if c.State == people.StateNotAsked && view.No == "" {
			no("No")
		}
	}
}

// channels is the form with a box for each way in which a purpose may come.
// Nothing is ticked that was not allowed.
func (h *site) channels(w http.ResponseWriter, r *http.Request, c people.Choice) (web.Form, error) {
	f, err := h.Form(w, r, people.FormID, "Save these ways", nil, nil, nil)
	if err != nil {
		return f, err
	}
	f.ID, f.Action, f.Purpose, f.Kept = f.ID+"-"+c.Purpose.ID, button(c, "channels"), "", ""
	declared, _ := web.VisitOf(r).Policy().FormByID(people.FormID)
	f.Fields = nil
	for _, ch := range c.Channels {
		x, ok := declared.FieldNamed(ch.ID)
		if !ok {
			continue // the form has no box for it: it cannot be allowed here
		}
		box := web.Field{ID: f.ID + "-" + x.Name, Name: x.Name, Label: x.Label, Type: "checkbox", Hint: x.Hint}
		if ch.Allow {
			box.Value = "yes"
		}
		if box.Hint != "" {
			box.Describes = box.ID + "-hint"
		}
		f.Fields = append(f.Fields, box)
	}
	return f, nil
}

// choiceYes takes a yes, choiceNo a no.
func (h *site) choiceYes(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	return h.decide(w, r, me, true, nil)
}

// choiceNo is described at choiceYes.
func (h *site) choiceNo(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	return h.decide(w, r, me, false, nil)
}

// choiceChannels takes the ways in which a purpose may come. None is a no.
func (h *site) choiceChannels(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	p := web.VisitOf(r).Policy()
	form, ok := p.FormByID(people.FormID)
	if !ok {
		return web.ErrNotFound
	}
	if _, err := h.Sent(r, form, values); err != nil {
		return err
	}
	q, ok := p.PurposeByID(r.PathValue("purpose"))
	if !ok {
		return web.ErrNotFound
	}
	var chosen []string
	for _, c := range q.Channels {
		if values.Get(c) != "" {
			chosen = append(chosen, c)
		}
	}
	return h.decide(w, r, me, len(chosen) > 0, chosen)
}

func (h *site) decide(w http.ResponseWriter, r *http.Request, me *identity.Session, yes bool, channels []string) error {
	if !declaredHere(r, people.FormID) {
		return web.ErrNotFound
	}
	who, err := h.who(r, me)
	if err != nil {
		return err
	}
	purpose := r.PathValue("purpose")
	err = h.Choices.Decide(r.Context(), people.Decision{
		Subject: who.Subject, Actor: who.Actor, Surface: who.Surface, Purpose: purpose, Yes: yes, Channels: channels, Shown: shown(r), Email: who.Email,
	})
	if err != nil {
		return err
	}
	to := "/preferences#choice-" + purpose
	if r.URL.Query().Get("back") == "/profile" {
		to = "/profile#about-you-title"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// shown is the hash of the words that a page showed; zeros for none.
func shown(r *http.Request) (hash [32]byte) {
	b, err := hex.DecodeString(r.URL.Query().Get(shownField))
	if err == nil && len(b) == len(hash) {
		copy(hash[:], b)
	}
	return hash
}

var codeWords = map[people.Code]string{
	people.Given: "You said yes", people.Declined: "You said no", people.Withdrawn: "You took your yes back",
	people.Objected: "You objected", people.Resumed: "You took your no back",
}

var wayWords = map[people.Way]string{
	people.ByPage: "on the page of your choices", people.WithRights: "on the page of your data", people.WithData: "with what you filled in", people.ByMail: "by a link in an e-mail",
	people.InTheApp: "in the app", people.ByOperator: "by our staff, for you",
}

// choiceHistory shows what was decided, and which notices were seen.
func (h *site) choiceHistory(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if !declaredHere(r, people.FormID) {
		return web.ErrNotFound
	}
	v := web.VisitOf(r)
	page := ChoiceHistory{Base: h.Base(r, "What you decided", "")}
	err := h.Choices.View(r.Context(), func(tx *store.Tx) error {
		past, err := h.Choices.History(r.Context(), tx, me.Account.Subject)
		if err != nil {
			return err
		}
		for _, x := range past {
			page.Past = append(page.Past, pastView(v, x))
		}
		seen, err := h.Choices.Notices(r.Context(), tx, me.Account.Subject)
		for _, n := range seen {
			how := "you said that you had seen it"
			if n.Code == people.FirstUse {
				how = "it was in force when you first used your account"
			}
			page.Notices = append(page.Notices, NoticeView{n.Policy, v.URL("", web.VersionPath(n.Policy)), moment(n.At), how, surfaces(v.Policy(), []string{n.Surface})})
		}
		return err
	})
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "portal_choices", page)
	return nil
}

func pastView(v *web.Visit, x people.Past) PastView {
	p := v.Policy()
	view := PastView{
		When: moment(x.At), Title: x.Purpose, What: codeWords[x.Code], Where: surfaces(p, []string{x.Surface}), How: wayWords[x.Way],
		Version: x.Policy, VersionURL: v.URL("", web.VersionPath(x.Policy)), Words: x.Words, Print: hex.EncodeToString(x.Wording[:8]),
	}
	if q, ok := p.PurposeByID(x.Purpose); ok {
		view.Title = q.Title
	}
	if len(x.Channels) > 0 {
		var by []string
		for _, c := range x.Channels {
			by = append(by, policy.ChannelWords(c))
		}
		view.What += ", by " + strings.Join(by, ", ")
	}
	return view
}

func day(t time.Time) string    { return t.In(policy.London).Format("2 January 2006") }
func moment(t time.Time) string { return t.In(policy.London).Format("2 January 2006 15:04") }

func contains(list []string, s string) bool { return slices.Contains(list, s) }
