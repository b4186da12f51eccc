package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"candour/internal/web"
	"candour/internal/web/door"
	"candour/internal/web/webtest"
)

// closed is every value that a label may have.
func closed(b *webtest.Bench) map[string][]string {
	sets := map[string][]string{
		"surface": {"none"}, "route": {"none", "no route", "unknown host", web.VersionPath(1)}, "class": {"none", "1xx", "2xx", "3xx", "4xx", "5xx"},
		"code": {door.CookieUndeclared, door.CookieUnagreed, door.CookieAttributes, door.CookieMalformed, door.CookieFound, "form.cross-origin",
			"form.too-large", "form.type", "form.malformed", "form.forged", "form.too-many", "form.robot", "form.wording", "form.newer", "form.code",
			"form.fields", "form.stamp", "form.quick", "form.stale", "form.replay"},
		"outcome": {"accepted", "refused", "mixed", "objected", "seen"},
	}
	for _, s := range b.InForce().Profile.Policy.Surfaces {
		sets["surface"] = append(sets["surface"], s.ID)
	}
	for _, p := range b.Website.Patterns() {
		_, path, _ := strings.Cut(p, " ")
		sets["route"] = append(sets["route"], path)
	}
	return sets
}

// R9: metrics count, and know nobody: whatever a client sends, no label is
// outside of its closed set.
func TestMetricsHaveClosedLabels(t *testing.T) {
	b := webtest.Open(t, "invoco")
	const planted = "planted-7f3a"
	br := b.Browser()
	br.Cookies[planted] = planted
	for _, path := range []string{"/", "/" + planted, "/privacy/versions/1", "/privacy/versions/" + planted, "/images/" + planted, "/?" + planted, "/newsletter/leave?token=" + planted} {
		br.Get(path)
	}
	for _, host := range []string{planted + ".example", "portal." + b.Parent, planted + "." + b.Parent, ""} {
		br.Do(http.MethodGet, host, "/"+planted, "", "")
	}
	br.Do(strings.ToUpper(strings.ReplaceAll(planted, "-", "")), b.Parent, "/", "", "")
	br.Post("/contact", url.Values{planted: {planted}})
	br.Post("/consent?back=/"+planted, url.Values{"choice": {planted}})
	br.Header.Set("Sec-Fetch-Site", "cross-site")
	br.Post("/"+planted, url.Values{})

	r := prometheus.NewPedanticRegistry()
	r.MustRegister(b.Site)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sets := closed(b)
	for _, f := range families {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				if !slices.Contains(sets[l.GetName()], l.GetValue()) {
					t.Errorf("%s: the label %s=%q is of no closed set", f.GetName(), l.GetName(), l.GetValue())
				}
			}
		}
	}
	if len(families) != 3 { // nobody decided
		t.Errorf("%d families", len(families))
	}
}

// What was decided is counted by what it came to.
func TestDecisionsAreCounted(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for _, c := range []struct {
		path   string
		values url.Values
	}{
		{"/consent", url.Values{"choice": {"accept"}}}, {"/consent", url.Values{"choice": {"reject"}}}, {"/consent", url.Values{"choice": {"reject"}}},
		{"/consent", url.Values{"choice": {"save"}, "analytics": {"yes"}}}, {"/objection", nil}, {"/objection/end", nil},
	} {
		br := b.Browser()
		w, err := b.Wording(b.InForce().Profile.Policy, "website")
		if err != nil {
			t.Fatal(err)
		}
		if a := br.Post(c.path+"?back=%2F&group=statistics&shown="+web.Shown(w), c.values); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d", c.path, a.StatusCode)
		}
	}
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(b.Site)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "candour_consent_decisions_total" {
				got[m.Label[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	if want := (map[string]float64{"accepted": 1, "ended": 1, "mixed": 1, "objected": 1, "refused": 2}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
