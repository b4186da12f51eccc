package audit

import (
	"slices"
	"strings"

	"candour/policy"
)

// featureless maps what browsers ask without a Permissions-Policy feature to
// the ids the policy gives such permissions.
var featureless = map[string][]string{
	"notifications":      {"notifications"},
	"push":               {"notifications"},
	"contacts":           {"contacts"},
	"storage":            {"storage"},
	"persistent-storage": {"storage"},
}

// prompting are the features with which a page can ask a person for something
// about them or their device. Unless a surface declares one, its header closes
// it; what the header does not name stays open to the page itself
// (Permissions Policy, section 9.7).
var prompting = []string{"camera", "microphone", "geolocation", "display-capture", "hid", "usb", "serial", "bluetooth", "midi"}

// permission returns the declared permission that covers a feature on a
// surface.
func (c *comparison) permission(feature, surface string) (*policy.Permission, bool) {
	for i := range c.policy.Permissions {
		d := &c.policy.Permissions[i]
		if slices.Contains(d.Surfaces, surface) && (slices.Contains(d.Features, feature) || slices.Contains(featureless[feature], d.ID)) {
			return d, true
		}
	}
	return nil, false
}

// permissions compares what pages ask the browser for (R11).
func (c *comparison) permissions(p *visit) {
	for _, a := range p.asks {
		if a.API == "Geolocation.watchPosition" {
			c.found.add(p, KindPermissionUndeclared, "geolocation", "a page that follows where the person goes ("+a.API+")", "at most one fix for each press")
		}
		for _, feature := range a.Feature {
			if _, ok := c.permission(feature, p.Surface); !ok {
				c.found.add(p, KindPermissionUndeclared, feature, "a question for "+feature+" ("+a.API+")", "no such permission on this surface")
			} else if !a.Pressed {
				c.found.add(p, KindPermissionTiming, feature, "a question for "+feature+" before anything was pressed ("+a.API+")", "that it is asked just in time")
			}
		}
	}
}

// permissionsPolicy compares the header with what the surface declares.
func (c *comparison) permissionsPolicy(p *visit) {
	if p.header == nil {
		return // from a cache or a worker, without an answer of its own
	}
	lists := parsePermissionsPolicy(strings.Join(p.header.Values("Permissions-Policy"), ","))
	var open []string
	for _, feature := range prompting {
		list, named := lists[feature]
		if _, declared := c.permission(feature, p.Surface); !declared && (!named || len(list) > 0) && !slices.Contains(open, feature) {
			open = append(open, feature)
		}
	}
	for feature, list := range lists {
		d, declared := c.permission(feature, p.Surface)
		switch {
		case declared && slices.ContainsFunc(list, func(s string) bool { return s != "self" && !c.ownOrigin(s) }):
			c.found.add(p, KindPermissionsPolicy, feature, "Permissions-Policy gives "+feature+" to others too", "\""+d.Title+"\" for this surface itself")
		case !declared && len(list) > 0 && c.sensitive(feature) && !slices.Contains(open, feature):
			open = append(open, feature)
		}
	}
	if len(open) > 0 {
		slices.Sort(open)
		c.found.add(p, KindPermissionsPolicy, strings.Join(open, ", "), "Permissions-Policy leaves open "+strings.Join(open, ", "), "no such permission on this surface")
	}
}

// sensitive reports whether a feature is about a person or a device: one that
// asks, or one that the policy declares for any surface.
func (c *comparison) sensitive(feature string) bool {
	return slices.Contains(prompting, feature) || slices.ContainsFunc(c.policy.Permissions, func(d policy.Permission) bool { return slices.Contains(d.Features, feature) })
}

// ownOrigin reports whether an origin in an allow-list is a surface.
func (c *comparison) ownOrigin(origin string) bool {
	return c.site.hosts[hostOf(origin)] != nil
}
