package main

import "testing"

func TestServerFor(t *testing.T) {
	for listen, want := range map[string]string{
		"": "", "127.0.0.1:5070": "127.0.0.1:5070", "192.0.2.1:5060": "192.0.2.1", "0.0.0.0:5060": "example.net", "[::]:5070": "example.net:5070",
		":5060": "example.net", "[2001:db8::1]:5070": "[2001:db8::1]:5070", "sip.example.net:5060": "sip.example.net", "nonsense": "nonsense",
	} {
		if got := serverFor(listen, "example.net"); got != want {
			t.Errorf("%q: %q, want %q", listen, got, want)
		}
	}
}
