package rights

import (
	"context"
	"slices"
	"time"

	"candour/internal/store"
	"candour/policy"
)

// Processing is what goes with a copy (UK GDPR Art 15(1) and (2)): filled from
// the policy, for what is really held.
type Processing struct {
	Purposes   []Purpose   `json:"purposes"`   // (a)
	Categories []Category  `json:"categories"` // (b), and the source of each (g)
	Recipients []Recipient `json:"recipients"` // (c), with the safeguard of a transfer (2)
	Retention  []Retention `json:"retention"`  // (d)
	Rights     []Right     `json:"rights"`     // (e)
	Complaint  Regulator   `json:"complaint"`  // (f)
	Automated  string      `json:"automated"`  // (h)
	Decisions  Decisions   `json:"decisions"`  // of the person's, as the doors obey them
}

// Purpose is why data is used, and on which ground.
type Purpose struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Grounds     []Ground `json:"grounds"`
	Recipients  []string `json:"recipients,omitempty"`
}

// Ground is the lawful basis of a use, with what it rests on.
type Ground struct {
	Categories []string `json:"categories"`
	Basis      string   `json:"basis"`
	Why        string   `json:"why,omitempty"` // the interest or the law
}

// Category is a kind of data, with how much of it is held.
type Category struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Source string `json:"source"` // where it comes from, in words
	Kind   string `json:"kind"`
	Count  int    `json:"count"`
}

// Recipient is who receives it.
type Recipient struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	What      string `json:"what,omitempty"`
	Region    string `json:"region"`
	Safeguard string `json:"safeguard"`
}

// Retention is how long something is kept, and why.
type Retention struct {
	Title  string `json:"title"`
	Reason string `json:"reason,omitempty"`
}

// Right is a right and how to use it.
type Right struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Article     string `json:"article,omitempty"`
	How         string `json:"how"`
}

// Regulator is where a complaint may go after us.
type Regulator struct {
	Name      string   `json:"name"`
	Successor string   `json:"successor,omitempty"`
	Address   []string `json:"address,omitempty"`
	Telephone string   `json:"telephone,omitempty"`
	Website   string   `json:"website"`
	Form      string   `json:"form,omitempty"`
}

// Decisions are what a person decided, by title of the purpose.
type Decisions struct {
	Restricted bool     `json:"restricted"`
	Consents   []string `json:"consents"`
	Objections []string `json:"objections"`
}

// Controller is who answers.
type Controller struct {
	Name      string   `json:"name"`
	Address   []string `json:"address"`
	Officer   string   `json:"officer"`
	Email     string   `json:"email"`
	Telephone string   `json:"telephone,omitempty"`
}

// noAutomated is what a copy says where the policy declares no decision that
// the program makes alone: then it makes none (UK GDPR Art 22A).
const noAutomated = "None. No decision about you is made by a computer alone, and we make no profile of you."

// automated says which decisions the program makes alone, and by what (Art
// 15(1)(h)). Whether one was made about a person stands in their history.
func automated(p *policy.Policy) string {
	if len(p.Decisions) == 0 {
		return noAutomated
	}
	text := ""
	for i := range p.Decisions {
		d := &p.Decisions[i]
		text += d.Title + ". " + d.Description + " It is decided so if there are " + d.Logic() + ". If you contest it, a person looks at it and answers within " + d.Within.Words() + ". "
	}
	return text + "No other decision about you is made by a computer alone, and we make no profile of you."
}

var sourceWords = map[string]string{
	"given": "You gave it.", "observed": "We saw it when you used our services.", "derived": "We worked it out from what you did or ordered.",
	"third-party": "Somebody else gave it to us.",
}

func controllerOf(p *policy.Policy) Controller {
	op := &p.Operator
	return Controller{op.Name, op.RegisteredAddress, op.Officer.Title, op.Officer.Email, op.Officer.Telephone}
}

// processing says what is done with what the tally counted.
func (d *Desk) processing(ctx context.Context, tx *store.Tx, who Person, t *tally) (Processing, error) {
	p := d.c.InForce().Policy()
	out := Processing{
		Purposes: []Purpose{}, Categories: []Category{}, Recipients: []Recipient{}, Retention: []Retention{}, Rights: []Right{}, Automated: automated(p),
		Complaint: Regulator{p.Regulator.Name, p.Regulator.Successor, p.Regulator.Address, p.Regulator.Telephone, p.Regulator.Website, p.Regulator.Complaint},
	}
	for _, k := range p.Categories {
		if n := t.categories[k.ID]; n > 0 {
			out.Categories = append(out.Categories, Category{k.ID, k.Title, sourceWords[k.Source], k.Kind, n})
		}
	}
	var recipients, classes []string
	for _, q := range p.Purposes {
		if !t.purposes[q.ID] {
			continue
		}
		item := Purpose{ID: q.ID, Title: q.Title, Description: q.Description}
		for _, u := range q.Uses {
			if g, ok := groundOf(p, u, t); ok {
				item.Grounds = append(item.Grounds, g)
				classes = append(classes, u.Retention)
			}
		}
		for _, id := range q.Recipients {
			if r, ok := p.RecipientByID(id); ok && slices.ContainsFunc(r.Categories, func(c string) bool { return t.categories[c] > 0 }) {
				item.Recipients = append(item.Recipients, r.Name)
				recipients = append(recipients, id)
			}
		}
		out.Purposes = append(out.Purposes, item)
	}
	for _, r := range p.Recipients {
		if slices.Contains(recipients, r.ID) {
			out.Recipients = append(out.Recipients, Recipient{r.Name, r.RoleWords(), r.What, r.Region.Words(), r.SafeguardWords()})
		}
	}
	for _, r := range p.Retention {
		if slices.Contains(classes, r.ID) {
			out.Retention = append(out.Retention, Retention{r.Title, r.Reason})
		}
	}
	for _, r := range p.Rights {
		out.Rights = append(out.Rights, Right{r.ID, r.Title, r.Description, r.Article, r.How})
	}
	var err error
	out.Decisions, err = d.decisions(ctx, tx, who)
	return out, err
}

func groundOf(p *policy.Policy, u policy.Use, t *tally) (Ground, bool) {
	g := Ground{Basis: u.Basis.Words(), Why: u.Interest}
	if u.Law != "" {
		g.Why = u.Law
	}
	for _, id := range u.Categories {
		if k, ok := p.CategoryByID(id); ok && t.categories[id] > 0 {
			g.Categories = append(g.Categories, k.Title)
		}
	}
	return g, len(g.Categories) > 0
}

// decisions gathers the standing of all subjects of a person.
func (d *Desk) decisions(ctx context.Context, tx *store.Tx, who Person) (Decisions, error) {
	c := d.c.InForce()
	out := Decisions{Consents: []string{}, Objections: []string{}}
	for _, s := range who.Subjects {
		st, err := d.c.Vault.Standing(ctx, tx, s)
		if err != nil {
			return out, err
		}
		out.Restricted = out.Restricted || st.Restricted
		for _, q := range c.Policy().Purposes {
			i, ok := c.Purpose(q.ID)
			if ok && st.Consents.Has(i) && !slices.Contains(out.Consents, q.Title) {
				out.Consents = append(out.Consents, q.Title)
			}
			if ok && st.Objections.Has(i) && !slices.Contains(out.Objections, q.Title) {
				out.Objections = append(out.Objections, q.Title)
			}
		}
	}
	return out, nil
}

// Kept is what a law has us keep after an erasure.
type Kept struct {
	Class      string // retention class
	Title      string // how long, in words
	Reason     string
	Law        []string
	Categories []string // titles; empty where only the class is known
	Until      time.Time
	Count      int
}
