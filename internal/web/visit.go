package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"io"
	"net/http"
	"strings"
	"time"

	"candour/internal/consent"
	"candour/internal/identity"
	"candour/internal/notice"
	"candour/internal/web/door"
	"candour/policy"
)

// Visit is what is known of one request before its handler runs: where it
// goes, which policy is in force, and what this browser agreed to. It belongs
// to the request.
type Visit struct {
	ID      string // random, for the log and for people to quote
	Surface *policy.Surface
	Version *notice.Version // in force
	Consent consent.State
	Now     time.Time
	Person  *identity.Session // who is signed in on the surface; nil for nobody. It may not be whole: see Routes.Member

	known   int // the latest version of the notice that whoever is signed in has seen; 0 for nobody
	scheme  string
	parent  string // the parent domain that the host is below
	port    string // of the request, with its colon, or empty
	public  string // the one at which people are meant to come, likewise
	meant   bool   // people are meant to come below this parent at all: see Deps.Ports
	cookies door.Cookies
	forgery string        // the cookie's value that the forms of this page go with
	pattern string        // the route that answers, for the log and the statistics
	secret  bool          // the page holds what only this browser may know
	private bool          // it is about one person: see Site.Private
	counted bool          // the answer is a page that statistics may count
	body    io.ReadCloser // of the request, without the bound of a form
}

type visitKey struct{}

// VisitOf returns the visit of a request that came through Site.
func VisitOf(r *http.Request) *Visit { return r.Context().Value(visitKey{}).(*Visit) }

func withVisit(ctx context.Context, v *Visit) context.Context {
	return context.WithValue(ctx, visitKey{}, v)
}

// Policy is the policy in force.
func (v *Visit) Policy() *policy.Policy { return v.Version.Profile.Policy }

// URL is the address of a path on the surface with a host label ("" is the
// website): on the same surface the path alone.
func (v *Visit) URL(label, path string) string {
	if v.Surface != nil && label == v.Surface.Host {
		return path
	}
	return v.origin(label) + path
}

func (v *Visit) origin(label string) string {
	host := v.parent
	if label != "" {
		host = label + "." + host
	}
	return v.scheme + "://" + host + v.port
}

// Public is the address of a path of the website for a mail or a file: always
// with its host.
func (v *Visit) Public(path string) string { return v.origin("") + path }

// Party is the relying party of passkeys: the parent of all surfaces, and the
// origin of this one as it is configured, never as a request says. ErrNotFound
// for a request to any other address: what answers there may be somebody else's,
// who passes on to us what is typed.
func (v *Visit) Party() (identity.Party, error) {
	if !v.meant || standard(v.scheme, v.port) != v.public {
		return identity.Party{}, ErrNotFound
	}
	host := v.parent
	if v.Surface.Host != "" {
		host = v.Surface.Host + "." + host
	}
	return identity.Party{Domain: v.parent, Name: v.Policy().Operator.ShortName, Origin: v.scheme + "://" + host + v.public}, nil
}

// standard is a port as it stands in an origin: the scheme's own does not (RFC
// 6454 section 6.2).
func standard(scheme, port string) string {
	if scheme == "http" && port == ":80" || scheme == "https" && port == ":443" {
		return ""
	}
	return port
}

// DropCookie expires the cookie that the policy declares for a role on this
// surface.
func (v *Visit) DropCookie(w http.ResponseWriter, role string) {
	if c, ok := v.Policy().CookieByRole(role, v.Surface.ID); ok {
		gone := v.cookies.Declared(c, "")
		gone.MaxAge, gone.Expires = -1, time.Time{}
		http.SetCookie(w, gone)
	}
}

// SetCookie sets the cookie that the policy declares for a role on this
// surface. The door lets it pass if this browser agreed. Without such a
// declaration nothing is set.
func (v *Visit) SetCookie(w http.ResponseWriter, role, value string) bool {
	c, ok := v.Policy().CookieByRole(role, v.Surface.ID)
	if !ok {
		return false
	}
	http.SetCookie(w, v.cookies.Declared(c, value))
	return true
}

// Cookie returns the value of the cookie for a role, if the browser sent one.
func (v *Visit) Cookie(r *http.Request, role string) (string, bool) {
	c, ok := v.Policy().CookieByRole(role, v.Surface.ID)
	if !ok {
		return "", false
	}
	sent, err := r.Cookie(c.Name)
	if err != nil {
		return "", false
	}
	return sent.Value, true
}

// newVisit finds the surface by the host. ok is false for a host that is not
// ours.
func (s *Site) newVisit(r *http.Request) (v *Visit, label string, ok bool) {
	host, port := splitHost(r.Host)
	v = &Visit{ID: requestID(), Now: s.Now(), scheme: "http", port: port, Version: s.InForce()}
	if s.TLS {
		v.scheme = "https"
	}
	for _, parent := range s.Parents {
		if label, ok = below(host, parent); ok {
			v.parent = parent
			var at string
			if at, v.meant = s.Ports[parent]; at != "" {
				v.public = standard(v.scheme, ":"+at)
			}
			break
		}
	}
	if !ok || v.Version == nil {
		return v, "", false
	}
	p := v.Policy()
	for i := range p.Surfaces {
		if p.Surfaces[i].Host == label && s.surfaces[p.Surfaces[i].ID] != nil {
			v.Surface = &p.Surfaces[i]
		}
	}
	if v.Surface == nil {
		return v, label, s.hosts[label] != nil
	}
	v.Consent = s.Desk.Read(p, v.Surface.ID, s.consentValues(p, v.Surface.ID, r), r.Header.Get("Sec-GPC") == "1")
	v.cookies = door.Cookies{Policy: p, Surface: v.Surface.ID, State: v.Consent, Host: host, Parent: v.parent, Now: v.Now}
	return v, label, true
}

func (s *Site) consentValues(p *policy.Policy, surface string, r *http.Request) []string {
	c, ok := p.CookieByRole("consent", surface)
	if !ok || len(r.Header["Cookie"]) == 0 {
		return nil
	}
	var values []string
	for _, sent := range r.CookiesNamed(c.Name) {
		values = append(values, sent.Value)
	}
	return values
}

// splitHost parts a Host header. The port is kept with its colon, and only if
// it is a number: it goes into links.
func splitHost(hostport string) (host, port string) {
	host = strings.ToLower(hostport)
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host, port = host[:i], host[i:]
		if len(port) < 2 || len(port) > 6 || strings.Trim(port[1:], "0123456789") != "" {
			return "", ""
		}
	}
	return strings.TrimSuffix(host, "."), port
}

// below returns the one label of host below parent, or none for parent itself.
func below(host, parent string) (label string, ok bool) {
	if parent == "" || host == "" {
		return "", false
	}
	if host == parent {
		return "", true
	}
	label, ok = strings.CutSuffix(host, "."+parent)
	return label, ok && label != "" && !strings.Contains(label, ".")
}

// requestID returns 80 random bits in letters that people can read out.
func requestID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}
