package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"candour/internal/certs"
)

// Connections that ask for the name of the way to the calls are given away; all
// others reach the sites as if nobody had looked, also HTTP/2, and those that are
// silent or speak no TLS keep nobody out.
func TestByName(t *testing.T) {
	authority, err := certs.Local(t.TempDir(), "example.localhost")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := authority.Config("example.localhost")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(conf.Certificates[0].Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	socket, err := bind("test", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newByName(socket, map[string]bool{"turn.example.localhost": true}, func(conn net.Conn) {
		c := tls.Server(conn, conf)
		_, _ = io.WriteString(c, "a way")
		_ = c.Close()
	})
	s := &http.Server{TLSConfig: conf, ReadHeaderTimeout: headerTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.TLS.ServerName)
	})}
	served := make(chan error, 1)
	go func() { served <- s.ServeTLS(l, "", "") }()

	for i := range 50 {
		conn, err := net.Dial("tcp", socket.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i%2 == 0 {
			_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		}
	}
	own := &tls.Config{RootCAs: roots, ServerName: "turn.example.localhost", MinVersion: tls.VersionTLS12}
	conn, err := tls.Dial("tcp", socket.Addr().String(), own)
	if err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	if err != nil || string(said) != "a way" {
		t.Errorf("under its name: %q, %v", said, err)
	}
	_ = conn.Close()
	for _, two := range []bool{true, false} {
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "www.example.localhost", MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: two,
		}}
		res, err := client.Get("https://" + socket.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		client.CloseIdleConnections()
		want := "HTTP/1.1 www.example.localhost"
		if two {
			want = "HTTP/2.0 www.example.localhost"
		}
		if err != nil || string(body) != want {
			t.Errorf("the sites said %q, %v; wanted %q", body, err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("served until %v", err)
	}
}

func TestTurnNeedsAnAddress(t *testing.T) {
	for turn, ok := range map[string]bool{"": true, "127.0.0.1:3478": true, "127.0.0.1": false, ":3478": false, "0.0.0.0:3478": false, "[::]:3478": false, "127.0.0.1:": false} {
		c := &RunCmd{FormLimit: 1, NoAnswer: 1e9, Turn: turn}
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("--turn %q: %v", turn, err)
		}
	}
	c := &RunCmd{FormLimit: 1, NoAnswer: 1e9, Turn: ":3478", MediaPublic: []string{"192.0.2.1"}}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}
