package firstpage

import (
	"net/http"
	"slices"

	"candour/internal/web"
	"candour/policy"
)

// New returns the routes of a surface that is not open yet.
func New(s *web.Site) *web.Routes {
	h := &first{s}
	rt := s.NewRoutes()
	rt.Handle("GET /{$}", h.page)
	return rt
}

type first struct{ *web.Site }

// page says what will be here, from the declaration alone.
func (h *first) page(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	p, surface := v.Policy(), v.Surface
	page := SurfaceFirst{
		Base:    h.Base(r, surface.Title, surface.Description),
		Heading: surface.Title,
		Words: []string{
			surface.Description,
			"It is not open yet: there is nothing to sign in to on this page, and it asks nothing of you or of your device. What it will do is declared already, and listed below.",
		},
	}
	page.NoIndex = true
	for i := range p.Categories {
		if c := &p.Categories[i]; slices.Contains(c.Surfaces, surface.ID) {
			page.Categories = append(page.Categories, c.Title)
		}
	}
	for i := range p.Permissions {
		if q := &p.Permissions[i]; slices.Contains(q.Surfaces, surface.ID) {
			page.Permissions = append(page.Permissions, Permission{q.Title, q.Meaning, q.Reason, q.Without, q.Required == "optional"})
		}
	}
	page.Cookies = cookieNames(p, surface.ID)
	h.Render(w, r, http.StatusOK, "surface_first", page)
	return nil
}

func cookieNames(p *policy.Policy, surface string) []string {
	var names []string
	for i := range p.Cookies {
		if c := &p.Cookies[i]; slices.Contains(c.Surfaces, surface) {
			names = append(names, c.Name)
		}
	}
	return names
}
