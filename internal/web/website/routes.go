package website

import (
	"context"
	"net/http"

	"candour/internal/marketing"
	"candour/internal/rights"
	"candour/internal/support"
	"candour/internal/web"
	"candour/internal/web/yourdata"
)

// Deps is what the website's forms act on.
type Deps struct {
	Enquire   func(context.Context, support.Enquiry) (support.Receipt, error)
	Subscribe func(context.Context, marketing.Signup) error
	Confirm   func(ctx context.Context, token string) error
	Leave     func(ctx context.Context, token string, way marketing.Way) error
	Rights    *rights.Desk // what people ask about their data; nil for no such pages
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

	if d.Rights != nil {
		h.yourDataRoutes(rt)
	}

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

// yourDataRoutes are those of people without an account, about their data.
func (h *site) yourDataRoutes(rt *web.Routes) {
	rt.Handle("GET /complaint", h.complaint)
	rt.Handle("POST /complaint", h.complaintPost)
	rt.Handle("GET /your-data", h.yourData)
	rt.Handle("POST /your-data", h.yourDataPost)
	rt.Handle("GET /your-data/access.schema.json", h.schema(rights.AccessSchema))
	rt.Handle("GET /your-data/portability.schema.json", h.schema(rights.PortabilitySchema))
	rt.Handle("GET /your-data/receipt", h.yourDataReceipt)
	rt.Handle("GET /your-data/receipt/signed", h.yourDataSigned)

	rt.Handle("GET /your-data/act", h.yourDataLink)
	act := func(path string, fn yourdata.Acting) { rt.Handle("POST /your-data/act/"+path, h.pressing(fn)) }
	pages := h.data()
	rt.Handle("POST /your-data/act/choose", h.yourDataChoices)
	act("see", h.yourDataSee)
	act("file", pages.File)
	act("take/json", pages.Take(rights.JSON))
	act("take/csv", pages.Take(rights.CSV))
	for _, d := range pages.Decisions() { // restrict, lift, object, allow, withdraw
		act(d.Path, d.Do)
	}
	act("correct/{record}", pages.Correct)
	rt.Handle("POST /your-data/act/correct/{record}/save", h.yourDataCorrectPost)
	act("erase", pages.Erase)
	act("erase/sure", pages.Erased)
}
