package profile

import (
	"context"
	"slices"
	"time"

	"candour/internal/store"
	"candour/policy"
)

// State is what becomes of a category for one person on one surface.
type State string

// The states.
const (
	Input        State = "input"         // it has a field here
	Held         State = "held"          // no field here, and something is held, from where Where says
	NotCollected State = "not-collected" // may be collected here, and nothing is held
	NeverStored  State = "never-stored"
	OnlyInApp    State = "only-in-app" // nothing is held, and only an app may collect it
	Elsewhere    State = "elsewhere"   // nothing is held, and it is collected on the surfaces in Where
)

// Line is a declared category and what becomes of it.
type Line struct {
	Category *policy.Category
	State    State
	Form     string   // of the field, if it has one here
	Field    string   // its name
	Filled   bool     // something is held in the field
	Held     bool     // something is held of the category, in whichever way
	Where    []string // surfaces: where what is held was collected, else where it may be
	Since    time.Time
}

// Categories returns every declared category in the policy's order, each with
// its input here, or with the word that it has none (R7). Nothing that is
// declared is left out.
func (d *Desk) Categories(ctx context.Context, tx *store.Tx, w Who) ([]Line, error) {
	p := d.c.InForce().Policy()
	all, err := d.c.Vault.Held(ctx, tx, w.Subject)
	if err != nil {
		return nil, err
	}
	lines := make([]Line, len(p.Categories))
	for i := range p.Categories {
		k := &p.Categories[i]
		l := Line{Category: k}
		d.input(&l, w.Surface)
		purpose := ""
		if f, ok := p.FormByID(l.Form); ok {
			purpose = f.Purpose
		}
		for _, h := range all {
			if h.Category != k.ID {
				continue
			}
			l.Held, l.Filled = true, l.Filled || purpose != "" && slices.Contains(h.Purposes, purpose)
			if !slices.Contains(l.Where, h.Surface) {
				l.Where = append(l.Where, h.Surface)
			}
			if l.Since.IsZero() || h.First.Before(l.Since) {
				l.Since = h.First
			}
		}
		l.State = stateOf(p, k, l, w.Surface)
		if !l.Held && (l.State == Elsewhere || l.State == OnlyInApp) {
			l.Where = k.Surfaces
		}
		lines[i] = l
	}
	return lines, nil
}

// input finds the field of a category in the forms of a surface.
func (d *Desk) input(l *Line, surface string) {
	for _, id := range []string{Details, AboutMe} {
		f, _, err := d.form(surface, id)
		if err != nil {
			continue
		}
		for _, x := range f.Fields {
			if x.Category == l.Category.ID && l.Form == "" {
				l.Form, l.Field = id, x.Name
			}
		}
	}
}

func stateOf(p *policy.Policy, k *policy.Category, l Line, surface string) State {
	switch {
	case l.Form != "":
		return Input
	case l.Held:
		return Held
	case k.NotHeld:
		return NeverStored
	case slices.Contains(k.Surfaces, surface):
		return NotCollected
	}
	for _, id := range k.Surfaces {
		if s, ok := p.SurfaceByID(id); ok && s.Kind != "app" {
			return Elsewhere
		}
	}
	return OnlyInApp
}
