package vault

import (
	"strings"
	"sync"
	"sync/atomic"

	"candour/policy"
)

// edition is a policy in force with what writing under it needs, worked out
// once for each combination that occurs.
type edition struct {
	c       *policy.Compiled
	version int

	mu    sync.RWMutex
	plans map[planKey]*plan
}

type planKey struct {
	category, surface string
	purposes          string // separated by commas
}

// plan is how a category is written for some purposes on a surface.
type plan struct {
	category policy.CategoryIndex
	purposes []policy.PurposeIndex
	surface  policy.SurfaceIndex
	verdict  policy.Verdict // not Allowed: refused whoever it is about
	personal bool           // whether it is allowed depends on the standing of the owner
	tag      bool           // found by value
	format   string
	copies   []*copyPlan
}

// copyPlan is one row a part is written to: purposes that end together.
type copyPlan struct {
	term    term
	class   string
	named   string // of a part that only names its person; empty where that is no other
	consent string // the purpose whose consent it hangs on, or empty
	label   labelKey
	number  atomic.Int64 // of the label, once it is known to be stored
}

// current returns the edition of the policy in force.
func (v *Vault) current() *edition {
	c := v.inForce()
	if e := v.edition.Load(); e != nil && e.c == c {
		return e
	}
	e := &edition{c: c, version: c.Policy().Version, plans: map[planKey]*plan{}}
	v.edition.Store(e)
	return e
}

// maxPlans bounds the combinations that are remembered.
const maxPlans = 1 << 14

func (e *edition) plan(category, surface string, purposes []string) *plan {
	k := planKey{category: category, surface: surface}
	if len(purposes) == 1 {
		k.purposes = purposes[0]
	} else {
		k.purposes = strings.Join(purposes, ",")
	}
	e.mu.RLock()
	p, ok := e.plans[k]
	e.mu.RUnlock()
	if ok {
		return p
	}
	p = e.makePlan(k, purposes)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.plans) < maxPlans {
		e.plans[k] = p
	}
	return p
}

// extremes of standing: what neither forbids does not depend on the person.
var (
	allSet   = policy.PurposeSet{^uint64(0), ^uint64(0)}
	gracious = policy.Standing{Consents: allSet}
	severe   = policy.Standing{Objections: allSet, Restricted: true}
)

func (e *edition) makePlan(k planKey, purposes []string) *plan {
	p := &plan{verdict: policy.Undeclared}
	var ok bool
	if p.category, ok = e.c.Category(k.category); !ok || len(purposes) == 0 {
		return p
	}
	if p.surface, ok = e.c.Surface(k.surface); !ok {
		p.verdict = policy.WrongSurface
		return p
	}
	declared, _ := e.c.Policy().CategoryByID(k.category)
	p.tag, p.format = declared.Lookup, declared.Format
	for _, id := range purposes {
		i, ok := e.c.Purpose(id)
		if !ok {
			return p
		}
		if verdict := e.c.Collect(p.surface, p.category, i, gracious); verdict != policy.Allowed {
			p.verdict = verdict
			return p
		}
		p.personal = p.personal || e.c.Collect(p.surface, p.category, i, severe) != policy.Allowed
		p.purposes = append(p.purposes, i)
		if !p.addCopy(e, k, id, i) {
			return p
		}
	}
	p.verdict = policy.Allowed
	return p
}

// addCopy puts a purpose with those that end as it does. A purpose on consent
// ends with its consent, so it never shares a copy. False if the policy does
// not say how long.
func (p *plan) addCopy(e *edition, k planKey, purpose string, i policy.PurposeIndex) bool {
	r, rok := e.c.Retention(p.category, i)
	use, uok := e.c.UseOf(p.category, i)
	if !rok || !uok {
		return false
	}
	t, consent := termOf(r, use.Basis), ""
	if use.Basis == policy.Consent {
		consent = purpose
	}
	named := ""
	if q, ok := e.c.Policy().PurposeByID(purpose); ok && q.DespiteRestriction != "" {
		named = t.named().class()
	}
	for j := range p.copies {
		if c := p.copies[j]; c.term == t && c.consent == consent {
			c.label.Purposes += "," + purpose
			c.named = max(c.named, named)
			return true
		}
	}
	class := t.class()
	p.copies = append(p.copies, &copyPlan{
		term: t, class: class, named: named, consent: consent, label: labelKey{k.category, e.version, class, k.surface, purpose},
	})
	return true
}

// collect asks the policy for one owner.
func (p *plan) collect(e *edition, st policy.Standing) policy.Verdict {
	for _, i := range p.purposes {
		if verdict := e.c.Collect(p.surface, p.category, i, st); verdict != policy.Allowed {
			return verdict
		}
	}
	return policy.Allowed
}
