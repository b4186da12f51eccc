package main

import "net"

// sipPort is that of SIP (RFC 3261 section 18.1.1), which phones take where none
// is named.
const sipPort = "5060"

// phoneServer is where people's own phones connect, as it is told to them.
func (s *sites) phoneServer() string { return serverFor(s.sip, s.profile.Policy.Operator.Domain) }

// phoneServerTLS is phoneServer of those that connect over TLS.
func (s *sites) phoneServerTLS() string { return serverFor(s.sipTLS, s.profile.Policy.Operator.Domain) }

// serverFor is where phones connect that are let in at an address: that
// one, or the operator's domain where that is every
// address of the machine. Empty where none is.
func serverFor(listen, domain string) string {
	if listen == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = domain
	}
	if port == sipPort {
		return host
	}
	return net.JoinHostPort(host, port)
}
