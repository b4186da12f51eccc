package portal

import (
	"candour/internal/web"
	"candour/internal/web/own"
)

// New returns the portal's routes.
func New(s *web.Site, d own.Deps) *web.Routes {
	rt := s.NewRoutes()
	own.Add(rt, s, "portal", d, "Services, bills and calls come to this portal with the services themselves; until then our support answers for them.")
	return rt
}
