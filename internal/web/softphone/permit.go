package softphone

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/web"
)

// Permit asks for a permission of the policy where it is needed: with its
// declared reason, before anything is asked for or kept, and also without
// scripts. It is the template "permit".
type Permit struct {
	ID      string
	Ask     string // the question
	Words   []string
	Without string
	Grant   string // where the yes posts
	Refuse  string // where the no posts; empty where they said no
}

// maxShort is how many of the words stand before the fold: title, meaning, reason
// and what is lost without it.
const maxShort = 4

// permit asks under a permission, and leads back to a page. Nil if it was
// granted, or the policy declares none for these categories.
func permit(states []people.PermissionState, ask, back string, uses ...string) *Permit {
	s := stateOf(states, uses...)
	if s == nil || s.Granted() {
		return nil
	}
	p := &Permit{
		ID: "permit-" + s.Permission.ID, Ask: ask, Words: s.Words, Without: s.Permission.Without,
		Grant: withBack(answerPath(*s, people.PermissionGranted), back),
	}
	if s.Answer != people.PermissionRefused {
		p.Refuse = withBack(answerPath(*s, people.PermissionRefused), back)
	}
	return p
}

// Short are the words that stand before the fold, without the title.
func (p Permit) Short() []string { return p.Words[min(1, len(p.Words)):min(maxShort, len(p.Words))] }

// Long are the others.
func (p Permit) Long() []string { return p.Words[min(maxShort, len(p.Words)):] }

// stateOf finds the permission that opens any of these categories; nil for none.
func stateOf(states []people.PermissionState, categories ...string) *people.PermissionState {
	i := slices.IndexFunc(states, func(s people.PermissionState) bool {
		return slices.ContainsFunc(s.Permission.Categories, func(c string) bool { return slices.Contains(categories, c) })
	})
	if i < 0 {
		return nil
	}
	return &states[i]
}

// withBack adds the way back to an address that may have a query.
func withBack(address, back string) string {
	sign := "?"
	if strings.Contains(address, "?") {
		sign = "&"
	}
	return address + sign + url.Values{"back": {back}}.Encode()
}

// states are the permissions of whoever is signed in.
func (h *site) states(r *http.Request, me *identity.Session) (states []people.PermissionState, err error) {
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		states, err = h.Choices.Permissions(r.Context(), tx, me.Account.Subject, me.Account.Role.Actor(), me.Surface)
		return err
	})
	return states, err
}

// compact shows a field without its reason, which its page tells once for all.
func compact(f web.Field) web.Field {
	f.Reason, f.Without = "", ""
	f.Describes = ""
	for _, part := range []struct{ suffix, text string }{{"hint", f.Hint}, {"error", f.Error}} {
		if part.text != "" {
			f.Describes = strings.TrimSpace(f.Describes + " " + f.ID + "-" + part.suffix)
		}
	}
	return f
}
