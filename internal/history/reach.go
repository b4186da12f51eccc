package history

import (
	"context"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Reach is who may see what of a person, under the policy in force and what
// they decided: the answer of the doors, asked beforehand.
type Reach struct {
	Gates []Gate // kinds of role that can be shut out, of those the policy has
	Roles []Role // staff and partners
}

// Gate is a kind of role that a person can shut out (R29).
type Gate struct {
	Kind  string // staff or partner
	Who   string // "our staff"
	Shut  bool
	Until time.Time // let in all the same until then; zero if not
}

// Ends is when a grant ends, in London, in words.
func (g Gate) Ends() string {
	return g.Until.In(policy.London).Format("15:04 on Monday 2 January 2006")
}

// Role is a role of the policy and what it may see.
type Role struct {
	Title, Kind string
	Purposes    []Reason
}

// Reason is a purpose for which a role may act.
type Reason struct {
	Title, Description string
	May                []string // titles of categories
	MayNot             []Barred
}

// Barred are categories that a role may not see for a purpose now.
type Barred struct {
	Why        string
	Categories []string // titles
}

// barredWords say why, by the verdict of the policy.
var barredWords = map[policy.Verdict]string{
	policy.NoConsent:  "only once you have agreed",
	policy.Restricted: "not while the use of your data is restricted",
	policy.Objected:   "not since you objected",
	policy.ShutOut:    "not while you shut them out",
}

// Reach returns who may see what of a person now. ErrNotFound if there is no
// such person.
func (d *Desk) Reach(ctx context.Context, tx *store.Tx, s keys.SubjectID) (Reach, error) {
	if _, err := d.people(ctx, tx, s, nil); err != nil {
		return Reach{}, err
	}
	standing, err := d.c.Vault.Standing(ctx, tx, s)
	if err != nil {
		return Reach{}, err
	}
	version := d.c.Versions.InForce(d.c.Now())
	if version == nil {
		return Reach{}, nil
	}
	var r Reach
	actors := version.Profile.Policy.Actors
	for _, kind := range []string{"staff", "partner"} {
		before := len(r.Roles)
		for i := range actors {
			if actors[i].Kind == kind {
				r.Roles = append(r.Roles, roleOf(version.Compiled, &actors[i], standing))
			}
		}
		if len(r.Roles) == before {
			continue
		}
		g, err := d.c.Vault.Gate(ctx, tx, s, kind)
		if err != nil {
			return Reach{}, err
		}
		r.Gates = append(r.Gates, Gate{Kind: kind, Who: kindWords[kind], Shut: g.Shut, Until: g.Until})
	}
	return r, nil
}

func roleOf(c *policy.Compiled, a *policy.Actor, st policy.Standing) Role {
	role := Role{Title: a.Title, Kind: a.Kind}
	who, _ := c.Actor(a.ID)
	for _, id := range a.Purposes {
		q, ok := c.Policy().PurposeByID(id)
		p, pok := c.Purpose(id)
		if !ok || !pok {
			continue
		}
		reason := Reason{Title: q.Title, Description: q.Description}
		for i := range c.Policy().Categories {
			category := &c.Policy().Categories[i]
			if k, ok := c.Category(category.ID); ok && !category.NotHeld {
				reason.put(category.Title, c.Use(who, k, p, st))
			}
		}
		role.Purposes = append(role.Purposes, reason)
	}
	return role
}

// put notes what the policy answers for a category.
func (r *Reason) put(title string, verdict policy.Verdict) {
	if verdict == policy.Allowed {
		r.May = append(r.May, title)
		return
	}
	why, ok := barredWords[verdict]
	if !ok {
		return // the purpose does not use it at all
	}
	for i := range r.MayNot {
		if r.MayNot[i].Why == why {
			r.MayNot[i].Categories = append(r.MayNot[i].Categories, title)
			return
		}
	}
	r.MayNot = append(r.MayNot, Barred{why, []string{title}})
}

// Lengths are the times for which a person can let a kind of role in, by their
// name in the address of the button.
var Lengths = []Length{{"hour", time.Hour}, {"day", 24 * time.Hour}, {"week", vault.GrantMost}}

// Length is a time for which somebody can be let in.
type Length struct {
	Name string
	For  time.Duration
}

// Words returns the length as people say it.
func (l Length) Words() string { return length(int64(l.For / time.Hour)) }

// ParseLength returns the length of that name; false if there is none.
func ParseLength(name string) (Length, bool) {
	for _, l := range Lengths {
		if l.Name == name {
			return l, true
		}
	}
	return Length{}, false
}
