package trunk

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Bounds of values.
const (
	leastExpires   = 60   // seconds
	mostExpires    = 3600 // seconds
	defaultExpires = 300  // seconds
	leastCapacity  = 2    // one place is kept for emergency calls
	mostCapacity   = 10_000
	mostPriority   = 100
	defaultPort    = "5060"
	leastNumber    = 8 // bytes, with the plus
	loopback       = "127.0.0.1:0"
)

func (r *reader) file(n *yaml.Node) (f File) {
	got := r.fields(n, "the file", "listen", "public", "shown", "trunks")
	r.need(n, got, "the file", "trunks")
	f.Listen = loopback
	if v := r.text(got["listen"], "listen"); v != "" {
		if _, err := netip.ParseAddrPort(v); err != nil {
			r.fault(got["listen"], "listen must be an address and a port, such as 192.0.2.10:5070")
		}
		f.Listen = v
	}
	if v := r.text(got["public"], "public"); v != "" {
		if f.Public = v; !isHost(v) {
			r.fault(got["public"], "public must be a name or an address alone, such as calls.example.net")
		}
	}
	if v := r.quoted(got["shown"], "shown"); v != "" {
		if f.Shown = v; !isPrefix(v) || len(v) < leastNumber {
			r.fault(got["shown"], "shown must be a whole number, such as \"+441632960000\"")
		}
	}
	list := r.list(got["trunks"], "trunks")
	if got["trunks"] != nil && len(list) == 0 {
		r.fault(got["trunks"], "there is no trunk")
	}
	if len(list) > maxTrunks {
		r.fault(got["trunks"], "there are more than %d trunks", maxTrunks)
		list = nil
	}
	for _, one := range list {
		t := r.trunk(one)
		if slices.ContainsFunc(f.Trunks, func(o Trunk) bool { return o.ID == t.ID && t.ID != "" }) {
			r.fault(one, "two trunks have the id %s", t.ID)
		}
		f.Trunks = append(f.Trunks, t)
	}
	return f
}

func (r *reader) trunk(n *yaml.Node) (t Trunk) {
	got := r.fields(n, "a trunk", "id", "recipient", "host", "transport", "domain", "register", "from", "numbers", "takes", "capacity", "emergency", "identity", "dials", "abroad")
	r.need(n, got, "a trunk", "id", "recipient", "host", "capacity")
	for _, id := range []struct {
		name string
		to   *string
	}{{"id", &t.ID}, {"recipient", &t.Recipient}, {"emergency", &t.Emergency}} {
		if v := r.text(got[id.name], id.name); v != "" {
			if *id.to = v; !isID(v) {
				r.fault(got[id.name], "%s must be small letters, digits and dashes", id.name)
			}
		}
	}
	t.Host, t.Port = r.hostPort(got["host"])
	t.Transport = r.oneOf(got["transport"], "transport", UDP, TCP, TLS)
	if t.Domain = t.Host; got["domain"] != nil {
		if t.Domain = r.text(got["domain"], "domain"); !isHost(t.Domain) {
			r.fault(got["domain"], "domain must be a name or an address alone")
		}
	}
	if got["register"] != nil {
		t.Register = r.registration(got["register"])
	}
	t.From, t.Numbers, t.Takes = r.prefixes(got["from"]), r.ranges(got["numbers"]), r.ways(got["takes"])
	if t.Register == nil && len(t.From) == 0 && len(t.Numbers) > 0 {
		r.fault(n, "a trunk that brings calls needs register, or from: the addresses that they come from")
	}
	if len(t.Numbers) == 0 && len(t.Takes) == 0 && t.Emergency == "" {
		r.fault(n, "a trunk needs numbers that it brings, destinations that it takes, or emergency")
	}
	t.Capacity = r.number(got["capacity"], "capacity", leastCapacity, mostCapacity, leastCapacity)
	t.Identity = r.oneOf(got["identity"], "identity", Asserted, InFrom)
	t.Dials = r.oneOf(got["dials"], "dials", WithPlus, Bare, National)
	t.Abroad = r.yes(got["abroad"], "abroad")
	return t
}

func (r *reader) hostPort(n *yaml.Node) (string, int) {
	v := r.text(n, "host")
	if v == "" {
		return "", 0
	}
	host, port, err := net.SplitHostPort(v)
	given := err == nil
	if !given {
		host, port, err = net.SplitHostPort(v + ":" + defaultPort)
	}
	p, perr := strconv.ParseUint(port, 10, 16)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if err != nil || perr != nil || p == 0 || !isHost(host) {
		r.fault(n, "host must be a name or an address, and a port if the DNS shall not say it, such as sip.carrier.example:%s", defaultPort)
		return "", 0
	}
	if !given {
		return host, 0
	}
	return host, int(p)
}

func (r *reader) registration(n *yaml.Node) *Registration {
	got := r.fields(n, "register", "username", "password_file", "realm", "expires")
	r.need(n, got, "register", "username", "password_file")
	g := &Registration{Username: r.text(got["username"], "username"), Realm: r.text(got["realm"], "realm")}
	if strings.ContainsAny(g.Username, "\" \\<>@:;,") {
		r.fault(got["username"], "username holds a sign that user names have not")
	}
	if strings.ContainsAny(g.Realm, "\"\\") {
		r.fault(got["realm"], "realm holds a quotation mark")
	}
	g.Expires = time.Duration(r.number(got["expires"], "expires (in seconds)", leastExpires, mostExpires, defaultExpires)) * time.Second
	if name := r.text(got["password_file"], "password_file"); name != "" && r.password != nil {
		var err error
		if g.Password, err = r.password(name); err != nil {
			r.fault(got["password_file"], "the password cannot be used: %v", err)
		}
	}
	return g
}

func (r *reader) prefixes(n *yaml.Node) (all []netip.Prefix) {
	for _, one := range r.list(n, "from") {
		v := r.text(one, "an address in from")
		if v == "" {
			continue
		}
		p, err := netip.ParsePrefix(v)
		if a, aerr := netip.ParseAddr(v); aerr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil || p.Addr().Zone() != "" || p != p.Masked():
			r.fault(one, "from holds addresses and their networks, such as 198.51.100.7 or 198.51.100.0/24")
		case p.Addr().Is4() && p.Bits() < 16 || p.Addr().Is6() && p.Bits() < 32:
			r.fault(one, "that network is too large to be one carrier's: whoever is in it could call as anybody")
		default:
			all = append(all, p)
		}
	}
	return all
}

func (r *reader) ranges(n *yaml.Node) (all []Range) {
	for _, one := range r.list(n, "numbers") {
		v := r.quoted(one, "a number in numbers")
		if v == "" {
			continue
		}
		from, to, _ := strings.Cut(v, " to ")
		g := Range{from, to}
		ok := isPrefix(from) && len(from) > 3
		if to != "" {
			ok = ok && isPrefix(to) && len(from) == len(to) && from <= to
		}
		if !ok {
			r.fault(one, "numbers holds beginnings of numbers, such as \"+441632960\", and ranges, such as \"+441632960000 to +441632960099\"")
			continue
		}
		all = append(all, g)
	}
	return all
}

func (r *reader) ways(n *yaml.Node) (all []Way) {
	for _, one := range r.list(n, "takes") {
		w := Way{Priority: 1}
		if one.Kind == yaml.ScalarNode {
			w.Prefix = r.quoted(one, "a destination in takes")
		} else {
			got := r.fields(one, "a destination in takes", "prefix", "priority")
			r.need(one, got, "a destination in takes", "prefix")
			w.Prefix = r.quoted(got["prefix"], "prefix")
			w.Priority = r.number(got["priority"], "priority", 1, mostPriority, 1)
		}
		short := w.Prefix != "" && w.Prefix[0] != '0' && strings.Trim(w.Prefix, "0123456789") == "" && len(w.Prefix) <= 6
		switch {
		case w.Prefix == "":
		case w.Prefix != "+" && !isPrefix(w.Prefix) && !short:
			r.fault(one, "takes holds beginnings of numbers, such as \"+44\", \"+\" for all, or \"118\" for short ones")
		case slices.ContainsFunc(all, func(o Way) bool { return o.Prefix == w.Prefix }):
			r.fault(one, "takes has a destination twice")
		default:
			all = append(all, w)
		}
	}
	return all
}

func isID(s string) bool {
	return len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-'
}

func isHost(s string) bool {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Zone() == "" && (a.Is4() && !strings.HasPrefix(s, "[") || a.Is6() && strings.HasPrefix(s, "["))
	}
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && s[0] != '-' && s[0] != '.'
}

// isPrefix reports whether digits begin a number of ITU-T E.164.
func isPrefix(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && digits != "" && len(digits) <= 15 && strings.Trim(digits, "0123456789") == "" && digits[0] != '0'
}
