package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// OverTLS is TCP under TLS, as it stands in Via (RFC 3261 20.42).
const OverTLS = "TLS"

// ListenPhonesTLS is ListenPhones over TLS alone, with the certificates of conf
// (RFC 3261 26.2). A client that does not finish its handshake holds up nobody
// and is let go as who says nothing is.
func (s *Server) ListenPhonesTLS(ctx context.Context, addr string, conf *tls.Config) (net.Addr, error) {
	var listen net.ListenConfig
	tcp, err := listen.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	conf = conf.Clone()
	conf.NextProtos = []string{"sip"} // none of HTTP's: a certificate authority's challenge is not answered here
	l := &phones{
		s: s, tcp: tls.NewListener(tcp, conf), network: OverTLS, host: s.PhoneHost, stop: make(chan struct{}),
		peers: map[netip.AddrPort]*peer{}, conns: map[*stream]struct{}{}, from: map[netip.Prefix]int{},
	}
	if err := l.open(); err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	l.work.Go(l.connections)
	l.work.Go(l.beat)
	return tcp.Addr(), nil
}

// open counts the listener as one of the server's, unless that is closed.
func (l *phones) open() error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.s.closing {
		return ErrClosed
	}
	l.s.phones = append(l.s.phones, l)
	return nil
}
