package console

import (
	"slices"
	"unicode/utf8"

	"candour/internal/identity"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/policy"
)

// days and minutes are how pages show dates and times, of where the operator
// is.
const (
	days    = "2 January 2006"
	minutes = "2 January 2006, 15:04"
)

// verdictWords say why a category is not shown.
var verdictWords = map[policy.Verdict]string{
	policy.NoConsent:  "Only with their consent, and none stands.",
	policy.Restricted: "They had its use restricted.",
	policy.Objected:   "They objected to this use.",
	policy.ShutOut:    "They let staff see only what contract and law need.",
	policy.WrongActor: "Not for your role.",
	policy.Undeclared: "Not used for this purpose.",
}

// stateWords say what limits the use of a person's data. Objections are told to
// whoever works for the purpose.
func (h *site) stateWords(p *policy.Policy, r identity.Role, s vault.State, st policy.Standing) (words []string) {
	if s.Erased {
		words = append(words, "Erased. What is left is kept because a law obliges us to, and is for nothing else.")
	}
	if s.Restricted {
		words = append(words, "Restricted. They asked us to store their data and not to use it, save for what the law leaves free.")
	}
	if s.Staff.Shut {
		text := "Shut out. They let staff see only what their contract and the law need."
		if !s.Staff.Until.IsZero() {
			text = "Shut out, but they let staff in until " + s.Staff.Until.In(policy.London).Format(minutes) + "."
		}
		words = append(words, text)
	}
	c := h.InForce().Compiled
	for _, q := range p.Purposes {
		if i, ok := c.Purpose(q.ID); ok && st.Objections.Has(i) && acts(c, r, q.ID) {
			words = append(words, "Objected to: "+q.Title+".")
		}
	}
	return words
}

// groups sorts what was seen by category. What several records say alike is
// shown once.
func groups(p *policy.Policy, records []vault.Record) (list []Held) {
	last := ""
	for _, rec := range records {
		if rec.Category != last {
			list, last = append(list, Held{Title: categoryTitle(p, rec.Category)}), rec.Category
		}
		g, v := &list[len(list)-1], recordView(p, rec)
		at := slices.IndexFunc(g.Records, func(o HeldRecord) bool { return o.Value == v.Value && o.Surface == v.Surface && o.Kept == v.Kept })
		if at < 0 {
			g.Records = append(g.Records, v)
			continue
		}
		v.Times = max(g.Records[at].Times, 1) + 1
		g.Records[at] = v
	}
	return list
}

func categoryTitle(p *policy.Policy, id string) string {
	if k, ok := p.CategoryByID(id); ok {
		return k.Title
	}
	return id
}

// maxShown is how much of a record is shown, in octets: more than any form
// takes.
const maxShown = 64 << 10

// recordView is a record as staff see it. What is no text is not shown.
func recordView(p *policy.Policy, rec vault.Record) HeldRecord {
	v := HeldRecord{Value: string(rec.Value()), Collected: rec.Collected.In(policy.London).Format(days), Surface: surfaceTitle(p, rec.Surface)}
	if !utf8.ValidString(v.Value) || len(v.Value) > maxShown || v.Value == "" {
		v.Value = "Held, but not as text that could be shown here."
	}
	if k, ok := p.RetentionByID(rec.Retention); ok {
		v.Kept = k.Title
	}
	return v
}

func surfaceTitle(p *policy.Policy, id string) string {
	if s, ok := p.SurfaceByID(id); ok {
		return s.Title
	}
	return id
}

// deskWords are the desks as people call them.
var deskWords = map[support.QueueID]string{support.QueueSupport: "Support desk", support.QueueRights: "Rights desk"}

// ticketView is a ticket for somebody who works on a desk.
func ticketView(p *policy.Policy, t support.Ticket, desk support.QueueID) TicketView {
	v := TicketView{Reference: t.Reference, Opened: t.Opened.In(policy.London).Format(minutes), State: "open", Desk: deskWords[t.Queue], About: aboutWords(p, t.About)}
	if !t.Closed.IsZero() {
		v.State = "closed " + t.Closed.In(policy.London).Format(days)
	}
	if right, ok := p.RightByID(t.Suggests); ok {
		v.Suggests = right.Title
	}
	if t.Queue == desk {
		v.Href = "/enquiries/" + t.Reference
	}
	return v
}

// aboutWords are the words of the option that was chosen in the contact form.
func aboutWords(p *policy.Policy, option string) string {
	f, ok := p.FormByID(contactForm)
	if !ok {
		return ""
	}
	for _, field := range f.Fields {
		for _, o := range field.Options {
			if o.Value == option {
				return o.Label
			}
		}
	}
	return ""
}
