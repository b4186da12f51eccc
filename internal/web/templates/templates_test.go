package templates_test

import (
	"bytes"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"candour/internal/notice"
	"candour/internal/web"
	"candour/internal/web/firstpage"
	"candour/internal/web/templates"
	"candour/internal/web/website"
	"candour/policy"
)

var day = time.Date(2026, time.November, 24, 9, 0, 0, 0, time.UTC)

// hostile is text that would be markup if it were not escaped.
const hostile = `<script>alert(1)</script>"'><b onclick=x>`

func base() web.Base {
	return web.Base{
		Title: "Title", Description: hostile, Language: "en-GB", Path: "/", Surface: web.SurfaceView{ID: "website", Title: "Website"},
		Brand:  web.BrandView{Name: "Brand", Tagline: hostile, Logo: "/logo.svg", Favicon: "/favicon.svg"},
		Nav:    []web.Link{{Label: hostile, Href: "/products", Current: true}, {Label: "Talk to us", Href: "/contact"}},
		Assets: web.Assets{Brand: "/assets/brand.css", Style: "/assets/site.css", Member: "/assets/member.css", Script: "/assets/site.js"},
		Footer: web.Footer{
			Links: []web.Link{{Label: "Terms", Href: "/terms"}}, Surfaces: []web.Link{{Label: "Portal", Href: "http://portal.invoco.localhost/"}},
			Name: "Brand Ltd", Company: "04465219", Where: "England and Wales", VAT: "GB825306641", Regulated: "Ofcom",
			Address: []string{"1 Road", "Town"}, Email: "a@example.net", Telephone: "01527 306 000", TelHref: "tel:+441527306000",
		},
		Consent:      consent(),
		Announcement: &web.Announcement{Version: 2, From: day, Changes: []string{hostile}, URL: "/privacy/versions/2"},
		Changed:      &web.Changed{Since: 1, From: day, Changes: []string{hostile}, URL: "/privacy/versions/2/since/1", Action: "/notice/seen?back=%2F&version=2"},
		Integrations: `[{"id":"a","kind":"google-analytics"}]`,
		SignOut:      "/sign-out", PrivacyURL: "/privacy", CookiesURL: "/cookies", ContactURL: "/contact", HomeURL: "/", Year: 2026,
	}
}

func consent() web.Consent {
	return web.Consent{
		Ask: true, Action: "/consent?back=%2F&shown=1",
		Groups: []web.GroupView{
			{ID: "analytics", Title: "Analytics", Description: hostile, Cookies: []string{"_ga"}, Recipients: []string{"Maker"}},
		},
		Objections: []web.Objection{
			{GroupView: web.GroupView{ID: "statistics", Title: "Our statistics", Description: "Totals."}, Counts: true, Active: true, Object: "/objection?back=%2F", End: "/objection/end?back=%2F"},
			{GroupView: web.GroupView{ID: "look", Title: hostile, Description: hostile}, Signal: true, Object: "/objection?back=%2F", End: "/objection/end?back=%2F"},
		},
		Exempt: []web.GroupView{{ID: "necessary", Title: "Necessary", Description: "Needed.", Cookies: []string{"session"}}},
		GPC:    true, Period: "6 months", PageURL: "/cookies", Operator: "Brand",
		Accept: web.Button{Name: "choice", Value: "accept", Label: "Accept all"},
		Reject: web.Button{Name: "choice", Value: "reject", Label: "Reject all"},
		Save:   web.Button{Name: "choice", Value: "save", Label: "Save my choice"}, Choose: "Choose",
	}
}

func form() web.Form {
	field := func(name, kind string) web.Field {
		return web.Field{
			ID: "f-" + name, Name: name, Label: hostile, Type: kind, Reason: hostile, Hint: "Hint.", Without: "Without.", Error: hostile,
			Value: hostile, Describes: "f-" + name + "-reason f-" + name + "-error", Optional: kind == "tel",
			Options: []web.FieldOption{{Value: "a", Label: "A"}, {Value: hostile, Label: hostile, Selected: true}},
		}
	}
	f := web.Form{ID: "f", Title: "Write to us", Action: "/contact", Submit: "Send", Purpose: "Replies", Kept: "a year", Refusal: hostile}
	for _, kind := range []string{"text", "email", "tel", "textarea", "select", "radio", "checkbox"} {
		f.Fields = append(f.Fields, field("x"+kind, kind))
	}
	f.Trap = &web.Field{ID: "f-homepage", Name: "homepage", Label: "Leave this field empty"}
	f.Hidden = []web.HiddenField{{Name: "opened", Value: hostile}}
	return f
}

func content() web.Content {
	item := web.BlockItem{Title: hostile, Text: hostile, Image: "/images/a.svg", Href: "https://elsewhere.example/", Label: "Go", Price: "£1", External: true}
	c := web.Content{
		Heading: "Heading",
		Hero:    &web.Hero{Title: "Heading", Text: hostile, Image: "/images/h.svg", Actions: []web.Action{{Label: "Act", Href: "/contact", Primary: true}, {Label: "Out", Href: "https://elsewhere.example/", External: true}}},
		Body:    document(),
	}
	for _, kind := range []string{"features", "steps", "quote", "band", "products", "faq"} {
		c.Blocks = append(c.Blocks, web.Block{Kind: kind, Title: "Block " + kind, Text: hostile, Items: []web.BlockItem{item, {Title: "Plain", Text: "Text."}}})
	}
	return c
}

func document() *notice.Document {
	return &notice.Document{
		Contents: []notice.ContentsEntry{{Number: 1, Title: "One", Anchor: "one"}, {Title: "Two", Anchor: "two"}, {Title: "Three", Anchor: "three"}, {Title: hostile, Anchor: "four"}},
		Body:     `<h2 id="one">One</h2><h2 id="two">Two</h2><h2 id="three">Three</h2><h2 id="four">Four</h2>`,
	}
}

func pages() map[string][]any {
	f := form()
	old := website.VersionView{Number: 1, From: day, Published: day, Until: day, State: "past", URL: "/privacy/versions/1", Hash: "0123456789abcdef"}
	now := website.VersionView{Number: 2, From: day, Published: day, State: "in force", URL: "/privacy", Hash: "f123456789abcdef", Changes: []string{hostile}}
	coming := website.VersionView{Number: 3, From: day, Published: day, State: "coming", URL: "/privacy/versions/3"}
	empty := web.Content{Heading: "Heading", Body: &notice.Document{}}
	return map[string][]any{
		"home":       {website.Home{Base: base(), Content: content()}, website.Home{Base: web.Base{}, Content: empty}},
		"page":       {website.Page{Base: base(), Content: content()}, website.Page{Base: web.Base{}, Content: empty}},
		"products":   {website.Products{Base: base(), Content: content()}},
		"contact":    {website.Contact{Base: base(), Content: content(), Form: f}},
		"newsletter": {website.Newsletter{Base: base(), Content: content(), Form: f}},
		"contact_sent": {
			website.ContactSent{Base: base(), Reference: "R-1", Rights: true, Right: "Access", RightIs: hostile, Officer: policy.Contact{Email: "o@example.org"}}, website.ContactSent{Base: base(), Reference: "R-1", Rights: true, Right: "Complaint", Complaint: true}, website.ContactSent{Base: base()},
		},
		"newsletter_check":     {website.NewsletterCheck{Base: base(), Kept: "7 days"}},
		"newsletter_confirmed": {website.NewsletterConfirmed{Base: base(), Form: &f}, website.NewsletterConfirmed{Base: base(), Done: true}},
		"newsletter_left":      {website.NewsletterLeft{Base: base(), Form: &f}, website.NewsletterLeft{Base: base(), Done: true}},
		"privacy": {
			website.Privacy{Base: base(), Document: document(), Version: now, Current: now, Pending: &coming},
			website.Privacy{Base: base(), Document: document(), Version: old, Current: now, Print: true},
			website.Privacy{Base: base(), Document: document(), Version: coming, Current: now, Pending: &coming},
		},
		"privacy_versions": {website.PrivacyVersions{Base: base(), Versions: []website.VersionView{coming, now, old}}},
		"privacy_changes": {
			website.PrivacyChanges{Base: base(), Old: old, New: now, Changes: []website.Change{{What: hostile, Ask: true}, {What: "Less."}}},
			website.PrivacyChanges{Base: base(), Old: old, New: now},
		},
		"cookies": {website.Cookies{Base: base(), Content: empty}},
		"surface_first": {firstpage.SurfaceFirst{
			Base: base(), Heading: "Portal", Words: []string{"One.", hostile}, Categories: []string{"Name"}, Cookies: []string{"session"},
			Permissions: []firstpage.Permission{{Title: "Camera", Meaning: "See.", Reason: hostile, Without: "No video.", Optional: true}, {Title: "Microphone", Meaning: "Hear."}},
		}},
		"error": {web.ErrorPage{Base: base(), Status: 404, Heading: "No such page", Words: []string{hostile}, RequestID: "abc", Links: []web.Link{{Label: "Home", Href: "/"}}}},
	}
}

// Every page renders from its struct, with everything and with next to
// nothing in it, and comes out as one well-formed, escaped page.
func TestPages(t *testing.T) {
	all := pages()
	maps.Copy(all, accountPages())
	maps.Copy(all, portalPages())
	maps.Copy(all, historyPages())
	maps.Copy(all, yourDataPages())
	maps.Copy(all, consolePages())
	maps.Copy(all, phonePages())
	maps.Copy(all, devicePages())
	maps.Copy(all, spendingPages())
	maps.Copy(all, settingsPages())
	maps.Copy(all, contactPages())
	maps.Copy(all, chatPages())
	maps.Copy(all, voicemailPages())
	maps.Copy(all, recordingPages())
	for _, name := range templates.Pages() {
		if all[name] == nil {
			t.Errorf("the page %s is not tried here", name)
		}
	}
	for name, data := range all {
		page, err := templates.Page(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range data {
			var out bytes.Buffer
			if err := page.ExecuteTemplate(&out, "base", d); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			check(t, name, out.String())
		}
	}
	if _, err := templates.Page("no-such-page"); err == nil {
		t.Error("a page that does not exist was parsed")
	}
}

func check(t *testing.T, name, text string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	ids, refs, h1 := map[string]bool{}, []string{}, 0
	labelled := map[string]bool{}
	var inputs []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		a := attributes(n)
		switch n.Data {
		case "h1":
			h1++
		case "script":
			if a["src"] == "" || n.FirstChild != nil || a["type"] != "module" {
				t.Errorf("%s: a script stands in the page", name)
			}
		case "style":
			t.Errorf("%s: a style stands in the page", name)
		case "b":
			t.Errorf("%s: text came out as markup", name)
		case "label":
			labelled[a["for"]] = true
		case "input", "textarea", "select":
			if a["type"] != "hidden" {
				inputs = append(inputs, a["id"])
			}
			if a["name"] == "" {
				t.Errorf("%s: an input has no name", name)
			}
		}
		for key, value := range a {
			if key == "style" || strings.HasPrefix(key, "on") {
				t.Errorf("%s: <%s> has the attribute %s, which the content policy refuses", name, n.Data, key)
			}
			if key == "id" {
				if ids[value] {
					t.Errorf("%s: the id %s stands twice", name, value)
				}
				ids[value] = true
			}
			if key == "aria-labelledby" || key == "popovertarget" {
				refs = append(refs, strings.Fields(value)...)
			}
		}
		if rel := a["rel"]; strings.HasPrefix(a["href"], "https://elsewhere") && !strings.Contains(rel, "noopener") {
			t.Errorf("%s: a link that leaves our site is not marked (R4)", name)
		}
	}
	if h1 != 1 {
		t.Errorf("%s: %d headings of the first level", name, h1)
	}
	for _, ref := range refs {
		if !ids[ref] {
			t.Errorf("%s: nothing has the id %s", name, ref)
		}
	}
	for _, id := range inputs {
		if id == "" || !labelled[id] {
			t.Errorf("%s: the input %q has no label", name, id)
		}
	}
	if strings.Contains(text, "speculationrules") || strings.Contains(text, "ZgotmplZ") {
		t.Errorf("%s: speculation rules, or a value html/template did not trust", name)
	}
}

func attributes(n *html.Node) map[string]string {
	m := map[string]string{}
	for _, a := range n.Attr {
		m[a.Key] = a.Val
	}
	return m
}

// The message offers accepting and refusing alike, in words that automatic
// refusers know, and Enter in a box never accepts (L23).
func TestConsentMessage(t *testing.T) {
	page, err := templates.Page("cookies")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "consent_message", consent()); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&out)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]string{}
	for n := range root.Descendants() {
		a := attributes(n)
		switch {
		case n.Data == "button" || n.Data == "summary":
			classes[strings.TrimSpace(n.FirstChild.Data)] = a["class"]
		case n.Data == "input":
			if _, ticked := a["checked"]; ticked {
				t.Errorf("the box %s is ticked before a choice", a["name"])
			}
			if b := firstButton(formOf(n)); b != "save" {
				t.Errorf("Enter in the box %s sends %q", a["name"], b)
			}
		case a["role"] == "dialog" && a["aria-modal"] == "true":
			t.Error("the message claims to be modal")
		}
	}
	for _, label := range []string{"Accept all", "Reject all", "Choose"} {
		if classes[label] == "" || classes[label] != classes["Accept all"] {
			t.Errorf("%q looks like %q, not like accepting", label, classes[label])
		}
	}
}

func formOf(n *html.Node) *html.Node {
	for n != nil && n.Data != "form" {
		n = n.Parent
	}
	return n
}

// firstButton is the value that implicit submission sends (HTML 4.10.22.2).
func firstButton(form *html.Node) string {
	if form == nil {
		return ""
	}
	for n := range form.Descendants() {
		if n.Data == "button" {
			return attributes(n)["value"]
		}
	}
	return ""
}

// A style sheet or script of somebody else, or one in the page, would need a
// hole in the content policy.
func TestSources(t *testing.T) {
	foreign := regexp.MustCompile(`(?i)<style|style=|\son[a-z]+=|javascript:|speculationrules|src="(https?:)?//`)
	entries, err := templates.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := templates.FS.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if m := foreign.Find(text); m != nil {
			t.Errorf("%s holds %q", e.Name(), m)
		}
	}
}
