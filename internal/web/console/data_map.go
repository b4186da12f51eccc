package console

import (
	"net/http"
	"net/url"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// dataMap shows what is declared beside what is held, as a table, and one
// purpose or category of it as a picture.
func (h *site) dataMap(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	p := web.VisitOf(r).Policy()
	only, title, err := followed(p, r.URL.Query())
	if err != nil {
		return err
	}
	var tallies []vault.Tally
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		tallies, err = h.Vault.Tallies(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	page := DataMap{Base: h.Base(r, "Data map", ""), Policy: p.Version, Following: title}
	for _, q := range p.Purposes {
		page.Purposes = append(page.Purposes, web.Link{Label: q.Title, Href: mapOf("purpose", q.ID)})
	}
	for _, k := range p.Categories {
		page.Categories = append(page.Categories, web.Link{Label: k.Title, Href: mapOf("category", k.ID)})
	}
	for _, t := range tallies {
		page.Held += t.Count
	}
	var shown []*flow
	for _, f := range flowsOf(p, tallies) {
		if f.differs(p) {
			page.Different = append(page.Different, differenceWords(p, f)...)
		}
		if only(f) {
			shown = append(shown, f)
		}
	}
	page.Groups = flowGroups(p, shown)
	if title != "" {
		page.Picture = picture(p, title, shown)
	}
	h.Render(w, r, http.StatusOK, "console_data_map", page)
	return nil
}

func mapOf(what, id string) string { return "/data-map?" + url.Values{what: {id}}.Encode() }

// followed reads which purpose or category is followed, and its title; all are
// shown where none is named.
func followed(p *policy.Policy, q url.Values) (only func(*flow) bool, title string, err error) {
	purpose, category := q.Get("purpose"), q.Get("category")
	switch {
	case purpose == "" && category == "":
		return func(*flow) bool { return true }, "", nil
	case purpose != "" && category != "":
		return nil, "", web.ErrNotFound
	case purpose != "":
		if x, ok := p.PurposeByID(purpose); ok {
			return func(f *flow) bool { return f.purpose == purpose }, x.Title, nil
		}
	default:
		if x, ok := p.CategoryByID(category); ok {
			return func(f *flow) bool { return f.category == category }, x.Title, nil
		}
	}
	return nil, "", web.ErrNotFound
}

func differenceWords(p *policy.Policy, f *flow) (list []string) {
	for _, n := range f.differences(p) {
		list = append(list, categoryTitle(p, f.category)+", for “"+purposeTitle(p, f.purpose)+"”: "+n)
	}
	return list
}

// flowGroups sorts flows by purpose.
func flowGroups(p *policy.Policy, list []*flow) (groups []FlowGroup) {
	at := map[string]int{}
	for _, f := range list {
		i, ok := at[f.purpose]
		if !ok {
			i = len(groups)
			at[f.purpose] = i
			g := FlowGroup{Purpose: purposeTitle(p, f.purpose)}
			if _, declared := p.PurposeByID(f.purpose); declared {
				g.Href = mapOf("purpose", f.purpose)
			}
			groups = append(groups, g)
		}
		x := FlowView{Category: categoryTitle(p, f.category), Held: heldWords(f), Notes: f.differences(p)}
		if _, declared := p.CategoryByID(f.category); declared {
			x.Href = mapOf("category", f.category)
		}
		if f.declared {
			x.Kept = retentionTitle(p, f.retention)
		}
		for _, s := range f.surfaces {
			x.From = append(x.From, surfaceTitle(p, s))
		}
		for _, id := range f.recipients {
			if r, ok := p.RecipientByID(id); ok {
				x.To = append(x.To, r.Name)
			}
		}
		groups[i].Flows = append(groups[i].Flows, x)
	}
	return groups
}
