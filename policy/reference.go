package policy

import (
	"reflect"
	"strconv"
	"strings"
)

// Reference is a place where one declared thing names another.
type Reference struct {
	Kind string // of the thing named: surface, actor, category, purpose, retention, recipient, cookie group
	ID   string
	Position
}

// References returns every reference of the policy and of its cases, in the
// order of the types' keys.
func (p *Profile) References() []Reference {
	var refs []Reference
	note := func(file string) func(path, kind, id string) {
		return func(path, kind, id string) {
			refs = append(refs, Reference{kind, id, p.PlaceIn(file, path)})
		}
	}
	walk(reflect.ValueOf(p.Policy).Elem(), "", rules{}, note(PolicyFile))
	for i := range p.Cases {
		walk(reflect.ValueOf(&p.Cases[i]).Elem(), At("cases", i), rules{}, note(CasesFile))
	}
	return refs
}

func walk(v reflect.Value, path string, is rules, found func(path, kind, id string)) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == periodType {
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if key := f.Tag.Get("yaml"); key != "" {
				walk(v.Field(i), join(path, key), rulesOf(f), found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), join(path, strconv.Itoa(i)), is, found)
		}
	case reflect.String:
		if is.ref != "" && v.String() != "" {
			found(path, is.ref, v.String())
		}
	}
}

// Names returns what a policy declares of one kind: the kinds of Reference and
// of MentionKinds. For operator, regulator and setting these are the keys that
// have a value, such as officer.email.
func (p *Policy) Names(kind string) []string {
	switch kind {
	case "surface":
		return ids(p.Surfaces, func(s *Surface) string { return s.ID })
	case "actor":
		return ids(p.Actors, func(a *Actor) string { return a.ID })
	case "category":
		return ids(p.Categories, func(c *Category) string { return c.ID })
	case "purpose":
		return ids(p.Purposes, func(q *Purpose) string { return q.ID })
	case "retention":
		return ids(p.Retention, func(r *Retention) string { return r.ID })
	case "recipient":
		return ids(p.Recipients, func(r *Recipient) string { return r.ID })
	case "cookie group", "group":
		return ids(p.CookieGroups, func(g *CookieGroup) string { return g.ID })
	case "cookie":
		return ids(p.Cookies, func(c *Cookie) string { return c.ID })
	case "channel":
		return p.channels()
	case "permission":
		return ids(p.Permissions, func(q *Permission) string { return q.ID })
	case "right":
		return ids(p.Rights, func(r *Right) string { return r.ID })
	case "decision":
		return ids(p.Decisions, func(d *Decision) string { return d.ID })
	case "term":
		return ids(p.Terms, func(t *Term) string { return t.ID })
	case "basis":
		return p.bases()
	case "operator":
		return sortedKeys(facts(p.Operator))
	case "regulator":
		return sortedKeys(facts(p.Regulator))
	case "setting":
		return sortedKeys(facts(p.Settings))
	}
	return nil
}

// IDs returns everything that may be named where only declared ids may stand,
// such as in evidence.
func (p *Policy) IDs() map[string]bool {
	all := map[string]bool{}
	for _, kind := range []string{"actor", "surface", "category", "purpose", "channel", "retention", "recipient", "group", "permission", "right"} {
		for _, id := range p.Names(kind) {
			all[id] = true
		}
	}
	return all
}

// channels returns each channel of each purpose, as purpose/channel.
func (p *Policy) channels() []string {
	var list []string
	for _, q := range p.Purposes {
		for _, c := range q.Channels {
			list = append(list, q.ID+"/"+c)
		}
	}
	return list
}

// Fact returns the lines of one declared fact of the operator, the regulator
// or the settings, by its key: Fact("operator", "officer.address").
func (p *Policy) Fact(kind, key string) ([]string, bool) {
	var all map[string][]string
	switch kind {
	case "operator":
		all = facts(p.Operator)
	case "regulator":
		all = facts(p.Regulator)
	case "setting":
		all = facts(p.Settings)
	}
	lines, ok := all[key]
	return lines, ok
}

// facts flattens a struct of texts to dotted keys; empty values are left out.
func facts(v any) map[string][]string {
	all := map[string][]string{}
	var flatten func(v reflect.Value, prefix string)
	flatten = func(v reflect.Value, prefix string) {
		for i := range v.NumField() {
			key := prefix + v.Type().Field(i).Tag.Get("yaml")
			switch f := v.Field(i).Interface().(type) {
			case string:
				if f != "" {
					all[key] = []string{f}
				}
			case []string:
				if len(f) > 0 {
					all[key] = f
				}
			case bool:
				all[key] = []string{strconv.FormatBool(f)}
			case Period:
				all[key] = []string{f.Words()} // no time is declared, too: a rule says where it is wrong
			case Contact:
				flatten(v.Field(i), key+".")
			}
		}
	}
	flatten(reflect.ValueOf(v), "")
	return all
}

// bases are the lawful bases in use, in the order of their first use.
func (p *Policy) bases() []string {
	var found []string
	seen := map[Basis]bool{}
	for _, q := range p.Purposes {
		for _, u := range q.Uses {
			if !seen[u.Basis] && u.Basis != "" {
				seen[u.Basis] = true
				found = append(found, string(u.Basis))
			}
		}
	}
	return found
}

func ids[T any](list []T, id func(*T) string) []string {
	found := make([]string, 0, len(list))
	for i := range list {
		if s := id(&list[i]); s != "" {
			found = append(found, s)
		}
	}
	return found
}

// Words says a period in plain English, with figures: "1 year and 6 months",
// "at once" for no time.
func (p Period) Words() string {
	var parts []string
	for _, u := range []struct {
		n    int
		unit string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}, {p.Hours, "hour"}, {p.Minutes, "minute"}} {
		switch {
		case u.n == 1:
			parts = append(parts, "1 "+u.unit)
		case u.n > 1:
			parts = append(parts, strconv.Itoa(u.n)+" "+u.unit+"s")
		}
	}
	if len(parts) == 0 {
		return "at once"
	}
	return strings.Join(parts, " and ")
}
