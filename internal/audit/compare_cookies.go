package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"candour/policy"
)

// clockSlack is by how much a cookie's end may lie beyond the declared
// lifetime: the clocks of server and browser differ, and looking takes time.
const clockSlack = 5 * time.Minute

// cookies compares the cookies of one look. before holds the cookies that
// other sites had set when consent stood: a site cannot delete those (R27), so
// that they are still there after a withdrawal is no difference.
func (c *comparison) cookies(p *visit, before map[string]bool) {
	for _, k := range p.cookies {
		key := k.Name + ";" + k.Domain
		foreign := !under(k.Domain, c.site.parent) && !under(c.site.parent, k.Domain)
		if p.State == Accepted && foreign {
			before[key] = true
		}
		if p.State == Withdrawn && foreign && before[key] && !k.New {
			continue
		}
		d, ok := c.declaredCookie(k, p.Surface)
		if !ok {
			c.found.add(p, KindCookieUndeclared, k.Name, "the cookie "+k.Name+setBy(k, c.site.parent), c.elsewhere(k.Name, "cookie"))
			continue
		}
		if d.Historical {
			c.found.add(p, KindCookieUndeclared, k.Name, "the cookie "+k.Name+setBy(k, c.site.parent), "that it is no longer set")
			continue
		}
		if fine, why := c.allowed(d.Group, p.State); !fine {
			c.found.add(p, KindCookieWithoutConsent, k.Name, "the cookie "+k.Name+setBy(k, c.site.parent), why)
		}
		if k.New {
			c.attributes(p, k, d)
		}
	}
}

// setBy says who set a cookie and for whom, never its value.
func setBy(k cookie, parent string) string {
	s := ""
	switch {
	case k.By == byServer && !k.Stored:
		s = " in a header that the browser refused"
	case k.By == byServer:
		s = " set by the server"
	case k.By == byScript:
		s = " set by script"
	}
	if !under(k.Domain, parent) {
		s += " for " + k.Domain
	}
	return s
}

// declaredCookie finds what the policy says of a cookie. One that is kept for
// a single host belongs to that host's surface, whatever page it was seen on.
func (c *comparison) declaredCookie(k cookie, surface string) (*policy.Cookie, bool) {
	if f, ok := c.site.hosts[k.Domain]; ok && k.HostOnly {
		surface = f.ID
	}
	kinds := func(d policy.Cookie) bool { return d.Storage == "cookie" && d.Matches(k.Name) }
	best := -1
	for i, d := range c.policy.Cookies {
		if !kinds(d) {
			continue
		}
		// A cookie for all hosts is sent to every surface, so it may be met
		// on others than those that set it.
		onSurface := slices.Contains(d.Surfaces, surface) || (!k.HostOnly && d.Scope == "parent" && !k.New)
		if onSurface && (best < 0 || d.Name == k.Name) {
			best = i
		}
	}
	if best < 0 {
		return nil, false
	}
	return &c.policy.Cookies[best], true
}

// elsewhere says that something is not declared, or only for other surfaces.
func (c *comparison) elsewhere(name, storage string) string {
	var on []string
	for _, d := range c.policy.Cookies {
		if d.Storage == storage && d.Matches(name) {
			on = append(on, d.Surfaces...)
		}
	}
	if len(on) == 0 {
		return "nothing of that name"
	}
	return "it for " + strings.Join(on, ", ") + " only"
}

// attributes compares how a cookie is set. Only what weakens it counts: what
// is stricter than declared does nobody harm.
func (c *comparison) attributes(p *visit, k cookie, d *policy.Cookie) {
	report := func(subject, seen, declared string) {
		c.found.add(p, KindCookieAttribute, k.Name, "the cookie "+k.Name+" "+seen, subject+" "+declared)
	}
	if d.HTTPOnly && !k.HTTPOnly {
		report("HttpOnly", "can be read by script", "true")
	}
	if d.Secure && !k.Secure {
		report("Secure", "is also sent without encryption", "true")
	}
	if d.SameSite != "" && strictness[d.SameSite] > strictness[k.SameSite] {
		report("SameSite", "has SameSite "+orDefault(k.SameSite), d.SameSite)
	}
	if d.Scope == "host" && !k.HostOnly {
		report("scope", "is sent to every host under "+k.Domain, "host")
	}
	switch {
	case k.Expires.IsZero():
	case d.Lifetime.IsZero():
		report("lifetime", "outlives the browser by "+days(k.Expires.Sub(k.At)), "until the browser closes")
	case k.Expires.After(d.Lifetime.From(k.At).Add(clockSlack)):
		report("lifetime", "lasts "+days(k.Expires.Sub(k.At)), d.Lifetime.String())
	}
	switch {
	case k.By == byServer && d.SetBy == "script":
		c.found.add(p, KindCookieSetter, k.Name, "the cookie "+k.Name+" is set by the server", "that script sets it")
	case k.By == byScript && d.SetBy != "script":
		c.found.add(p, KindCookieSetter, k.Name, "the cookie "+k.Name+" is set by script", "that the "+d.SetBy+" sets it")
	}
}

// strictness orders SameSite. A cookie without the attribute is treated as
// Lax by browsers (RFC 6265bis section 5.6.7.1).
var strictness = map[string]int{"none": 1, "": 2, "lax": 2, "strict": 3}

func orDefault(sameSite string) string {
	if sameSite == "" {
		return "not given"
	}
	return sameSite
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Minute).String()
	}
	return fmt.Sprintf("%d days", int(d.Round(24*time.Hour).Hours()/24))
}

// entries compares other kinds of storage (L23).
func (c *comparison) entries(p *visit) {
	for _, e := range p.entries {
		surface := p.Surface
		for host, f := range c.site.hosts {
			if hostOf(e.Origin) == host {
				surface = f.ID
			}
		}
		i := slices.IndexFunc(c.policy.Cookies, func(d policy.Cookie) bool {
			return d.Storage == e.Storage && d.Matches(e.Name) && slices.Contains(d.Surfaces, surface)
		})
		seen := fmt.Sprintf("the entry %s in %s", e.Name, e.Storage)
		if !under(hostOf(e.Origin), c.site.parent) {
			seen += " of " + e.Origin
		}
		if i < 0 {
			c.found.add(p, KindStorageUndeclared, e.Name, seen, c.elsewhere(e.Name, e.Storage))
			continue
		}
		if fine, why := c.allowed(c.policy.Cookies[i].Group, p.State); !fine {
			c.found.add(p, KindStorageNoConsent, e.Name, seen, why)
		}
	}
}
