package web

import (
	"database/sql"
	"net/http"

	"candour/internal/consent"
	"candour/internal/identity"
)

// Shown is the part of a wording's hash that a form's address carries.
func Shown(wording [32]byte) string { return shown(wording) }

// TakesGzip reads Accept-Encoding.
func TakesGzip(accept string) bool { return takesGzip(accept) }

// Bare is the site without its doors, for a browser of which is known what it
// agreed to: no consent cookie read, no computed headers, no cookie door, no
// check of where a form came from. The cost of the doors is measured against
// it.
func (s *Site) Bare(agreed consent.State) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &Visit{ID: requestID(), Now: s.Now(), scheme: "http", parent: s.Parents[0], Version: s.InForce()}
		v.Surface = &v.Policy().Surfaces[0]
		v.Consent = agreed
		s.surfaces[v.Surface.ID].ServeHTTP(w, r.WithContext(withVisit(r.Context(), v)))
	})
}

// BareMember is a surface without its doors, for somebody who is signed in: one
// row of the table of sessions is read as plain SQL has it, and nothing else is
// asked.
func (s *Site) BareMember(surface string, me *identity.Session, db *sql.DB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &Visit{ID: requestID(), Now: s.Now(), scheme: "http", parent: s.Parents[0], Version: s.InForce(), Person: me, secret: true}
		v.Surface, _ = v.Policy().SurfaceByID(surface)
		var token []byte
		if err := db.QueryRowContext(r.Context(), "SELECT token FROM sessions WHERE id = $1", me.ID).Scan(&token); err != nil {
			panic(err)
		}
		s.surfaces[surface].ServeHTTP(w, r.WithContext(withVisit(r.Context(), v)))
	})
}
