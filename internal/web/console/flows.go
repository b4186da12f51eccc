package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"candour/internal/vault"
	"candour/policy"
)

// flow is one category for one purpose: as declared, as held, or both.
type flow struct {
	category, purpose string
	surfaces          []string // ids: declared to collect it
	recipients        []string // ids
	retention         string   // id
	declared          bool
	passing           bool // declared as never stored
	held              int64
	from              map[string]int64 // surfaces that collected what is held
	kept              map[string]int64 // retention classes of what is held
	versions          []int            // of the policy under which it was collected
}

// flowsOf sets beside each other what a policy declares and what is held, in
// the order of the policy; what is no longer declared comes last.
func flowsOf(p *policy.Policy, tallies []vault.Tally) []*flow {
	var list []*flow
	at := map[[2]string]*flow{}
	for i := range p.Purposes {
		q := &p.Purposes[i]
		for _, u := range q.Uses {
			for _, id := range u.Categories {
				f := &flow{category: id, purpose: q.ID, retention: u.Retention, declared: true}
				if k, ok := p.CategoryByID(id); ok {
					f.surfaces, f.passing = k.Surfaces, k.NotHeld
				}
				for _, to := range q.Recipients {
					if r, ok := p.RecipientByID(to); ok && slices.Contains(r.Categories, id) {
						f.recipients = append(f.recipients, to)
					}
				}
				list, at[[2]string{id, q.ID}] = append(list, f), f
			}
		}
	}
	for _, t := range tallies {
		for _, purpose := range t.Purposes {
			key := [2]string{t.Category, purpose}
			f := at[key]
			if f == nil {
				f = &flow{category: t.Category, purpose: purpose}
				list, at[key] = append(list, f), f
			}
			f.add(t)
		}
	}
	return list
}

func (f *flow) add(t vault.Tally) {
	if f.from == nil {
		f.from, f.kept = map[string]int64{}, map[string]int64{}
	}
	f.held += t.Count
	f.from[t.Surface] += t.Count
	f.kept[t.Retention] += t.Count
	if !slices.Contains(f.versions, t.Policy) {
		f.versions = append(f.versions, t.Policy)
	}
}

// differences says in words where what is held is not what is declared.
func (f *flow) differences(p *policy.Policy) (notes []string) {
	if f.held == 0 {
		if f.declared && !f.passing {
			notes = append(notes, "Declared, and nothing is held.")
		}
		return notes
	}
	if !f.declared {
		return append(notes, "Held, and no longer declared: collected under "+versionWords(f.versions)+".")
	}
	if f.passing {
		notes = append(notes, "Held, although it is declared as never stored.")
	}
	for _, s := range sorted(f.from) {
		if s != "" && !slices.Contains(f.surfaces, s) {
			notes = append(notes, fmt.Sprintf("%d collected on “%s”, which may no longer collect it.", f.from[s], surfaceTitle(p, s)))
		}
	}
	for _, id := range sorted(f.kept) {
		if id != f.retention {
			notes = append(notes, fmt.Sprintf("%d kept otherwise, as was declared when they were collected: %s.", f.kept[id], retentionTitle(p, id)))
		}
	}
	return notes
}

// differs reports whether what is held is not what is declared; that nothing
// is held yet is no fault.
func (f *flow) differs(p *policy.Policy) bool { return f.held > 0 && len(f.differences(p)) > 0 }

func versionWords(list []int) string {
	slices.Sort(list)
	words := "version"
	for i, n := range list {
		if i > 0 {
			words += ","
		}
		words += " " + strconv.Itoa(n)
	}
	return words
}

func sorted(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare)
	return keys
}

func retentionTitle(p *policy.Policy, id string) string {
	if r, ok := p.RetentionByID(id); ok {
		return r.Title
	}
	return id
}

func purposeTitle(p *policy.Policy, id string) string {
	if q, ok := p.PurposeByID(id); ok {
		return q.Title
	}
	return id
}

// heldWords say how much is held.
func heldWords(f *flow) string {
	switch {
	case f.held > 0:
		return strconv.FormatInt(f.held, 10)
	case f.passing:
		return "never stored"
	}
	return "none"
}
