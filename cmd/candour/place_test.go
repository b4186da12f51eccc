package main

import (
	"crypto/tls"
	"maps"
	"net"
	"testing"

	"candour/policy"
)

// Where passkeys work comes from --public, or else from --listen, never from
// what a request says.
func TestPlaceOfPasskeys(t *testing.T) {
	op := policy.Operator{Domain: "example.net", LocalDomain: "example.localhost"}
	for _, c := range []struct {
		public string
		tls    *tls.Config
		listen int
		want   map[string]string
	}{
		{"", nil, 8080, map[string]string{"example.localhost": "8080"}},
		{"", &tls.Config{}, 443, map[string]string{"example.localhost": "443", "example.net": "443"}},
		{"", &tls.Config{Certificates: []tls.Certificate{{}}}, 8443, map[string]string{"example.localhost": "8443"}},
		{"https://example.net", nil, 8080, map[string]string{"example.net": ""}},
		{"https://example.net:8443", nil, 8080, map[string]string{"example.net": "8443"}},
		{"https://example.net", &tls.Config{}, 8443, map[string]string{"example.net": ""}},
		{"http://example.localhost:9000", nil, 8080, map[string]string{"example.localhost": "9000"}},
		{"https://Staging.Example:8443", nil, 8080, map[string]string{"staging.example": "8443"}},
		{"https://staging.example", nil, 80, map[string]string{"staging.example": ""}},
	} {
		s := &sites{tls: c.tls}
		if err := s.place(c.public, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: c.listen}, op); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(s.ports, c.want) {
			t.Errorf("--public %q, --listen :%d: %v", c.public, c.listen, s.ports)
		}
	}
}
