package operators_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"candour/operators"
	"candour/policy"
	"candour/policy/lint"
)

func load(t *testing.T, id string) *policy.Profile {
	t.Helper()
	fsys, ok := operators.FS(id)
	if !ok {
		t.Fatalf("no profile %s", id)
	}
	p, faults := policy.Load(fsys)
	for _, f := range faults {
		t.Errorf("%s: %s", id, f)
	}
	if len(faults) > 0 {
		t.FailNow()
	}
	return p
}

// Every built-in profile keeps every rule of the checker.
func TestProfilesAreSound(t *testing.T) {
	for _, id := range operators.IDs() {
		for _, f := range lint.Run(load(t, id)) {
			t.Errorf("%s: %s (%s)", id, f, f.Rule)
		}
	}
}

func TestProfilesAreEmbedded(t *testing.T) {
	ids := operators.IDs()
	if !slices.Contains(ids, operators.Default) || len(ids) < 2 {
		t.Fatalf("profiles are %v; want the default and another", ids)
	}
	for _, id := range []string{"", ".", "..", "no-such", "invoco/pages", "../operators/invoco"} {
		if _, ok := operators.FS(id); ok {
			t.Errorf("FS(%q) found a profile", id)
		}
	}
}

// The policy's own cases are answered by the doors as they say (R13).
func TestCases(t *testing.T) {
	least := map[string]int{"invoco": 60, "fernhill": 25}
	for _, id := range operators.IDs() {
		p := load(t, id)
		if len(p.Cases) < least[id] {
			t.Errorf("%s has %d cases, want %d", id, len(p.Cases), least[id])
		}
		seen := map[policy.Case]string{}
		for _, o := range p.RunCases() {
			if !o.Passed {
				t.Errorf("%s: %s: got %s, want %s", id, o.Case.Name, o.Got, o.Case.Expect)
			}
			bare := o.Case
			bare.Name = ""
			if other, twice := seen[bare]; twice {
				t.Errorf("%s: %q asks the same as %q", id, o.Case.Name, other)
			}
			seen[bare] = o.Case.Name
		}
	}
}

// Both profiles offer the pages and forms that the website needs, each with a
// way into the vault.
func TestPagesAndForms(t *testing.T) {
	for _, id := range operators.IDs() {
		p := load(t, id)
		for _, path := range []string{"/", "/contact", "/newsletter", "/terms", "/complaints", "/accessibility", "/cookies", "/your-data", "/complaint"} {
			if _, ok := p.Page(path); !ok {
				t.Errorf("%s has no page %s", id, path)
			}
		}
		for _, form := range []string{"contact", "newsletter", "newsletter-confirm", "newsletter-leave", "your-data", "your-data-act", "your-data-correct", "complaint"} {
			f, ok := p.Policy.FormByID(form)
			if !ok {
				t.Errorf("%s has no form %s", id, form)
				continue
			}
			if !slices.ContainsFunc(f.Fields, func(q policy.Field) bool { return q.Control == "antiforgery" }) {
				t.Errorf("%s: form %s has no field against forgery", id, form)
			}
		}
	}
}

// The published policy has fifteen sections, and so has the notice (R1).
func TestNoticeSections(t *testing.T) {
	p := load(t, "invoco")
	number := 0
	for _, s := range p.Notice.Sections {
		if s.Level != 2 {
			continue
		}
		number++
		if s.Number != number || s.Anchor == "" {
			t.Errorf("%s: section %q has number %d and anchor %q; want %d and an anchor", s.File, s.Title, s.Number, s.Anchor, number)
		}
	}
	if number != 15 {
		t.Errorf("the notice has %d sections, want 15", number)
	}
}

// Links between the profile's own pages lead somewhere, anchors included.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\((/[^)#\s]*)?(#[a-z0-9-]+)?\)`)
	for _, id := range operators.IDs() {
		p := load(t, id)
		anchors := map[string][]string{"/privacy": anchorsOf(p.Notice)}
		for _, q := range p.Pages {
			anchors[q.Path] = anchorsOf(q.Body)
		}
		check := func(from, path, anchor string) {
			if path == "" {
				path = from
			}
			known, ok := anchors[path]
			if !ok || anchor != "" && !slices.Contains(known, strings.TrimPrefix(anchor, "#")) {
				t.Errorf("%s: %s links to %s%s, which is not there", id, from, path, anchor)
			}
		}
		for _, m := range link.FindAllStringSubmatch(p.Notice.Source, -1) {
			check("/privacy", m[1], m[2])
		}
		for _, q := range p.Pages {
			for _, m := range link.FindAllStringSubmatch(q.Body.Source, -1) {
				check(q.Path, m[1], m[2])
			}
			for _, href := range hrefsOf(q) {
				if strings.HasPrefix(href, "https://") {
					continue
				}
				path, anchor, _ := strings.Cut(href, "#")
				check(q.Path, path, anchor)
			}
		}
	}
}

func anchorsOf(p *policy.Prose) []string {
	var found []string
	for _, s := range p.Sections {
		found = append(found, s.Anchor)
	}
	return found
}

func hrefsOf(q *policy.Page) []string {
	var found []string
	for _, a := range q.Hero.Actions {
		found = append(found, a.Href)
	}
	for _, b := range q.Blocks {
		for _, i := range b.Items {
			if i.Href != "" {
				found = append(found, i.Href)
			}
		}
	}
	return found
}
