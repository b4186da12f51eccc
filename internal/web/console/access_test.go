package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/web"
	"candour/internal/web/own"
	"candour/internal/web/webtest"
)

// reach is which of the console's own pages each role comes to.
var reach = map[string][]identity.Role{
	"/people-search": roles,
	"/enquiries":     {identity.Support, identity.Officer},
	"/blocks":        {identity.Support, identity.Engineer},
	"/firms":         {identity.Support},
	"/policy":        roles,
	"/data-map":      {identity.Officer, identity.Engineer},
	"/evidence":      roles,
	"/work":          {identity.Officer, identity.Engineer},
	"/audit":         {identity.Officer, identity.Engineer},
	own.OwnPath:      roles,
}

// mine are the pages about whoever is signed in. The overview leads to the first
// of them, and that to the others.
var mine = []string{"/profile", "/data", "/requests", "/history", "/access"}

// pages are the console's own pages that need nothing besides a role.
func (b *bench) pages() (list []string) {
	for _, e := range b.Table("console") {
		method, path, _ := strings.Cut(e.Pattern, " ")
		if strings.HasPrefix(path, "/data/") || slices.Contains(mine, path) {
			continue // of one's own
		}
		own := !strings.HasPrefix(path, "/security") && !strings.HasPrefix(path, "/people/") && path != "/people" && path != "/prove"
		if method == http.MethodGet && e.Gate != web.Open && own && !strings.Contains(path, "{") {
			list = append(list, path)
		}
	}
	return list
}

// R18: each page is there for the roles whose work needs it, and not found for
// others; whoever is not signed in is led to the sign-in.
func TestEachRoleComesToItsPages(t *testing.T) {
	b := one(t)
	pages := b.pages()
	if len(pages) != len(reach) {
		t.Fatalf("the pages are %v", pages)
	}
	for _, role := range roles {
		c := b.as(role)
		menu := c.get("/").Text
		for _, path := range pages {
			want := http.StatusNotFound
			if slices.Contains(reach[path], role) {
				want = http.StatusOK
			}
			if a := c.get(path); a.StatusCode != want {
				t.Errorf("%s at %s: %d, want %d %s", role, path, a.StatusCode, want, b.Logged)
			}
			if linked := strings.Contains(menu, `href="`+path+`"`); linked != (want == http.StatusOK) {
				t.Errorf("%s is led to %s: %v", role, path, linked)
			}
		}
	}
	for _, path := range pages {
		if a := b.Browser().Do(http.MethodGet, host, path, "", ""); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
			t.Errorf("nobody at %s: %d", path, a.StatusCode)
		}
	}
}

// Every route of the console's own is kept by a gate that asks for staff.
func TestEveryRouteAsksForStaff(t *testing.T) {
	b := one(t)
	for _, e := range b.Table("console") {
		_, path, _ := strings.Cut(e.Pattern, " ")
		for p := range reach {
			if strings.HasPrefix(path, p) && (e.Gate == web.Open || len(e.Roles) == 0 && p != own.OwnPath) {
				t.Errorf("%s is open", e.Pattern)
			}
		}
	}
}

// R7, R9: what holds on each page: one heading, nothing inline, nothing kept by
// caches, no input that is not declared.
func TestEveryConsolePage(t *testing.T) {
	b := one(t)
	p := b.InForce().Profile.Policy
	declared := map[string]bool{}
	for _, f := range p.Forms {
		for _, field := range f.Fields {
			declared[field.Name] = true
		}
	}
	for path, may := range reach {
		c := b.as(may[0])
		a := c.get(path)
		if !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s may be kept: %s", path, a.Header.Get("Cache-Control"))
		}
		checkPage(t, path, a, declared)
	}
}

func checkPage(t *testing.T, path string, a *webtest.Answer, declared map[string]bool) {
	t.Helper()
	headings := 0
	for n := range a.Tree().Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "h1":
			headings++
		case "style", "iframe":
			t.Errorf("%s: <%s>", path, n.Data)
		case "input", "select", "textarea":
			if !declared[webtest.Attr(n, "name")] {
				t.Errorf("%s: the input %q is not declared", path, webtest.Attr(n, "name"))
			}
		case "form":
			if webtest.Attr(n, "method") != "post" {
				t.Errorf("%s: a form that would put what is typed into an address", path)
			}
		}
		for _, at := range n.Attr {
			if at.Key == "style" || strings.HasPrefix(at.Key, "on") {
				t.Errorf("%s: %s", path, at.Key)
			}
		}
	}
	if headings != 1 {
		t.Errorf("%s: %d headings", path, headings)
	}
}

// Another operator, whose policy has other ids for everything, has the pages
// that its policy gives a ground to, and offers the purposes of its own.
func TestAnotherOperator(t *testing.T) {
	b := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "fernhill")
	office := "office." + b.Parent
	get := func(c *colleague, path string) int { return c.Do(http.MethodGet, office, path, "", "").StatusCode }
	support, officer := b.as(identity.Support), b.as(identity.Officer)
	for path, want := range map[string][2]int{
		"/": {200, 200}, "/people-search": {200, 200}, "/enquiries": {200, 200}, "/firms": {200, 404}, "/policy": {200, 200}, "/data-map": {404, 200}, "/evidence": {200, 200}, "/work": {404, 200}, "/audit": {404, 200},
	} {
		if got := [2]int{get(support, path), get(officer, path)}; got != want {
			t.Errorf("%s: %v, want %v %s", path, got, want, b.Logged)
		}
	}
	_, form := officer.Do(http.MethodGet, office, "/people-search", "", "").Fields("find-person")
	if want := []string{"answering", "requests", "decisions", "warrants", "watch"}; !slices.Equal(form["purpose"], want) {
		t.Errorf("the steward is offered %v", form["purpose"])
	}
}
