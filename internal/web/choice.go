package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"candour/internal/consent"
	"candour/policy"
)

// Paths of the forms of choices, on every surface that asks.
const (
	ConsentPath      = "/consent"
	ObjectPath       = "/objection"
	EndObjectionPath = "/objection/end"
)

// Fields of the query of those forms' addresses. They are no inputs, because
// they are not for people to fill in.
const (
	backField  = "back"
	shownField = "shown"
	groupField = "group"
)

// consentView is what this browser is shown about its choices.
func (s *Site) consentView(v *Visit, path string) Consent {
	p := v.Policy()
	c := choices(p, v.Surface.ID)
	c.PageURL = v.URL("", CookiesPath)
	if len(c.Groups)+len(c.Objections) == 0 {
		return c
	}
	c.Ask, c.GPC = v.Consent.Ask(), v.Consent.GPC()
	on, under, standing := v.Consent.Decided()
	for i := range c.Groups {
		g := &c.Groups[i]
		_, decided := v.Consent.Choice(g.ID)
		g.Chosen = decided && v.Consent.Allows(g.ID)
		if decided && standing { // an objection alone answers no question about consent
			c.On, c.Under, c.Decided = on, under, true
		}
	}
	for i := range c.Objections {
		o := &c.Objections[i]
		o.Active = v.Consent.Allows(o.ID)
		_, said := v.Consent.Choice(o.ID)
		o.Signal = !o.Active && !said
	}
	wording, err := s.Wording(p, v.Surface.ID)
	if err != nil {
		s.Log.Error("the words of the consent message cannot be rendered", "id", v.ID, "error", err)
		c.Ask = false // nothing is asked that could not be shown later to have been asked
		return c
	}
	for i := range c.Objections {
		o := &c.Objections[i]
		query := url.Values{backField: {path}, groupField: {o.ID}}.Encode()
		o.Object, o.End = ObjectPath+"?"+query, EndObjectionPath+"?"+query
	}
	c.Action = ConsentPath + "?" + url.Values{backField: {path}, shownField: {shown(wording)}}.Encode()
	return c
}

// choices is what a policy lets people decide on a surface, before anybody
// decided. Without a declared consent cookie there is nothing to decide.
func choices(p *policy.Policy, surface string) Consent {
	c := Consent{
		Operator: p.Operator.ShortName, Period: p.Settings.ConsentPeriod.Words(), Choose: "Choose",
		Accept: Button{"choice", "accept", "Accept all"}, Reject: Button{"choice", "reject", "Reject all"}, Save: Button{"choice", "save", "Save my choice"},
	}
	buttons(p, &c)
	_, keeps := p.CookieByRole("consent", surface)
	for i := range p.CookieGroups {
		g := &p.CookieGroups[i]
		view := GroupView{ID: g.ID, Title: g.Title, Description: g.Description}
		describe(p, surface, &view)
		switch {
		case consent.Objectable(g):
			if keeps {
				c.Objections = append(c.Objections, Objection{GroupView: view, Active: true, Counts: g.Exemption == "statistical-purposes"})
			}
		case g.Consent && keeps && consent.Used(p, g.ID, surface):
			c.Groups = append(c.Groups, view)
		case !g.Consent && consent.Used(p, g.ID, surface):
			c.Exempt = append(c.Exempt, view)
		}
	}
	return c
}

// buttons takes names and labels from the declared form, if there is one.
func buttons(p *policy.Policy, c *Consent) {
	f, ok := p.FormByID(consent.ChoiceForm)
	if !ok {
		return
	}
	for _, field := range f.Fields {
		for _, o := range field.Options {
			for _, b := range []*Button{&c.Accept, &c.Reject, &c.Save} {
				if b.Value == o.Value {
					b.Name, b.Label = field.Name, o.Label
				}
			}
		}
	}
}

func describe(p *policy.Policy, surface string, view *GroupView) {
	add := func(id string) {
		if r, ok := p.RecipientByID(id); ok && !slices.Contains(view.Recipients, r.Name) {
			view.Recipients = append(view.Recipients, r.Name)
		}
	}
	for i := range p.Cookies {
		if k := &p.Cookies[i]; k.Group == view.ID && slices.Contains(k.Surfaces, surface) {
			view.Cookies = append(view.Cookies, k.Name)
			add(k.Recipient)
		}
	}
	for i := range p.Integrations {
		if n := &p.Integrations[i]; n.Group == view.ID && slices.Contains(n.Surfaces, surface) {
			add(n.Recipient)
		}
	}
}

// Wording is the SHA-256 of the words that a person is shown before a choice
// on a surface: those of the message and of the cookie page's form, as a first
// visitor sees them. It is recorded with each decision (UK GDPR Art 7(1)).
func (s *Site) Wording(p *policy.Policy, surface string) ([32]byte, error) {
	type key struct {
		version int
		surface string
	}
	k := key{p.Version, surface}
	if w, ok := s.wordings.Load(k); ok {
		return w.([32]byte), nil
	}
	c := choices(p, surface)
	c.Ask = true
	h := sha256.New()
	for _, name := range []string{"consent_message", "consent_preferences"} {
		var b bytes.Buffer
		if err := s.pages["cookies"].ExecuteTemplate(&b, name, c); err != nil {
			return [32]byte{}, err
		}
		h.Write([]byte(wordsOf(&b) + "\n"))
	}
	sum := [32]byte(h.Sum(nil))
	s.wordings.Store(k, sum)
	return sum, nil
}

// wordsOf returns the text of HTML with its spaces made one.
func wordsOf(b *bytes.Buffer) string {
	var words []string
	z := html.NewTokenizer(b)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(words, " ")
		case html.TextToken:
			words = append(words, strings.Fields(string(z.Text()))...)
		}
	}
}

// shown is the part of a wording's hash that a form's address carries.
func shown(wording [32]byte) string { return hex.EncodeToString(wording[:8]) }
