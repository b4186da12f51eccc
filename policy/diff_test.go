package policy_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
	"unicode/utf8"

	"candour/policy"
)

// edited is the good policy with some texts replaced.
func edited(t *testing.T, edits ...string) *policy.Policy {
	t.Helper()
	folder := goodFolder(t)
	text := string(folder["policy.yaml"].Data)
	for i := 0; i+1 < len(edits); i += 2 {
		text = replaceOnce(t, text, edits[i], edits[i+1])
	}
	folder["policy.yaml"] = &fstest.MapFile{Data: []byte(text)}
	p, faults := policy.Load(folder)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p.Policy
}

func TestDiffTellsMeaning(t *testing.T) {
	const newCookie = "  - id: extra\n    name: extra\n    group: analytics\n    party: first\n    set_by: server\n    storage: cookie\n    surfaces: [website]\n    purpose: Counts.\n    lifetime: P1D\n"
	const newPurpose = "  - id: art\n    title: Art\n    description: Art.\n    uses:\n      - {categories: [person.name], basis: contract, retention: year}\n"
	for _, c := range []struct {
		name     string
		edits    []string
		kind, id string
		tell     bool
		ask      []string
	}{
		{"new purpose", []string{"\nretention:\n", newPurpose + "\nretention:\n"}, "purpose.added", "art", true, nil},
		{"longer retention", []string{"period: P6Y", "period: P7Y"}, "retention.longer", "books/person.name", true, nil},
		{"shorter retention", []string{"period: P6Y", "period: P5Y"}, "retention.shorter", "books/person.name", false, nil},
		{"limit gone", []string{"    limit: P2Y\n    then: erase\n    reason: You may", "    then: erase\n    reason: You may"}, "retention.longer", "enquiries/person.name,contact.email", true, nil},
		{"another event", []string{"event: enquiry.closed", "event: contract.ended"}, "retention.changed", "enquiries/person.name,contact.email", true, nil},
		{"basis", []string{"basis: contract", "basis: legitimate-interests"}, "basis.changed", "calls/call.traffic,person.name", true, nil},
		{"category for analysis", []string{"categories: [site.activity]\n        basis", "categories: [site.activity, person.name]\n        basis"}, "purpose.category-added", "analysis", true, []string{"analytics"}},
		{"new cookie", []string{"\nintegrations:", newCookie + "\nintegrations:"}, "cookie.added", "extra", true, []string{"analytics"}},
		{"cookie lives longer", []string{"lifetime: P400D", "lifetime: P399D"}, "cookie.shorter", "stats", false, nil},
		{"necessary cookie lives longer", []string{"lifetime: P180D", "lifetime: P181D"}, "cookie.longer", "choice", true, nil},
		{"cookie elsewhere", []string{"surfaces: [website]\n    scope: parent", "surfaces: [website, softphone]\n    scope: parent"}, "cookie.surface-added", "stats", true, []string{"analytics"}},
		{"recipient moves away", []string{"region: GB", "region: IN"}, "recipient.region", "carriers", true, nil},
		{"recipient gets more", []string{"categories: [site.activity]\n    region", "categories: [site.activity, person.name]\n    region"}, "recipient.category-added", "stats", true, []string{"analytics"}},
		{"integration reaches further", []string{"[https://in.stats.example.com]", "[https://in.stats.example.com, https://x.stats.example.com]"}, "integration.source-added", "stats", true, []string{"analytics"}},
		{"permission mandatory", []string{"    required: optional\n    without: You say it in words.\n\nforms", "    required: mandatory\n\nforms"}, "permission.mandatory", "location", true, nil},
		{"storage", []string{"regions: [EEA, GB]", "regions: [EEA, GB, NO]"}, "storage.region-added", "NO", true, nil},
		{"no signal", []string{"global_privacy_control: true", "global_privacy_control: false"}, "setting.privacy-control-off", "global_privacy_control", true, nil},
		{"new controller", []string{"name: Example Telecom Ltd", "name: Another Ltd"}, "operator.changed", "example", true, []string{"analytics"}},
		{"actor", []string{"purposes: [enquiries]", "purposes: [enquiries, care]"}, "actor.wider", "support", false, nil},
		{"form", []string{"category: contact.email\n", "category: needs.care\n"}, "form.field-added", "contact", false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes := policy.Diff(edited(t), edited(t, c.edits...))
			i := slices.IndexFunc(changes, func(d policy.Change) bool { return d.Kind == c.kind && d.ID == c.id })
			if i < 0 {
				t.Fatalf("no %s of %s in %+v", c.kind, c.id, changes)
			}
			if d := changes[i]; d.Tell != c.tell || !slices.Equal(d.AskGroups, c.ask) || d.AskAgain != (len(c.ask) > 0) || d.What == "" {
				t.Errorf("%+v", d)
			}
		})
	}
}

// What is said of a change is for people: whole sentences, in which things are
// called by their titles and never by an id.
var paths = regexp.MustCompile(`is now at /\S+`)

func TestDiffSpeaksPlainly(t *testing.T) {
	load := func(operator string) *policy.Policy {
		p, faults := policy.Load(os.DirFS("../operators/" + operator))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		return p.Policy
	}
	a, b := load("invoco"), load("fernhill")
	var ids []string
	for _, p := range []*policy.Policy{a, b} {
		for _, kind := range []string{"category", "purpose", "retention", "recipient"} {
			for _, id := range p.Names(kind) {
				if strings.ContainsAny(id, ".-") { // others are words as well
					ids = append(ids, id)
				}
			}
		}
	}
	if len(ids) < 40 {
		t.Fatal(ids)
	}
	changes := slices.Concat(policy.Diff(a, b), policy.Diff(b, a))
	for _, c := range changes {
		first, _ := utf8.DecodeRuneInString(c.What)
		if !unicode.IsUpper(first) && first != '“' || !strings.HasSuffix(c.What, ".") || strings.HasSuffix(c.What, "..") {
			t.Errorf("no sentence: %s", c.What)
		}
		words := paths.ReplaceAllString(c.What, "")
		for _, id := range ids {
			if strings.Contains(words, id) {
				t.Errorf("%s stands in %q", id, c.What)
			}
		}
	}
	said := func(want string, edits ...string) {
		t.Helper()
		if got := policy.Diff(edited(t), edited(t, edits...)); !slices.ContainsFunc(got, func(c policy.Change) bool { return c.What == want }) {
			t.Errorf("no %q in %+v", want, got)
		}
	}
	said("For “Answering you” we keep “Name” and “E-mail address” longer: two years (before: one year after your question is closed).",
		"title: one year after your question is closed\n    event: enquiry.closed\n    period: P1Y", "title: two years\n    event: enquiry.closed\n    period: P2Y")
	said("The cookie _st_* (“Analytics”) is kept until you close the browser instead of 400 days.", "    lifetime: P400D\n", "")
	said("For “Keeping the books” we keep “Name” less long: five years (before: six years).", "title: six years\n    event: collected\n    period: P6Y", "title: five years\n    event: collected\n    period: P5Y")
}

func TestDiffIgnoresWording(t *testing.T) {
	changes := policy.Diff(edited(t), edited(t, "title: Similar offers", "title: Offers", "version: 3", "version: 4",
		"reason: So that our answer reaches you.", "reason: To answer.", "period: P1Y\n    limit", "period: P12M\n    limit"))
	if len(changes) != 0 {
		t.Errorf("%+v", changes)
	}
}

func TestDiffIsEmptyBackAndForth(t *testing.T) {
	a, b := edited(t), edited(t, "lifetime: P400D", "lifetime: P30D")
	if there, back := policy.Diff(a, b), policy.Diff(b, a); policy.MustTell(there) || !policy.MustTell(back) {
		t.Errorf("%+v\n%+v", there, back)
	}
	if c := policy.Diff(a, a); len(c) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestChangesReadAsText(t *testing.T) {
	var b bytes.Buffer
	changes := policy.Diff(edited(t), edited(t, "lifetime: P400D", "lifetime: P30D", "period: P6Y", "period: P7Y", "[https://in.stats.example.com]", "[https://in2.stats.example.com]"))
	if err := policy.WriteChanges(&b, changes); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"! For “Keeping the books” we keep “Name” longer: 7 years after it is collected (before: 6 years after it is collected). [retention.longer books/person.name]\n",
		"  The cookie _st_* (“Analytics”) is kept for 30 days instead of 400 days. [cookie.shorter stats]\n",
		"? Our pages now also reach https://in2.stats.example.com for content of “Stats Inc” (“Analytics”). [integration.source-added stats]\n",
		"! People must be told before this applies.\n", "? Consent must be asked again for: analytics.\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
