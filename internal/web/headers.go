package web

import (
	"net/http"
	"strings"
	"sync"

	"candour/internal/web/door"
	"candour/policy"
)

// headerCache keeps computed headers. A port that a client made up must not
// fill the memory: when it is full it starts anew.
type headerCache struct {
	mu   sync.RWMutex
	made map[headerKey]headerSet
}

const headerEntries = 512

type headerKey struct {
	version int
	surface string
	loaded  uint64 // which integrations, as bits
	origin  string
}

type headerSet struct{ content, permissions []string }

// setHeaders sets what every answer of ours carries. Handlers may add to it
// and tighten it.
func (s *Site) setHeaders(h http.Header, v *Visit) {
	set := s.headersFor(v)
	h["Content-Security-Policy"] = set.content
	h["Permissions-Policy"] = set.permissions
	h["Referrer-Policy"] = sameOrigin
	h["X-Content-Type-Options"] = noSniff
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	if s.TLS && !strings.HasSuffix(v.parent, ".localhost") { // or plain http on this machine is locked out for a year, on every port
		h["Strict-Transport-Security"] = transport
	}
	h["Cache-Control"] = noStore
}

// Values of headers that are always the same. They are shared: a handler that
// wants another value sets it anew.
var (
	sameOrigin = []string{"same-origin"}
	noSniff    = []string{"nosniff"}
	noStore    = []string{"no-store"}
	transport  = []string{"max-age=31536000"}
)

func (s *Site) headersFor(v *Visit) headerSet {
	p := v.Policy()
	k := headerKey{version: v.Version.Number, origin: v.scheme + v.parent + v.port}
	var loaded []*policy.Integration
	if v.Surface != nil {
		k.surface = v.Surface.ID
	}
	if v.Surface != nil && !v.private {
		loaded = door.Loaded(p, v.Surface.ID, v.Consent)
		k.loaded = bitsOf(p, loaded)
	}
	s.headers.mu.RLock()
	set, ok := s.headers.made[k]
	s.headers.mu.RUnlock()
	if ok {
		return set
	}
	set = headerSet{[]string{door.ContentPolicy(loaded, v.siblings())}, []string{door.Permissions(p, k.surface)}}
	s.headers.mu.Lock()
	defer s.headers.mu.Unlock()
	if s.headers.made == nil || len(s.headers.made) >= headerEntries {
		s.headers.made = map[headerKey]headerSet{}
	}
	s.headers.made[k] = set
	return set
}

// Ask opens on one page the powers that it asks people for, as far as the
// policy declares them for its surface: on every other page they are shut (R11).
func (s *Site) Ask(w http.ResponseWriter, r *http.Request, features ...string) {
	v := VisitOf(r)
	w.Header()["Permissions-Policy"] = []string{door.Permissions(v.Policy(), v.Surface.ID, features...)}
}

func bitsOf(p *policy.Policy, loaded []*policy.Integration) (bits uint64) {
	for i := range p.Integrations {
		for _, n := range loaded {
			if n == &p.Integrations[i] {
				bits |= 1 << (i % 64)
			}
		}
	}
	return bits
}

// siblings are the origins of the other surfaces.
func (v *Visit) siblings() []string {
	var list []string
	p := v.Policy()
	for i := range p.Surfaces {
		if v.Surface == nil || p.Surfaces[i].Host != v.Surface.Host {
			list = append(list, v.origin(p.Surfaces[i].Host))
		}
	}
	return list
}

// cachePage says how a page may be kept: not at all once consent has widened
// what it loads, because an old copy would come back from a cache with its old
// header after a withdrawal, nor while somebody is signed in or where the page
// is about one person; else only to be asked for again. No page gets an ETag: a
// 304 would put a new header on an old body.
func cachePage(h http.Header, v *Visit) {
	if v.Consent.Widened() || v.Person != nil || v.private {
		h["Cache-Control"] = noStore
	} else {
		h["Cache-Control"] = askAgain
	}
	h["Vary"] = varyPage
}

var (
	askAgain = []string{"private, no-cache"}
	varyPage = []string{"Accept-Encoding, Cookie, Sec-GPC"}
)
