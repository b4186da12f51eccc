package undeclared

import (
	"fmt"
	"slices"
	"strings"

	"candour/policy"
)

// arguments checks what a table is narrowed to.
func arguments(p *policy.Profile, m policy.Mention) policy.Faults {
	var faults policy.Faults
	for _, a := range []string{"surfaces", "surface", "kind", "party", "group"} {
		value, given := m.Args[a]
		if !given {
			continue
		}
		var allowed []string
		switch a {
		case "surfaces", "surface":
			allowed = p.Policy.Names("surface")
		case "kind":
			allowed = []string{"app", "site", "ordinary", "special", "traffic", "location"}
		case "party":
			allowed = []string{"first", "third"}
		case "group":
			allowed = p.Policy.Names("group")
			if m.ID == "categories" {
				continue // a heading, in words
			}
		}
		for v := range strings.SplitSeq(value, ",") {
			if !slices.Contains(allowed, v) {
				faults = append(faults, m.Fault(fmt.Sprintf("the table of %s is narrowed to %s %q, which is not declared", m.ID, a, v), policy.Suggest(v, allowed)))
			}
		}
	}
	return faults
}
