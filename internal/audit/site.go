package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"candour/policy"
)

// ErrUnknownHost says that no policy at hand declares the host.
var ErrUnknownHost = errors.New("no policy at hand declares this host")

// site is the operator's surfaces as they are reached from one address: same
// scheme, same port, one parent domain.
type site struct {
	policy *policy.Policy
	start  *url.URL // the address given
	parent string   // domain under which all surfaces are
	hosts  map[string]*policy.Surface
}

func newSite(address string, p *policy.Policy) (*site, error) {
	u, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	s := &site{policy: p, start: u, hosts: map[string]*policy.Surface{}}
	host := u.Hostname()
	switch {
	case under(host, p.Operator.LocalDomain):
		s.parent = p.Operator.LocalDomain
	case under(host, p.Operator.Domain):
		s.parent = p.Operator.Domain
	default:
		s.parent = parentOf(host, p) // a trial installation under a name of its own
	}
	for i := range p.Surfaces {
		f := &p.Surfaces[i]
		h := s.parent
		if f.Host != "" {
			h = f.Host + "." + s.parent
		}
		s.hosts[h] = f
	}
	if s.hosts[host] == nil {
		return nil, fmt.Errorf("%w: %s; declare a surface for it, or give the address of one that is declared", ErrUnknownHost, host)
	}
	return s, nil
}

// under reports whether host is the domain or below it.
func under(host, domain string) bool {
	return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
}

// parentOf guesses the parent of a host that is under neither of the policy's
// domains from the labels of its surfaces.
func parentOf(host string, p *policy.Policy) string {
	label, rest, ok := strings.Cut(host, ".")
	if ok && slices.ContainsFunc(p.Surfaces, func(f policy.Surface) bool { return f.Host == label }) {
		return rest
	}
	return host
}

// root is the address of a surface's first page.
func (s *site) root(f *policy.Surface) *url.URL {
	u := &url.URL{Scheme: s.start.Scheme, Host: s.parent, Path: "/"}
	if f.Host != "" {
		u.Host = f.Host + "." + s.parent
	}
	if port := s.start.Port(); port != "" {
		u.Host += ":" + port
	}
	return u
}

// surfaceOf returns the surface an address belongs to, and whether it belongs
// to one: a surface's host at the audited port.
func (s *site) surfaceOf(u *url.URL) (*policy.Surface, bool) {
	f, ok := s.hosts[u.Hostname()]
	return f, ok && portOf(u) == portOf(s.start)
}

// ours reports whether a host is the operator's at all, declared surface or
// not. A link to it does not leave.
func (s *site) ours(host string) bool {
	return under(host, s.parent) || under(host, s.policy.Operator.Domain)
}

// portOf is the port an address means, with ws for http and wss for https.
func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" || u.Scheme == "wss" {
		return "443"
	}
	return "80"
}

// needsChoice reports whether a surface declares something that needs consent
// and is still in use.
func (s *site) needsChoice(surface string) bool {
	for _, g := range s.policy.ConsentGroups() {
		for _, c := range s.policy.Cookies {
			if c.Group == g.ID && !c.Historical && slices.Contains(c.Surfaces, surface) {
				return true
			}
		}
		for _, i := range s.policy.Integrations {
			if i.Group == g.ID && slices.Contains(i.Surfaces, surface) {
				return true
			}
		}
	}
	return false
}

// Find returns the built-in profile whose domain covers the address, from the
// profiles that files returns for ids.
func Find(address string, ids []string, files func(id string) (fs.FS, bool)) (*policy.Profile, error) {
	u, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		fsys, ok := files(id)
		if !ok {
			continue
		}
		p, faults := policy.Load(fsys)
		if len(faults) > 0 {
			return nil, fmt.Errorf("the built-in profile %s has faults:\n%w", path.Base(id), faults)
		}
		if op := p.Policy.Operator; under(u.Hostname(), op.LocalDomain) || under(u.Hostname(), op.Domain) {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %s; pass the folder of its policy with --policy", ErrUnknownHost, u.Hostname())
}
