package push

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Limits of what is asked of a push service.
const (
	maxEndpoint = 1024             // characters of an address
	sendTime    = 10 * time.Second // for one message
)

// KnownServices are the push services of the browsers that people use: those of
// Chromium and Edge, Firefox, Safari. A leading *. stands for one label.
var KnownServices = []string{
	"fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "*.notify.windows.com",
}

// Services is the closed list of push services that messages are sent to.
type Services struct {
	hosts  []string
	local  string // origin of a service on this machine, for trying out; empty for none
	client *http.Client
}

// NewServices reads a list of hosts. One entry may be the http origin of a
// service on this machine's loopback, for trying out. The error says what is
// wrong with which entry.
func NewServices(list []string) (Services, error) {
	var l Services
	for _, entry := range list {
		if strings.HasPrefix(entry, "http://") {
			u, err := url.Parse(entry)
			if err != nil || !loopback(u.Hostname()) || u.Port() == "" || u.Path != "" || l.local != "" {
				return Services{}, fmt.Errorf("push: %q is not the origin of a push service on this machine, such as http://127.0.0.1:9000", entry)
			}
			l.local = entry
			continue
		}
		name := strings.TrimPrefix(entry, "*.")
		if !hostName(name) {
			return Services{}, fmt.Errorf("push: %q is not the name of a push service's host", entry)
		}
		l.hosts = append(l.hosts, entry)
	}
	l.client = &http.Client{
		Timeout: sendTime,
		// Where a service would send us on to is no business of ours.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:           nil, // a proxy would look the name up past the check below
			DialContext:     (&net.Dialer{Timeout: sendTime / 2, Control: l.outward}).DialContext,
			IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
		},
	}
	return l, nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// hostName reports whether a text is a name of DNS with a dot in it, and no
// address.
func hostName(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return false
	}
	labels := strings.Split(s, ".")
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return false // an address, or what some resolvers take for one
	}
	return !slices.ContainsFunc(labels, func(l string) bool { return l == "" || l[0] == '-' || l[len(l)-1] == '-' })
}

// allowed reads the address of a subscription. ErrSubscription unless it is on
// the list, by https at the port of https, with nothing in it that would be read
// otherwise by whoever connects.
func (l Services) allowed(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxEndpoint || u.User != nil || u.Fragment != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") {
		return nil, ErrSubscription
	}
	if l.local != "" && u.Scheme+"://"+u.Host == l.local {
		return u, nil
	}
	if u.Scheme != "https" || u.Port() != "" || !hostName(u.Host) || !slices.ContainsFunc(l.hosts, func(h string) bool { return matches(h, u.Host) }) {
		return nil, ErrSubscription
	}
	return u, nil
}

// matches compares a host with an entry of the list.
func matches(entry, host string) bool {
	parent, wild := strings.CutPrefix(entry, "*.")
	if !wild {
		return entry == host
	}
	label, rest, ok := strings.Cut(host, ".")
	return ok && label != "" && rest == parent
}

// errInward says that a name of a push service leads to a network of one's own.
var errInward = errors.New("push: the service's name leads to an address that is not public")

// outward refuses to connect to an address inside: a name on the list may be
// made to point anywhere (CWE-918).
func (l Services) outward(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return errInward
	}
	if l.local != "" && "http://"+address == l.local {
		return nil
	}
	ip := a.Addr().Unmap()
	for _, inside := range inward {
		if inside.Contains(ip) {
			return errInward
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errInward
	}
	return nil
}

// inward are the networks that are not public beyond those that net/netip knows
// (RFC 6890): shared address space, protocol assignments, tests, benchmarks,
// reserved, and the ways of writing an IPv4 address in IPv6.
var inward = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16")

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// What came of sending a message.
type outcome uint8

const (
	taken  outcome = iota // the service has it
	gone                  // the browser is no longer there (RFC 8030 section 7.3)
	failed                // for now
)

// message is what is sent, and how.
type message struct {
	body    []byte
	urgency string
	topic   string // a later message of the same one replaces it (RFC 8030 section 5.4)
	life    time.Duration
}

// send gives a message to the service of a subscription (RFC 8030 section 5).
func (l Services) send(ctx context.Context, by *signer, now time.Time, to Subscription, m message) (outcome, error) {
	body, err := seal(m.body, to)
	if err != nil {
		return failed, err
	}
	proof, err := by.proof(to.endpoint.Scheme+"://"+to.endpoint.Host, now)
	if err != nil {
		return failed, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.endpoint.String(), strings.NewReader(string(body)))
	if err != nil {
		return failed, errSent
	}
	for name, value := range map[string]string{
		"Authorization": proof, "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream",
		"TTL": fmt.Sprint(int(m.life / time.Second)), "Urgency": m.urgency, "Topic": m.topic, "User-Agent": "",
	} {
		req.Header.Set(name, value)
	}
	res, err := l.client.Do(req)
	if err != nil {
		return failed, errSent // the library's words quote the address
	}
	defer res.Body.Close() // what it says is not read
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return taken, nil
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return gone, nil
	}
	return failed, fmt.Errorf("push: the service answered %d", res.StatusCode)
}

var errSent = errors.New("push: the service could not be reached")
