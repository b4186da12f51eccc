package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"candour/internal/evidence"
	"candour/internal/web/door"
)

// maxBody bounds what a form may send, in bytes: the longest message four
// times over.
const maxBody = 64 << 10

// answer watches one response: it runs the cookie door when the headers leave,
// and notes what the access log says.
type answer struct {
	http.ResponseWriter
	site   *Site
	visit  *Visit
	status int
	bytes  int64
}

// Unwrap serves http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter. The door stands before
// informational answers too: they carry the same headers (RFC 9110 section
// 15.2).
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		if a.visit.Surface != nil {
			a.site.refuse(a.visit, a.visit.cookies.Out(a.Header())...)
		} else {
			a.Header().Del("Set-Cookie")
		}
		if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
			a.status = status
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

// FlushError serves http.ResponseController, which would else flush past the
// door.
func (a *answer) FlushError() error {
	a.finish()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// finish sends the headers of a handler that wrote nothing: the server itself
// would send them past the door.
func (a *answer) finish() {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.finish()
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// refuse counts what a door refused, for the evidence.
func (s *Site) refuse(v *Visit, codes ...string) {
	for _, code := range codes {
		surface := ""
		if v.Surface != nil {
			surface = v.Surface.ID
		}
		s.metrics.refusals.WithLabelValues(code).Inc()
		if err := s.Counter.Add(evidence.DoorRefused, code, surface, v.Version.Number); err != nil {
			s.Log.Warn("a refusal was not counted", "code", code, "error", err)
		}
		if s.Strict && code != door.CookieFound && code != crossOrigin {
			s.Log.Error("the cookie door changed what our own code set; declare it in the policy, or set it by its role", "code", code, "route", v.pattern)
		}
	}
}

// crossOrigin is the code of a form that came from another site.
const crossOrigin = "form.cross-origin"

// ServeHTTP serves every host. Its order: who is asked (host), what this
// browser agreed to, the headers of the doors, where the request came from,
// how large it is, and then the surface's own routes.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	v, label, ok := s.newVisit(r)
	a := &answer{ResponseWriter: w, site: s, visit: v}
	r = r.WithContext(withVisit(r.Context(), v))
	defer func() {
		if p := recover(); p != nil {
			s.recovered(a, r, p)
		}
		took := time.Since(begun)
		s.metrics.answered(v.surfaceLabel(), v.pattern, a.status, took)
		s.logAccess(a, r, took)
	}()
	if !ok {
		s.unknownHost(a, v)
		return
	}
	s.setHeaders(a.Header(), v)
	if v.Surface == nil {
		s.hosts[label].ServeHTTP(a, r)
		a.finish()
		return
	}
	if lines, n := v.cookies.In(r); n > 0 {
		a.Header()["Set-Cookie"] = lines
		s.refuse(v, repeat(door.CookieFound, n)...)
	}
	if err := s.origin.Check(r); err != nil && r.URL.Path != door.ReportPath {
		s.refuse(v, crossOrigin)
		s.Fail(a, r, ErrCrossOrigin)
		return
	}
	if err := s.recognise(v, r); err != nil {
		s.Fail(a, r, err)
		return
	}
	v.body = r.Body // for the few routes that take a file: see ReadUpload
	r.Body = http.MaxBytesReader(a, r.Body, maxBody)
	s.surfaces[v.Surface.ID].ServeHTTP(a, r)
	a.finish()
	if v.counted && a.status == http.StatusOK && r.Method == http.MethodGet && v.Consent.Counted() {
		s.Views.Count(v.Surface.ID, v.pattern)
	}
}

func repeat(code string, n int) []string {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = code
	}
	return codes
}

// recovered answers a request whose handler panicked. The panic's value may
// quote anything, so the log gets where it was and not what.
func (s *Site) recovered(a *answer, r *http.Request, p any) {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	s.Log.Error("a handler panicked", "id", a.visit.ID, "route", a.visit.pattern, "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	if a.status == 0 {
		s.Fail(a, r, errInternal)
	}
}

// unknownHost answers a request for a host that is not ours (RFC 9110 section
// 15.5.20). The page is plain: it belongs to no surface.
func (s *Site) unknownHost(a *answer, v *Visit) {
	h := a.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	a.WriteHeader(http.StatusMisdirectedRequest)
	_, _ = fmt.Fprint(a, "This server does not serve the site you asked for.\n") // the client has gone
	v.pattern = "unknown host"
}

// logAccess writes one line for each request. It holds nothing about a person
// (R9): no address, no browser, no path or query as sent, no referrer.
func (s *Site) logAccess(a *answer, r *http.Request, took time.Duration) {
	s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("id", a.visit.ID), slog.String("surface", a.visit.surfaceLabel()), slog.String("method", knownMethod(r.Method)),
		slog.String("route", a.visit.pattern), slog.Int("status", a.status), slog.Int64("bytes", a.bytes),
		slog.Duration("took", took.Round(time.Microsecond)))
}

// knownMethod keeps a method that a client made up out of the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}
