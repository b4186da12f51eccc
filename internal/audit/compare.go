package audit

import (
	"net/url"
	"slices"

	"candour/policy"
)

// Difference is one thing that was seen and is not as the policy declares.
type Difference struct {
	State    State    `json:"state"`           // in which it was first seen
	Roles    []string `json:"roles,omitempty"` // whose sign-ins saw it; Visitor for none of them, and nothing if no other did
	Also     []State  `json:"also,omitempty"`  // later states with the same
	Page     string   `json:"page"`            // on which it was first seen
	Pages    int      `json:"pages"`           // on how many pages, in all states together
	Kind     string   `json:"kind"`            // one of the Kind constants
	Subject  string   `json:"subject"`         // name of the cookie, host, field and so on
	Seen     string   `json:"seen"`            // what was seen
	Declared string   `json:"declared"`        // what the policy declares
	Requires []string `json:"requires"`        // the obligations it touches
}

// Kinds of differences. They are stable.
const (
	KindCookieUndeclared     = "cookie.undeclared"
	KindCookieWithoutConsent = "cookie.without-consent"
	KindCookieAttribute      = "cookie.attribute"
	KindCookieSetter         = "cookie.setter"
	KindStorageUndeclared    = "storage.undeclared"
	KindStorageNoConsent     = "storage.without-consent"
	KindRequestUndeclared    = "request.undeclared"
	KindRequestNoConsent     = "request.without-consent"
	KindFieldUndeclared      = "field.undeclared"
	KindFieldReason          = "field.reason"
	KindFieldOptional        = "field.optional"
	KindFieldTicked          = "field.ticked"
	KindPermissionUndeclared = "permission.undeclared"
	KindPermissionTiming     = "permission.timing"
	KindPermissionsPolicy    = "permissions-policy"
	KindCSP                  = "content-security-policy"
	KindLinkUnmarked         = "link.unmarked"
	KindPreload              = "link.preload"
	KindConsentMissing       = "consent.missing"
	KindConsentUnequal       = "consent.unequal"
	KindConsentAgain         = "consent.asked-again"
	KindConsentWithdrawal    = "consent.withdrawal"
)

// obligations are the requirements that kinds of differences touch.
var obligations = map[string][]string{
	KindCookieUndeclared:     {"R25", "L22"},
	KindCookieWithoutConsent: {"R25", "R27", "L22"},
	KindCookieAttribute:      {"R25"},
	KindCookieSetter:         {"R25"},
	KindStorageUndeclared:    {"R25", "L23"},
	KindStorageNoConsent:     {"R25", "L23"},
	KindRequestUndeclared:    {"R26"},
	KindRequestNoConsent:     {"R26", "L22"},
	KindFieldUndeclared:      {"R7"},
	KindFieldReason:          {"R7"},
	KindFieldOptional:        {"R7"},
	KindFieldTicked:          {"L23"},
	KindPermissionUndeclared: {"R11"},
	KindPermissionTiming:     {"R11"},
	KindPermissionsPolicy:    {"R11"},
	KindCSP:                  {"R26"},
	KindLinkUnmarked:         {"R4"},
	KindPreload:              {"R4"},
	KindConsentMissing:       {"R25", "L22"},
	KindConsentUnequal:       {"L23"},
	KindConsentAgain:         {"L23"},
	KindConsentWithdrawal:    {"R27", "L23"},
}

// findings collects differences and folds what repeats.
type findings struct {
	list []Difference
	at   map[string]int
	seen map[string]bool // difference, state and page
}

// add notes a difference on a page.
func (f *findings) add(p *visit, kind, subject, seen, declared string) {
	if f.at == nil {
		f.at, f.seen = map[string]int{}, map[string]bool{}
	}
	key := kind + "\x00" + subject + "\x00" + seen + "\x00" + declared
	page := withoutQuery(p.URL)
	if once := key + "\x00" + p.Role + "\x00" + string(p.State) + "\x00" + page; f.seen[once] {
		return
	} else {
		f.seen[once] = true
	}
	i, ok := f.at[key]
	if !ok {
		f.at[key] = len(f.list)
		f.list = append(f.list, Difference{State: p.State, Roles: rolesOf(p), Page: page, Pages: 1, Kind: kind, Subject: subject, Seen: seen, Declared: declared, Requires: obligations[kind]})
		return
	}
	d := &f.list[i]
	d.Pages++
	d.Roles = withRole(d.Roles, p.Role)
	if p.State != d.State && !slices.Contains(d.Also, p.State) {
		d.Also = append(d.Also, p.State)
	}
}

// withoutQuery shortens an address for people; a query can hold a token.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.RawQuery, u.Fragment, u.User = "", "", nil
	return u.String()
}

// compare returns every difference between what was seen and the policy.
func compare(s *site, pages []*visit, asked choicesSeen) []Difference {
	var f findings
	c := comparison{site: s, policy: s.policy, found: &f, sent: map[string][]place{}}
	c.learn(pages)
	before := map[string]bool{} // cookies of others that stood before the withdrawal
	for _, p := range pages {
		if p.Surface == "" {
			continue // led away from the surfaces; that it did is noted
		}
		c.banner(p)
		c.cookies(p, before)
		c.entries(p)
		c.requests(p)
		c.fields(p)
		c.permissions(p)
		c.permissionsPolicy(p)
		c.contentSecurity(p)
		c.links(p)
	}
	c.ways(pages, asked)
	return f.list
}

// comparison is one run of compare.
type comparison struct {
	site   *site
	policy *policy.Policy
	found  *findings
	// sent holds where each declared form is sent from the page it is declared
	// for, by the form's id: the same form may be shown on other pages.
	sent map[string][]place
}

// allowed reports whether what is in a cookie group may be there in a state,
// and why not in words.
func (c *comparison) allowed(group string, s State) (bool, string) {
	g, ok := c.policy.GroupByID(group)
	if !ok {
		return false, "no cookie group for it"
	}
	if !g.Consent || s == Accepted {
		return true, ""
	}
	words := map[State]string{First: "not given yet", Refused: "refused", Withdrawn: "withdrawn"}
	return false, "that it needs consent to \"" + g.Title + "\", here " + words[s]
}

// banner compares the consent message with what the surface needs.
func (c *comparison) banner(p *visit) {
	u, err := url.Parse(p.URL)
	if err != nil {
		return
	}
	needs := c.site.needsChoice(p.Surface)
	switch {
	case p.half:
		c.found.add(p, KindConsentUnequal, "consent message", "a consent message that can be accepted but not refused as easily", "optional cookies, so refusing is as easy as accepting")
	case p.State == First && needs && !p.banner && u.Path == "/":
		c.found.add(p, KindConsentMissing, "consent message", "no consent message with both an accept and a reject button", "optional cookies on this surface, which need a choice")
	case p.State != First && p.banner:
		c.found.add(p, KindConsentAgain, "consent message", "the consent message again after a choice was made", "a choice that holds for "+c.policy.Settings.ConsentPeriod.String())
	}
}

// ways compares how a person could decide with what the policy needs.
func (c *comparison) ways(pages []*visit, asked choicesSeen) {
	if asked.nobody {
		return
	}
	if !slices.ContainsFunc(c.policy.Surfaces, func(f policy.Surface) bool {
		return c.site.needsChoice(f.ID) && slices.ContainsFunc(pages, func(p *visit) bool { return p.Surface == f.ID })
	}) {
		return
	}
	start := c.site.start.String()
	if !asked.refused {
		c.found.add(&visit{State: Refused, URL: start}, KindConsentMissing, "reject all", "no button to reject all, neither here nor on the cookie page", "optional cookies, which a person may refuse")
	}
	if !asked.accepted {
		c.found.add(&visit{State: Accepted, URL: start}, KindConsentMissing, "accept all", "no button to accept all, neither here nor on the cookie page", "optional cookies, which a person may accept")
	}
	if asked.accepted && !asked.withdrawn {
		c.found.add(&visit{State: Withdrawn, URL: asked.cookiePage}, KindConsentWithdrawal, "withdrawal", "no button to reject all on the cookie page", "consent, which is as easy to withdraw as to give (UK GDPR Article 7(3))")
	}
}
