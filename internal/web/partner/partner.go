// Package partner is the surface of the firms that sell the operator's
// services.
package partner

import (
	"candour/internal/web"
	"candour/internal/web/own"
)

// New returns the partner portal's routes.
func New(s *web.Site, d own.Deps) *web.Routes {
	rt := s.NewRoutes()
	own.Add(rt, s, "partner", d, "The customers a firm introduced are not shown here yet. What works today is your own account, your data and your rights.")
	return rt
}
