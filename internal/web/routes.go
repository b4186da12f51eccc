package web

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"candour/internal/evidence"
	"candour/internal/web/door"
)

// Routes is the table of one surface's routes: all of them on one screen.
type Routes struct {
	site *Site
	mux  *http.ServeMux
	all  []Entry
	menu []menuEntry
}

// NewRoutes returns an empty table with what every surface has: its assets,
// the forms of choices, the button of what was seen, and where browsers report.
func (s *Site) NewRoutes() *Routes {
	rt := &Routes{site: s, mux: http.NewServeMux()}
	rt.Handle("GET /assets/{file}", s.Static)
	rt.Handle("GET /images/{file}", s.Static)
	for address, f := range s.files.byPath {
		if f.picture && !strings.HasPrefix(address, "/images/") {
			rt.Handle("GET "+address, s.Static)
		}
	}
	rt.Handle("GET /robots.txt", s.robots)
	rt.Handle("POST "+ConsentPath, s.PostConsent)
	rt.Handle("POST "+ObjectPath, s.PostObject)
	rt.Handle("POST "+EndObjectionPath, s.PostEndObjection)
	rt.Handle("POST "+SeenPath, s.PostSeen)
	rt.Handle("POST "+door.ReportPath, s.postReport)
	return rt
}

// Handle gives the handler of a route, in the form of http.ServeMux with a
// method. An error it returns becomes a page by the table of refusals.
func (rt *Routes) Handle(pattern string, h func(http.ResponseWriter, *http.Request) error) {
	rt.handle(Entry{Pattern: pattern, Gate: Open}, h)
}

func (rt *Routes) handle(e Entry, h func(http.ResponseWriter, *http.Request) error) {
	rt.all = append(rt.all, e)
	_, route, _ := strings.Cut(e.Pattern, " ")
	rt.mux.HandleFunc(e.Pattern, func(w http.ResponseWriter, r *http.Request) {
		v := VisitOf(r)
		v.pattern = route
		err := rt.site.meet(w, r, e)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			rt.site.Fail(w, r, err)
		}
	})
}

// HandlePage gives the handler of a page at a path that the operator chose,
// unless the path has a route of ours already.
func (rt *Routes) HandlePage(path string, h func(http.ResponseWriter, *http.Request) error) {
	pattern := "GET " + path
	if strings.HasSuffix(path, "/") {
		pattern += "{$}" // the page itself, not all below it
	}
	if !slices.Contains(rt.Patterns(), pattern) {
		rt.Handle(pattern, h)
	}
}

// Mount gives a handler everything below a path.
func (rt *Routes) Mount(prefix string, h http.Handler) {
	rt.Handle("GET "+prefix, func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.ServeHTTP(w, r)
		return nil
	})
}

// Patterns are the routes, for tests that walk them.
func (rt *Routes) Patterns() []string {
	all := make([]string, len(rt.all))
	for i, e := range rt.all {
		all[i] = e.Pattern
	}
	return all
}

// Table is the routes of a surface with who passes to them, for tests that
// walk them.
func (s *Site) Table(surface string) []Entry {
	if rt, ok := s.surfaces[surface].(*Routes); ok {
		return rt.all
	}
	return nil
}

// Route names the page that answers where one route serves several: its path,
// which is of a closed set.
func Route(r *http.Request, path string) { VisitOf(r).pattern = path }

// ServeHTTP finds the route. What no route takes becomes a page: not found, or
// not allowed with the methods that are.
func (rt *Routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, pattern := rt.mux.Handler(r)
	if pattern != "" {
		rt.mux.ServeHTTP(w, r)
		return
	}
	v := VisitOf(r)
	v.pattern = "no route"
	probe := &headerProbe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	switch {
	case probe.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", probe.header.Get("Allow"))
		rt.site.Fail(w, r, ErrMethod)
	default:
		rt.site.Fail(w, r, ErrNotFound)
	}
}

// headerProbe takes the answer of the multiplexer's own handlers.
type headerProbe struct {
	header http.Header
	status int
}

func (p *headerProbe) Header() http.Header         { return p.header }
func (p *headerProbe) WriteHeader(status int)      { p.status = status }
func (p *headerProbe) Write(b []byte) (int, error) { return len(b), nil }

// postReport counts a report of a browser that stopped something. Its contents
// are not kept (R9).
func (s *Site) postReport(w http.ResponseWriter, r *http.Request) error {
	v := VisitOf(r)
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if kind != "application/csp-report" && kind != "application/json" {
		return ErrType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, door.MaxReport))
	if err != nil {
		return ErrTooLarge
	}
	directive, ok := door.Report(body)
	if !ok {
		return ErrMalformed
	}
	if err := s.Counter.Add(evidence.ReportReceived, directive, v.Surface.ID, v.Version.Number); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// robots keeps search engines to the website's pages.
func (s *Site) robots(w http.ResponseWriter, r *http.Request) error {
	v := VisitOf(r)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	text := "User-agent: *\nDisallow: /\n"
	if v.Surface.Host == "" {
		text = "User-agent: *\nDisallow: /newsletter/confirm\nDisallow: /newsletter/leave\nDisallow: /your-data/\nDisallow: /evidence/\n"
	}
	_, _ = io.WriteString(w, text) // the client has gone
	return nil
}
