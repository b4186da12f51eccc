package consent

import (
	"slices"
	"strings"
	"time"

	"candour/policy"
)

// State is what one browser agreed to, on one surface, under the policy in
// force. The zero State allows nothing but what needs no consent. It is a
// value: copy it freely.
type State struct {
	policy   *policy.Policy
	surface  string
	standing Choices // in the order of policy's groups; only what still holds
	earlier  Earlier // in the same order: what was made under an earlier version
	gpc      bool
	decision Decision
	decided  bool
	record   string
	refused  uint64 // groups to which whoever is signed in here said no
}

// Tighten returns the state of a browser in which somebody is signed in who
// said no to purposes: what serves one of those is not allowed, whatever the
// browser was told. It never allows more, and it is no choice of the browser:
// what that decided stands for when they sign out, and is carried on as before
// by its next decision.
func (s State) Tighten(refused map[string]bool) State {
	if s.policy == nil || len(refused) == 0 {
		return s
	}
	for i := range s.policy.CookieGroups {
		if g := &s.policy.CookieGroups[i]; i < maxGroups && Decidable(g) && refused[g.Purpose] {
			s.refused |= 1 << i
		}
	}
	return s
}

// Refused reports whether whoever is signed in said no to what a group serves.
func (s State) Refused(group string) bool {
	if s.policy == nil {
		return false
	}
	i := groupIndex(s.policy, group)
	return i >= 0 && i < maxGroups && s.refused>>i&1 == 1
}

// Read returns the state of a browser that sent these values of the consent
// cookie (several may come, from several domains; the first that verifies
// counts). When the declared period is over, only objections are left of a
// choice: consent has to be asked for anew, but nobody has to object twice (UK
// GDPR Art 21(3)). gpc says whether the request carried Sec-GPC: 1.
func (d *Desk) Read(p *policy.Policy, surface string, values []string, gpc bool) State {
	s := State{policy: p, surface: surface, gpc: gpc && p.Settings.GlobalPrivacyControl}
	for _, value := range values {
		v, ok := d.decode(value, d.groupCount)
		if !ok || v.Policy > p.Version {
			continue
		}
		s.decision, s.decided = v, d.fresh(p, v)
		s.record = value[:strings.LastIndexByte(value, '.')]
		if s.standing, s.earlier = d.standing(p, v); !s.decided {
			s.standing = objections(p, s.standing)
		}
		break
	}
	return s
}

func (d *Desk) groupCount(version int) int {
	if p := d.version(version); p != nil {
		return len(p.CookieGroups)
	}
	return -1
}

// fresh reports whether a choice is younger than the declared period, and not
// from the future.
func (d *Desk) fresh(p *policy.Policy, v Decision) bool {
	now := d.now().UTC()
	return now.Before(p.Settings.ConsentPeriod.From(v.Day)) && !v.Day.After(now)
}

// standing carries choices over to the policy in force: by the group's id, and
// for consent only where what the group does has not changed materially.
func (d *Desk) standing(p *policy.Policy, v Decision) (c Choices, earlier Earlier) {
	if v.Policy == p.Version {
		return v.Choices, v.Earlier
	}
	old := d.version(v.Policy)
	again := d.askAgain(old, p)
	for i, g := range old.CookieGroups {
		yes, decided := v.Choices.Of(i)
		j := groupIndex(p, g.ID)
		if !decided || j < 0 || again[g.ID] || p.CookieGroups[j].Consent != g.Consent {
			continue
		}
		made := v.Earlier.of(i)
		if made == 0 {
			made = v.Policy
		}
		c, earlier = c.With(j, yes), earlier.with(j, made)
	}
	return c, earlier
}

// objections is what of c are objections.
func objections(p *policy.Policy, c Choices) (left Choices) {
	for i := range p.CookieGroups {
		if yes, decided := c.Of(i); decided && !yes && Objectable(&p.CookieGroups[i]) {
			left = left.With(i, false)
		}
	}
	return left
}

func groupIndex(p *policy.Policy, id string) int {
	for i := range p.CookieGroups {
		if p.CookieGroups[i].ID == id {
			return i
		}
	}
	return -1
}

// Objectable reports whether a group that needs no consent takes an objection
// (PECR Sch A1 paragraphs 5 and 6: statistical purposes, appearance).
func Objectable(g *policy.CookieGroup) bool {
	return !g.Consent && (g.Exemption == "statistical-purposes" || g.Exemption == "appearance")
}

// Decidable reports whether people decide on a group: by consent, or by an
// objection.
func Decidable(g *policy.CookieGroup) bool { return g.Consent || Objectable(g) }

// Allows reports whether this browser allows what a cookie group does. Global
// Privacy Control is a no to everything decidable (L46), except to what was
// accepted while it was being sent, which is the more particular word.
func (s State) Allows(group string) bool {
	if s.policy == nil {
		return false
	}
	i := groupIndex(s.policy, group)
	if i < 0 {
		return false
	}
	g := &s.policy.CookieGroups[i]
	if !Decidable(g) {
		return g.Exemption != ""
	}
	if s.refused>>i&1 == 1 {
		return false
	}
	yes, decided := s.standing.Of(i)
	if s.gpc && !s.decision.GPC {
		return false
	}
	if !decided {
		return !g.Consent && !s.gpc
	}
	return yes
}

// Counted reports whether first-party statistics may count this browser: the
// policy declares them, and there is no objection.
func (s State) Counted() bool {
	if s.policy == nil {
		return false
	}
	for i := range s.policy.CookieGroups {
		g := &s.policy.CookieGroups[i]
		if g.Exemption == "statistical-purposes" && s.Allows(g.ID) {
			return true
		}
	}
	return false
}

// Record is the cookie's value that this state was read from, without its
// authentication code; empty if there was none that verifies.
func (s State) Record() string { return s.record }

// Ask reports whether to show the message: the surface uses something that
// needs consent, this browser has not decided on it, and its signals have not
// decided for it.
func (s State) Ask() bool {
	if s.policy == nil || s.gpc {
		return false
	}
	for i := range s.policy.CookieGroups {
		g := &s.policy.CookieGroups[i]
		if _, decided := s.standing.Of(i); g.Consent && !decided && s.refused>>i&1 == 0 && used(s.policy, g.ID, s.surface, false) {
			return true
		}
	}
	return false
}

// Used reports whether a surface declares anything of a group.
func Used(p *policy.Policy, group, surface string) bool { return used(p, group, surface, true) }

// used leaves out cookies that their makers gave up, unless historical: they
// alone are no reason to ask anybody.
func used(p *policy.Policy, group, surface string, historical bool) bool {
	for i := range p.Integrations {
		if n := &p.Integrations[i]; n.Group == group && slices.Contains(n.Surfaces, surface) {
			return true
		}
	}
	for i := range p.Cookies {
		if c := &p.Cookies[i]; c.Group == group && (historical || !c.Historical) && slices.Contains(c.Surfaces, surface) {
			return true
		}
	}
	return false
}

// Widened reports whether anything was accepted that needs consent: a page
// made for this browser must not come back from a cache after a withdrawal.
func (s State) Widened() bool {
	if s.policy == nil {
		return false
	}
	for i := range s.policy.CookieGroups {
		if g := &s.policy.CookieGroups[i]; g.Consent && s.Allows(g.ID) {
			return true
		}
	}
	return false
}

// GPC reports whether the browser sends Global Privacy Control and the policy
// obeys it.
func (s State) GPC() bool { return s.gpc }

// Decided returns the day of this browser's choice and the policy version it
// was made under; ok is false if there is none. Of choices on consent that were
// made one after the other it is the first that still stands, which is asked
// again first.
func (s State) Decided() (day time.Time, version int, ok bool) {
	version = s.decision.Policy
	if s.policy == nil {
		return s.decision.Day, version, s.decided
	}
	for i := range s.policy.CookieGroups {
		_, decided := s.standing.Of(i)
		if made := s.earlier.of(i); decided && made != 0 && s.policy.CookieGroups[i].Consent {
			version = min(version, made)
		}
	}
	return s.decision.Day, version, s.decided
}

// Behind reports whether the policy in force is later than what this browser
// decided under and has seen since, and returns the latest version it knows. A
// browser that decided nothing is behind nothing: nothing is known of it.
func (s State) Behind() (version int, ok bool) {
	if !s.decided {
		return 0, false
	}
	version = max(s.decision.Policy, s.decision.Seen)
	return version, version < s.policy.Version
}

// Choice returns what was decided on a group and still holds.
func (s State) Choice(group string) (yes, decided bool) {
	if s.policy == nil {
		return false, false
	}
	if i := groupIndex(s.policy, group); i >= 0 {
		return s.standing.Of(i)
	}
	return false, false
}

// Policy is the policy the state was read under.
func (s State) Policy() *policy.Policy { return s.policy }
