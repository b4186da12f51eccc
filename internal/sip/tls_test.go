package sip_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"candour/internal/certs"
	"candour/internal/sip"
	"candour/internal/telecom"
)

// dial connects to where phones are listened for.
func (x *exchange) dial(network string) (net.Conn, error) {
	if network != "TLS" {
		return net.Dial(strings.ToLower(network), x.phones())
	}
	if x.secure == "" {
		authority, err := certs.Local(x.t.TempDir(), "candour.localhost")
		if err != nil {
			return nil, err
		}
		conf, err := authority.Config("candour.localhost")
		if err != nil {
			return nil, err
		}
		addr, err := x.sip.ListenPhonesTLS(context.Background(), "127.0.0.1:0", conf)
		if err != nil {
			return nil, err
		}
		x.secure = addr.String()
	}
	return tls.Dial("tcp", x.secure, &tls.Config{ServerName: "candour.localhost", InsecureSkipVerify: true}) //nolint:gosec // whose certificate it is, is tested in certs
}

// A phone signs in over TLS, calls and is called; one that never finishes its
// handshake, or speaks no TLS, is nobody's concern.
func TestPhonesOverTLS(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.here("ann", "TLS"), x.here("ben", "UDP")
	for range 3 {
		silent, err := net.Dial("tcp", x.secure)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = silent.Close() }()
	}
	plain, err := net.Dial("tcp", x.secure)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = plain.Write([]byte(a.outside("OPTIONS", 1, "", "").String()))
	buf := make([]byte, 100)
	for err == nil { // a line of TLS, and the end
		_, err = plain.Read(buf)
	}
	if all := x.sip.Registrations(); len(all) != 2 || all[0].Network != sip.OverTLS && all[1].Network != sip.OverTLS {
		t.Errorf("registered: %+v", all)
	}
	for _, way := range [][2]*phone{{a, b}, {b, a}} {
		from := way[0].dials(way[1].ext)
		to := way[1].rings()
		to.accept()
		from.connected()
		from.ask("BYE", 200, "", "")
		to.bye()
		x.kept("ann", telecom.Completed)
	}
}
