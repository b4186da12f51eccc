package sip

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/trunk"
)

// Where a trunk is (RFC 3263): at its address; else at the port that the operator
// says of its name; else where the DNS says that its name takes calls over the
// transport, in the order of that, and at the usual port where it says nothing.
// The transport is the operator's word, so that nothing is asked of NAPTR.

// Bounds of looking.
const (
	resolveTime = 2 * time.Second
	resolveKept = time.Minute
	dialTime    = 3 * time.Second // also for its certificate
	silentTime  = time.Minute     // for which an address that said nothing is tried last
	maxTargets  = 8               // names that one name leads to
	maxPlaces   = 16              // addresses of those
)

// place is one address of a trunk.
type place struct {
	at       netip.AddrPort
	priority uint16    // the least first
	silent   time.Time // when it said nothing last
}

// service is what a transport is called in the DNS (RFC 3263 4.1), and its usual
// port (RFC 3261 19.1.2).
func (t *carrier) service() (service, proto string, port uint16) {
	switch t.Transport {
	case trunk.TLS:
		return "sips", "tcp", 5061
	case trunk.TCP:
		return "sip", "tcp", 5060
	}
	return "sip", "udp", 5060
}

// param is the transport as it stands in addresses of the trunk.
func (t *carrier) param() sipgo.HeaderParams {
	if t.Transport == trunk.UDP {
		return nil
	}
	return sipgo.HeaderParams{{K: "transport", V: t.Transport}}
}

// placed is stands for who holds mu.
func (t *carrier) placed(at netip.AddrPort) bool {
	return slices.ContainsFunc(t.places, func(p place) bool { return p.at == at })
}

// way is the flow on which requests to the trunk go; nil if there is none.
func (t *carrier) way(ctx context.Context) *flow {
	for _, at := range t.resolve(ctx) {
		if f := t.wayTo(ctx, at); f != nil {
			return f
		}
		t.quiet(at)
	}
	return nil
}

func (t *carrier) wayTo(ctx context.Context, at netip.AddrPort) *flow {
	if t.Transport == trunk.UDP {
		return t.overUDP(at)
	}
	t.mu.Lock()
	f := t.flows[at]
	t.mu.Unlock()
	if f != nil && !f.over() {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := t.dial(ctx, at)
	if err != nil {
		return nil
	}
	if f = t.g.open(t, conn); f == nil {
		_ = conn.Close()
	}
	return f
}

// dial connects to an address of the trunk. Over TLS it must show a certificate
// for the name that the operator wrote, whatever name the DNS led to (RFC 5922
// 7.1): the DNS is not trusted with that.
func (t *carrier) dial(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", at.String())
	if err != nil || t.Transport != trunk.TLS {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: strings.Trim(t.Host, "[]"), RootCAs: t.s.Roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		t.s.Log.Warn("a trunk could not be reached over TLS", "trunk", t.ID)
		return nil, err
	}
	return secure, nil
}

// quiet notes that an address said nothing: it is tried last for a while.
func (t *carrier) quiet(at netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.places {
		if t.places[i].at == at {
			t.places[i].silent = t.s.Now()
		}
	}
}

// turnsFrom notes that what a request went to failed, and reports whether another
// address is worth a try (RFC 3263 4.3).
func (t *carrier) turnsFrom(f *flow) bool {
	t.quiet(f.at)
	return t.others(f)
}

// others reports whether the trunk has another address that answers, as far as
// anybody knows.
func (t *carrier) others(f *flow) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.places, func(p place) bool { return p.at != f.at && !t.mute(p) })
}

func (t *carrier) mute(p place) bool {
	return !p.silent.IsZero() && t.s.Now().Sub(p.silent) < silentTime
}

// resolve finds where the trunk is, the best place first. What was found once holds
// while no more can be found out.
func (t *carrier) resolve(ctx context.Context) []netip.AddrPort {
	t.mu.Lock()
	fresh := len(t.places) > 0 && t.s.Now().Sub(t.resolved) < resolveKept
	t.mu.Unlock()
	if !fresh {
		ctx, cancel := context.WithTimeout(ctx, resolveTime)
		found := t.lookUp(ctx)
		cancel()
		t.mu.Lock()
		if len(found) > 0 {
			t.settled(found)
		}
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.Clone(t.places)
	slices.SortStableFunc(list, func(a, b place) int {
		return cmp.Compare(t.last(a), t.last(b))
	})
	out := make([]netip.AddrPort, len(list))
	for i, p := range list {
		out[i] = p.at
	}
	return out
}

// last orders places: those that answer as they are, and then those that said
// nothing, the longest ago first.
func (t *carrier) last(p place) int64 {
	if !t.mute(p) {
		return 0
	}
	return p.silent.UnixNano()
}

// settled takes in what was found. Of places of the same priority the one where the
// trunk was stays the first. The caller holds mu.
func (t *carrier) settled(found []place) {
	for i := range found {
		for _, old := range t.places {
			if old.at == found[i].at {
				found[i].silent = old.silent
			}
		}
	}
	if len(t.places) > 0 {
		now := t.places[0].at
		slices.SortStableFunc(found, func(a, b place) int {
			stays := 0
			if a.at == now {
				stays = -1
			} else if b.at == now {
				stays = 1
			}
			return cmp.Or(cmp.Compare(a.priority, b.priority), stays)
		})
	}
	t.places, t.resolved = found, t.s.Now()
}

// lookUp asks the DNS.
func (t *carrier) lookUp(ctx context.Context) (found []place) {
	service, proto, port := t.service()
	host := strings.Trim(t.Host, "[]")
	if t.Port != 0 {
		port = uint16(t.Port) //nolint:gosec // read as 16 bits
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []place{{at: netip.AddrPortFrom(a, port)}}
	}
	names := t.s.Resolver
	if names == nil {
		names = net.DefaultResolver
	}
	targets := []*net.SRV{{Target: host, Port: port}}
	if t.Port == 0 {
		if _, list, err := names.LookupSRV(ctx, service, proto, host); err == nil && len(list) > 0 {
			targets = list[:min(len(list), maxTargets)] // in the order of priority, and by chance as weights have it (RFC 2782)
		}
	}
	for _, to := range targets {
		if to.Target == "." { // RFC 2782: there is none, on purpose
			continue
		}
		all, err := names.LookupNetIP(ctx, "ip", to.Target)
		if err != nil {
			continue
		}
		for _, a := range all {
			if len(found) < maxPlaces {
				found = append(found, place{at: netip.AddrPortFrom(a.Unmap(), to.Port), priority: to.Priority})
			}
		}
	}
	return found
}
