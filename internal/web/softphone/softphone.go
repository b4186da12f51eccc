// Package softphone is the surface of the app that makes and takes calls.
// Calls are not made here yet.
package softphone

import (
	"candour/internal/web"
	"candour/internal/web/own"
)

// New returns the softphone's routes.
func New(s *web.Site, d own.Deps) *web.Routes {
	rt := s.NewRoutes()
	own.Add(rt, s, "softphone", d, "The app does not make calls yet. What works today is your own account, your data and your rights; nothing is asked of your device.")
	return rt
}
