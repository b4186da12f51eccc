package policy_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"candour/policy"
	"candour/policy/lint"
)

// seed is one slip of the kind people make: in a file of the good folder, text
// old becomes new. The one fault must stand at mark, which is part of the new
// text (or of the text around it), and say what and cure.
type seed struct {
	file, old, new string
	mark           string
	what, cure     string
}

const pol = policy.PolicyFile

var seeds = []seed{
	// Form of the YAML.
	{pol, "version: 3\n", "version: 3\nversion: 4\n", "version: 4", "the key \"version\" stands twice; the first is on line 2", "keep one"},
	{pol, "regions: [EEA, GB]", "regions: &here [EEA, GB]", "&here", "the anchor &here", "write the value out"},
	{pol, "consent_period: P6M", "consent_period: !!str P6M", "!!str", "the tag !!str", "take the tag out"},
	{pol, "  announce_period: P30D", "\tannounce_period: P30D", "\tannounce_period", "indented with a tab", "indent with spaces"},
	{pol, "title: Support\n", "title: Support: us\n", "title: Support: us", "not readable as YAML", "quotes"},
	{pol, "name: Stats Inc", "name: \"Stats Inc", "name: \"Stats Inc", "not readable as YAML", ""},
	{pol, "what: Carry calls.", "what: @ calls", "what: @ calls", "not readable as YAML", "quotes"},
	{pol, "language: en-GB", "language: en-GB\n---\nversion: 4", "---\nversion: 4", "a second document", "one document"},
	{pol, "vat: GB123456789", "vat: GB\x00", "\x00", "control character", "take it out"},
	{pol, "vat: GB123456789", "vat: GB\xff", "  vat: GB\xff", "not UTF-8", "UTF-8"},
	{pol, "scope: parent\n    purpose: Tells", "scope: parent\n    <<: {lifetime: P1D}\n    purpose: Tells", "<<", "merge key", "write the keys out"},
	// Keys.
	{pol, "short_name: Example", "shortname: Example", "shortname", `"shortname" is no key of the operator`, `did you mean "short_name"?`},
	{pol, "    basis: contract", "    bassis: contract", "bassis", `"bassis" is no key of the use`, `did you mean "basis"?`},
	{pol, "lookup: true", "searchable: true", "searchable", `"searchable" is no key of category contact.email`, "use one of"},
	{pol, "retention:\n  - id: enquiry", "retentions:\n  - id: enquiry", "retentions", `"retentions" is no key of the policy`, `did you mean "retention"?`},
	{pol, "  name: Example Telecom Ltd\n", "", "id: example", "the operator has no name", "add name:"},
	{pol, "    title: News you asked for\n", "", "id: news", "purpose news has no title", "add title:"},
	{pol, "    region: US\n", "", "id: stats\n    name: Stats", "recipient stats has no region", "add region:"},
	{pol, "settings:\n  consent_period: P6M\n", "settings:\n", "global_privacy_control", "settings has no consent_period", "add consent_period:"},
	// Types.
	{pol, `telephone: "01632 960 001"`, "telephone: 01632960001", "01632960001", "is not in quotes, so YAML reads it as a number", `"01632960001"`},
	{pol, `telephone: "01632 960 002"`, "telephone: +441632960002", "+441632960002", "is not in quotes, so YAML reads it as a number", `"+441632960002"`},
	{pol, `company_number: "01234567"`, "company_number: 01234567", "01234567", "reads it as a number", `"01234567"`},
	{pol, "name: Other networks", "name: true", "true", "not in quotes", `"true"`},
	{pol, "title: six years", "title: 2026-01-01", "2026-01-01", "not in quotes", `"2026-01-01"`},
	{pol, "version: 3", "version: three", "three", "version must be a whole number, but is the text \"three\"", "version: 1"},
	{pol, "version: 3", "version: -1", "-1", "version is -1", "1 or more"},
	{pol, "version: 3", "version: 99999999999999999999", "99999999999999999999", "whole number", "version: 1"},
	{pol, "lookup: true", "lookup: \"yes\"", "\"yes\"", "lookup must be true or false", "without quotes"},
	{pol, "purposes: [enquiries]\n", "purposes: enquiries\n", "enquiries\n\ncategories", "purposes must be a list", "[ ... ]"},
	{pol, "name: Example Telecom Ltd", "name: [Example, Telecom]", "[Example", "name must be text, but is a list", "write name:"},
	{pol, "storage:\n  regions: [EEA, GB]", "storage: [EEA, GB]", "[EEA, GB]", "storage must be keys with values", "regions"},
	{pol, "sources:\n      script-src: [https://cdn.stats.example.com]\n      connect-src: [https://in.stats.example.com]", "sources: [https://cdn.stats.example.com]", "[https://cdn", "sources must be keys with values", "one key a line"},
	{pol, "period: P6Y", "period: six years", "six years\n    then", "is not a period", "P2Y"},
	{pol, "period: P6Y", "period: 6", "6\n    then", "is not a period", "P2Y"},
	{pol, "lifetime: P180D", "lifetime: [P180D]", "[P180D]", "lifetime must be a period, but is a list", "P6M"},
	{pol, "title: Similar offers", "title: ~", "~", "title has no value", "write"},
	{pol, "title: Similar offers", "title: \"  \"", "\"  \"", "title is empty", "write"},
	{pol, "surfaces: [softphone]\n    categories: [location.precise]", "surfaces: []\n    categories: [location.precise]", "[]", "surfaces is empty", "at least one"},
	// Values.
	{pol, "kind: app", "kind: apps", "apps", `"apps" is no kind`, `did you mean "app"?`},
	{pol, "    basis: contract", "    basis: agreement", "agreement", `"agreement" is no basis`, "use one of contract, consent"},
	{pol, "source: observed\n    required: optional\n    reason: So that we can", "source: watched\n    required: optional\n    reason: So that we can", "watched", `"watched" is no source`, "use one of given"},
	{pol, "same_site: strict", "same_site: Strict", "Strict", `"Strict" is no same_site`, `did you mean "strict"?`},
	{pol, "safeguard: data-bridge", "safeguard: privacy-shield", "privacy-shield", `"privacy-shield" is no safeguard`, "use one of"},
	{pol, "region: US", "region: America", "America", `"America" is not a region`, "GB for the United Kingdom"},
	{pol, "email: privacy@example.net", "email: privacy at example.net", "privacy at", "is not an e-mail address", "support@example.net"},
	{pol, "domain: example.net", "domain: https://example.net/", "https://example.net/\n", "is not a host name", "without https://"},
	{pol, "website: https://ico.org.uk/", "website: ico.org.uk", "ico.org.uk", "is not an address", "https address"},
	{pol, "website: https://ico.org.uk/", "website: javascript:alert(1)", "javascript:alert(1)", "is not an address", "https address"},
	{pol, "id: contact.email", "id: Contact E-mail", "Contact E-mail", "is not an id", "lower-case"},
	{pol, "path: /contact", "path: contact", "contact\n    purpose", "is not a path", "/contact"},
	{pol, "name: _st_*", "name: _st_*x*", "_st_*x*", "is not a cookie's name", "single *"},
	{pol, "name: formGuard\n    role", "name: form guard\n    role", "form guard", "is not a cookie's name", "exact name"},
	{pol, "language: en-GB", "language: English", "English", "is not a language", "en-GB"},
	{pol, `telephone: "0303 123 1113"`, `telephone: "ring us"`, `"ring us"`, "is not a telephone number", "01632"},
	// The same thing twice.
	{pol, "  - id: tax\n", "  - id: year\n", "year\n    title: six", `"year" stands twice in retention`, "keep one"},
	{pol, "purposes: [enquiries]\n", "purposes: [enquiries, enquiries]\n", "enquiries]\n\ncategories", `"enquiries" stands twice in purposes`, "keep one"},
	// Meaning, by the rules.
	{pol, "recipients: [stats]", "recipients: [stat]", "stat]", `there is no recipient "stat"`, `did you mean "stats"?`},
	{pol, "retention: tax\n", "retention: taxes\n", "taxes", `there is no retention class "taxes"`, `did you mean "tax"?`},
	{pol, "group: analytics\n    party", "group: analytic\n    party", "analytic\n", `there is no cookie group "analytic"`, `did you mean "analytics"?`},
	{pol, "regions: [EEA, GB]", "regions: [EEA, US]", "US]", "personal data is kept in US", "keep it in EEA or GB"},
	{pol, "lifetime: P400D", "lifetime: P401D", "P401D", "cookie stats lives for 401 days", "P400D"},
	{pol, "        condition: explicit-consent\n", "", "needs.care]\n        basis", "special category needs.care without a condition", "explicit-consent"},
	{pol, "    consent: true\n", "", "analytics\n    title: Analytics", "neither asks for consent nor claims an exemption", "add consent: true"},
	{pol, "basis: contract", "basis: consent", "year\n    recipients: [carriers]", "rests on consent, but retention class year counts from collected", "consent.withdrawn"},
	{pol, "  - {id: portability, title: Portability, description: In a file., article: Art 20, how: Ask us.}\n", "", "- {id: informed", "the rights leave out portability", "add each"},
	// Words.
	{"notice.md", "{{basis consent}}", "{{basis consent", "{{basis consent", "opened with {{ and not closed", "}}"},
	{"notice.md", "{{basis consent}}", "{{bases consent}}", "{{bases", `"bases" is no kind of placeholder`, `did you mean "basis"?`},
	{"notice.md", "{{basis consent}}", "{{basis}}", "{{basis}}", "names nothing", "write a kind and an id"},
	{"notice.md", "{{basis consent}}", "{{basis consents}}", "{{basis consents", `basis "consents" is not declared`, `did you mean "consent"?`},
	{"notice.md", "{{list rights}}", "Here: {{list rights}}", "{{list rights}}", "shares its line with other text", "alone on its line"},
	{"notice.md", "{{table retention}}", "{{table retentions}}", "{{table retentions}}", `there is no table of "retentions"`, `did you mean "retention"?`},
	{"notice.md", "kind=app}}", "kinds=app}}", "{{table categories kinds", `takes no argument "kinds"`, `did you mean "kind"?`},
	{"notice.md", "{#long}", "{#why}", "## 4.", `the anchor "why" stands twice; the first is on line`, "an anchor of its own"},
	{"notice.md", "{#long}", "{#How long}", "## 4.", "is not an anchor", "lower-case"},
	{"notice.md", "you may take it back", "write to me@example.net", "me@example.net", "the e-mail address me@example.net is not declared", "{{operator support.email}}"},
	// Cases, look and pages.
	{"policy_test.yaml", "purpose: offers, objected", "purpose: offer, objected", "offer, objected", `there is no purpose "offer"`, `did you mean "offers"?`},
	{"policy_test.yaml", "expect: objected", "expect: refused", "refused", `"refused" is no expect`, "use one of allowed"},
	{"policy_test.yaml", "actor: support, category: person.name, purpose: enquiries, expect: allowed", "category: person.name, purpose: enquiries, expect: allowed", "{name: support reads", "neither an actor nor a surface", "add actor:"},
	{"brand.yaml", `brand: "#0b5c6b"`, `brand: "teal; } body { display: none"`, `"teal;`, "is not a colour", "#1b4d5c"},
	{"brand.yaml", "logo: logo.svg", "logo: ../logo.svg", "../logo.svg", "is not a file of the folder", "inside the folder"},
	{"brand.yaml", "logo: logo.svg", "logo: logs.svg", "logs.svg", "there is no file logs.svg", `did you mean "logo.svg"?`},
	{"pages/home.md", "---\ntitle", "title", "title", "no front matter", "line ---"},
	{"pages/home.md", "href: /contact", "href: javascript:alert(1)", "javascript:alert(1)", "is not a link", "/contact"},
	{"pages/home.md", "{{operator support.email}}", "{{operator support.fax}}", "{{operator support.fax", `operator "support.fax" is not declared`, ""},
}

// Sixty and more slips: each is told in one clear line, at the right file, line
// and column, with its cure; nothing panics.
func TestSeededFaults(t *testing.T) {
	if len(seeds) < 60 {
		t.Fatalf("only %d seeds", len(seeds))
	}
	for i, s := range seeds {
		t.Run(fmt.Sprintf("%02d %s", i, strings.TrimSpace(firstLine(s.new))), func(t *testing.T) {
			folder := goodFolder(t)
			text := replaceOnce(t, string(folder[s.file].Data), s.old, s.new)
			folder[s.file] = &fstest.MapFile{Data: []byte(text)}
			p, faults := policy.Load(folder)
			faults = append(faults, lint.Run(p)...).Sort()
			checkSeed(t, s, text, faults)
		})
	}
}

func checkSeed(t *testing.T, s seed, text string, faults policy.Faults) {
	t.Helper()
	if len(faults) != 1 {
		t.Fatalf("%d faults, want one:\n%v", len(faults), faults)
	}
	f := faults[0]
	line, column := place(t, text, s)
	if f.File != s.file || f.Line != line || f.Column != column {
		t.Errorf("%v\nwant it at %s:%d:%d", f, s.file, line, column)
	}
	if !strings.Contains(f.What, s.what) || !strings.Contains(f.Cure, s.cure) || f.Cure == "" {
		t.Errorf("%v\nwant %q; %q", f, s.what, s.cure)
	}
	if strings.ContainsAny(f.String(), "\n\r\x00") {
		t.Errorf("%q is not one line", f.String())
	}
}

// place is where the mark stands in the broken text, looked for from where the
// slip is.
func place(t *testing.T, text string, s seed) (line, column int) {
	t.Helper()
	at := strings.Index(text, s.mark)
	if slip := strings.Index(text, s.new); s.new != "" {
		if n := strings.Index(text[max(0, slip-1):], s.mark); n >= 0 && strings.Contains(s.new, strings.TrimSpace(firstLine(s.mark))) {
			at = max(0, slip-1) + n
		}
	}
	if at < 0 {
		t.Fatalf("no %q in the text", s.mark)
	}
	before := text[:at]
	return strings.Count(before, "\n") + 1, at - strings.LastIndexByte(before, '\n')
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func replaceOnce(t *testing.T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("the good file does not hold %q", old)
	}
	return strings.Replace(text, old, new, 1)
}

func goodFolder(t testing.TB) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("testdata/good"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile("testdata/good/" + name)
		folder[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestGoodFolderHasNoFault(t *testing.T) {
	p, faults := policy.Load(goodFolder(t))
	if faults = append(faults, lint.Run(p)...); len(faults) > 0 {
		t.Error(faults)
	}
	for _, o := range p.RunCases() {
		if !o.Passed {
			t.Errorf("%s: %v", o.Case.Name, o.Got)
		}
	}
}
