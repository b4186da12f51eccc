package people

import (
	"crypto/sha256"
	"strings"

	"candour/policy"
)

// Words are what a person is shown before a decision, a paragraph each. They
// follow from the policy, so they are the same for everybody.
type Words []string

// Hash is the SHA-256 of the words, which each decision records (UK GDPR Art
// 7(1)).
func (w Words) Hash() [32]byte { return sha256.Sum256([]byte(w.text())) }

func (w Words) text() string { return strings.Join(w, "\n") }

// Statement returns the words about a purpose: what it is, which data it uses,
// on which ground, for how long, who receives it, and what a yes or a no does.
func Statement(p *policy.Policy, q *policy.Purpose) Words {
	w := Words{q.Title, q.Description}
	for i := range q.Uses {
		u := &q.Uses[i]
		line := "Data: " + titles(p, u.Categories) + ". Ground: " + u.Basis.Words()
		for _, more := range []string{u.Interest, u.Law} {
			if more != "" {
				line += ". " + strings.TrimSuffix(more, ".")
			}
		}
		if r, ok := p.RetentionByID(u.Retention); ok {
			line += ". Kept: " + r.Title
		}
		w = append(w, line+".")
	}
	var names []string
	for _, id := range q.Recipients {
		if r, ok := p.RecipientByID(id); ok {
			names = append(names, r.Name)
		}
	}
	if len(names) > 0 {
		w = append(w, "Shared with: "+strings.Join(names, ", ")+".")
	}
	if by := q.ChannelList(); by != "" {
		w = append(w, "It comes by "+by+".")
	}
	return append(w, consequence(p, q))
}

// consequence says what a decision does.
func consequence(p *policy.Policy, q *policy.Purpose) string {
	place := PlaceOf(p, q)
	switch kind := KindOf(q); {
	case place == InBrowser:
		return "Each browser decides for itself. If you say no here, no browser in which you are signed in may do it, whatever it was told before."
	case kind == ByConsent && place == InApp:
		return "The app asks you when it needs it. Whatever you answered, you can take a yes back here at any time; what we held on it alone is then erased."
	case kind == ByConsent:
		return "Only if you say yes. You can take it back here at any time, as easily as you gave it; what we held on your yes alone is then erased."
	case kind == ByObjection:
		return "We do this unless you object. You can object here at any time, and we stop."
	case kind == OnRequest:
		return "We do this for the reason above. You may object: tell us why, and a person looks at it and answers you."
	}
	return needed(q)
}

// needed says why something cannot be refused.
func needed(q *policy.Purpose) string {
	law, contract := false, false
	for _, u := range q.Uses {
		law = law || u.Basis == policy.LegalObligation
		contract = contract || u.Basis == policy.Contract
	}
	switch {
	case law && !contract:
		return "A law makes us do this, so it cannot be refused here. The law is named above."
	case contract:
		return "Needed for your contract: we cannot give you the service without it, so it cannot be refused here. It ends with the contract."
	}
	return "Needed to protect somebody’s life, so it cannot be refused here."
}

func titles(p *policy.Policy, categories []string) string {
	var list []string
	for _, id := range categories {
		if c, ok := p.CategoryByID(id); ok {
			list = append(list, c.Title)
		}
	}
	return strings.Join(list, ", ")
}
