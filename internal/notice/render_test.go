package notice

import (
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"candour/operators"
	"candour/policy"
)

func builtin(t *testing.T, id string) *policy.Profile {
	t.Helper()
	fsys, ok := operators.FS(id)
	if !ok {
		t.Fatal("no built-in operator " + id)
	}
	profile, faults := policy.Load(fsys)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return profile
}

func parse(t *testing.T, d *Document) *html.Node {
	t.Helper()
	n, err := html.Parse(strings.NewReader(string(d.Body)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// attr returns an attribute of an element.
func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// elements returns all elements of a kind, in order.
func elements(root *html.Node, tag string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == tag {
			found = append(found, n)
		}
	}
	return found
}

func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// R2, R25: every declared thing has one place in the notice, and every link
// into the notice arrives.
func TestNoticeHasAPlaceForEverythingDeclared(t *testing.T) {
	for _, id := range operators.IDs() {
		profile := builtin(t, id)
		doc, err := Render(profile)
		if err != nil {
			t.Fatal(err)
		}
		root := parse(t, doc)
		ids := map[string]int{}
		for n := range root.Descendants() {
			if a := attr(n, "id"); a != "" {
				ids[a]++
			}
		}
		for name, n := range ids {
			if n > 1 {
				t.Errorf("%s: the anchor %s stands %d times", id, name, n)
			}
		}
		for _, kind := range []string{"category", "purpose", "recipient", "cookie", "permission", "right", "term", "retention", "surface", "decision"} {
			for _, name := range profile.Policy.Names(kind) {
				if ids[kind+"-"+name] != 1 {
					t.Errorf("%s: the notice has no place for %s %s", id, kind, name)
				}
			}
		}
		for _, a := range elements(root, "a") {
			if anchor, ok := strings.CutPrefix(attr(a, "href"), "#"); ok && ids[anchor] == 0 {
				t.Errorf("%s: a link leads to #%s, which is not there", id, anchor)
			}
		}
		if strings.Contains(words(root), "{{") {
			t.Errorf("%s: a placeholder was left over", id)
		}
	}
}

func TestPagesLinkIntoTheNotice(t *testing.T) {
	for _, id := range operators.IDs() {
		profile := builtin(t, id)
		for _, page := range profile.Pages {
			doc, err := RenderPage(profile.Policy, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range elements(parse(t, doc), "a") {
				if c := attr(a, "class"); (c == "term" || c == "mention") && !strings.HasPrefix(attr(a, "href"), Path+"#") {
					t.Errorf("%s: %s: a link to what a word means leads to %s", id, page.File, attr(a, "href"))
				}
			}
		}
	}
}

var small = &policy.Policy{
	Operator: policy.Operator{Name: "Ours & Co", Domain: "ours.example", LocalDomain: "ours.localhost", Support: policy.Contact{Email: "a@ours.example", Telephone: "01632 960 123"}},
	Terms:    []policy.Term{{ID: "account", Term: "account", Also: []string{"accounts"}, Definition: "d"}},
	Categories: []policy.Category{
		{ID: "a.name", Title: "Name <b>", Reason: "r", Required: "mandatory", Surfaces: []string{"website"}},
	},
}

func renderText(t *testing.T, source string) string {
	t.Helper()
	d, err := render(small, &policy.Prose{File: "text.md", Source: source}, true)
	if err != nil {
		t.Fatal(err)
	}
	return string(d.Body)
}

// R4: a link that leaves is marked for eye and ear and tells the other site
// nothing about the page it came from.
func TestExternalLinksAreMarked(t *testing.T) {
	for source, external := range map[string]bool{
		"[x](https://elsewhere.example/)":          true,
		"<https://elsewhere.example/>":             true,
		"[x](https://ours.example.evil.example/)":  true,
		"[x](https://notours.example/)":            true,
		"[x](https://portal.ours.example/a)":       false,
		"[x](https://ours.example)":                false,
		"[x](/contact)":                            false,
		"[x](https://OURS.example:8443/a)":         false,
		"[x](https://ours.example@evil.example/a)": true,
	} {
		out := renderText(t, source)
		if got := strings.Contains(out, `rel="external noopener"`) && strings.Contains(out, "leaves our site"); got != external {
			t.Errorf("%s: marked %v, want %v: %s", source, got, external, out)
		}
	}
}

func TestTextIsNoWayIn(t *testing.T) {
	for _, source := range []string{
		"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
		"[x](//elsewhere.example/)", "![x](https://elsewhere.example/pixel.gif)", "## A {#a onclick=alert(1) style=color:red}",
		"[x](data:text/html,1)", "<div style=\"x\">", "[a](<https://e.example/\"onmouseover=alert(1)>)", "<style>*{}</style>",
	} {
		for n := range parse(t, &Document{Body: HTML(renderText(t, source))}).Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "script", "img", "style", "iframe", "div":
				t.Errorf("%s made <%s>", source, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "href" && !safeHref(a.Val) {
					t.Errorf("%s made %s=%q", source, a.Key, a.Val)
				}
			}
		}
	}
}

func TestPlaceholders(t *testing.T) {
	out := renderText(t, "{{operator name}} {{operator support.email}} {{operator support.telephone}} {{category a.name}} `{{operator name}}`\n\n{{table categories}}\n")
	for _, want := range []string{
		"Ours &amp; Co", `href="mailto:a@ours.example"`, `href="tel:+441632960123"`, `href="#category-a.name">Name &lt;b&gt;</a>`,
		`<code>{{operator name}}</code>`, `<tr id="category-a.name">`, `<caption>`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing in %s", want, out)
		}
	}
	if _, err := render(small, &policy.Prose{File: "t", Source: "{{category none}}"}, true); err == nil {
		t.Error("an undeclared category was rendered")
	}
}

// R2: the first use in each section, and no other.
func TestTermsAreLinkedOncePerSection(t *testing.T) {
	out := renderText(t, "An account. Your accounts, accountant, sub-account.\n\n## Account {#x}\n\nAccounts here, an account there, [my account](/a).\n")
	if n := strings.Count(out, `class="term"`); n != 2 {
		t.Errorf("%d links, want 2: %s", n, out)
	}
	if !strings.Contains(out, `<a class="term" href="#term-account">account</a>. Your accounts,`) || !strings.Contains(out, `<a class="term" href="#term-account">Accounts</a> here`) {
		t.Error(out)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("# A {#a}\n\n{{table categories}}\n\naccount [x](https://e.example) {{operator name}}")
	f.Add("| a | b |\n|---|---|\n| {{term account}} | <b> |")
	f.Fuzz(func(t *testing.T, source string) {
		p, _ := policy.ParseProse("f.md", source, 1)
		d, err := render(small, p, true)
		if err != nil {
			return
		}
		for _, n := range elements(parse(t, d), "script") {
			t.Fatalf("a script came through: %v", n)
		}
	})
}

func TestRenderNeedsANotice(t *testing.T) {
	profile, _ := policy.Load(fstest.MapFS{})
	if _, err := Render(profile); err == nil {
		t.Error("no error without notice.md")
	}
}
