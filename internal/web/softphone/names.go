package softphone

import (
	"net/http"

	"candour/internal/contacts"
	"candour/internal/identity"
	"candour/internal/telecom"
)

// names returns who has a number, as the contacts of whoever is signed in say, or
// the directory of their company: empty for a number of nobody's. What they call
// somebody comes before what that person is called there.
func (h *site) names(r *http.Request, me *identity.Session) (func(number string) string, error) {
	list, err := h.book(r, me)
	if err != nil {
		return nil, err
	}
	people, err := h.colleagues(r, me)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, p := range people {
		all[p.Extension] = p.Name
	}
	own := map[string]bool{}
	for _, c := range list {
		for _, n := range c.Numbers() {
			if key := contacts.Key(n.Value); key != "" && !own[key] {
				all[key], own[key] = c.Name, true
			}
		}
	}
	return func(number string) string {
		if number == "" {
			return ""
		}
		return all[contacts.Key(number)]
	}, nil
}

// nameCalls puts the name of the other side of calls in front of its number.
func (h *site) nameCalls(r *http.Request, me *identity.Session, entries []telecom.Entry, views []CallView) error {
	if len(entries) == 0 {
		return nil
	}
	of, err := h.names(r, me)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if name := of(e.Far); name != "" {
			views[i].Who, views[i].Number = name, views[i].Who
		}
	}
	return nil
}
