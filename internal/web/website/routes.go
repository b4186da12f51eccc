package website

import (
	"context"
	"net/http"

	"candour/internal/marketing"
	"candour/internal/support"
	"candour/internal/web"
)

// Deps is what the website's forms act on.
type Deps struct {
	Enquire   func(context.Context, support.Enquiry) (support.Receipt, error)
	Subscribe func(context.Context, marketing.Signup) error
	Confirm   func(ctx context.Context, token string) error
	Leave     func(ctx context.Context, token string, way marketing.Way) error
	Evidence  http.Handler // the public log, at /evidence/
}

// site is the website of one operator.
type site struct {
	*web.Site
	Deps
}

// New returns the website's routes.
func New(s *web.Site, d Deps) *web.Routes {
	h := &site{s, d}
	rt := s.NewRoutes()

	rt.Handle("GET /contact", h.contact)
	rt.Handle("POST /contact", h.contactPost)

	rt.Handle("GET /newsletter", h.newsletter)
	rt.Handle("POST /newsletter", h.newsletterPost)
	rt.Handle("GET /newsletter/confirm", h.newsletterConfirm)
	rt.Handle("POST /newsletter/confirm", h.newsletterConfirmPost)
	rt.Handle("GET /newsletter/leave", h.newsletterLeave)
	rt.Handle("POST /newsletter/leave", h.newsletterLeavePost)

	rt.Handle("GET /privacy", h.privacy)
	rt.Handle("GET /privacy/versions", h.privacyVersions)
	rt.Handle("GET /privacy/versions/{number}", h.privacyVersion)
	rt.Handle("GET /privacy/versions/{number}/since/{old}", h.privacyChanges)
	rt.Handle("GET /cookies", h.cookies)

	rt.Handle("GET /.well-known/security.txt", h.security)
	rt.Handle("GET /.well-known/gpc.json", h.gpc)
	if d.Evidence != nil {
		rt.Mount("/evidence/", d.Evidence)
	}
	for _, p := range s.Profile.Pages { // home, products, terms, complaints: what the operator wrote
		rt.HandlePage(p.Path, h.written(p))
	}
	return rt
}
