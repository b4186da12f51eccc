package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candour/internal/certs"
)

func TestLocalAuthoritySignsOnlyItsDomain(t *testing.T) {
	dir := t.TempDir()
	a, err := certs.Local(dir, "operator.localhost")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "local-authority.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key mode %v, err %v; want 0600", info.Mode(), err)
	}
	again, err := certs.Local(dir, "operator.localhost")
	if err != nil || again.Pin() != a.Pin() {
		t.Fatalf("opened anew: %v, pin %q, want %q", err, again.Pin(), a.Pin())
	}
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(a.Path())
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("reading the authority: %v", err)
	}
	for domain, good := range map[string]bool{"operator.localhost": true, "elsewhere.example": false} {
		conf, err := again.Config(domain)
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.Config.ErrorLog = nil
		srv.TLS = conf
		srv.StartTLS()
		for _, name := range []string{domain, "portal." + domain} {
			conn, err := tls.Dial("tcp", srv.Listener.Addr().String(), &tls.Config{RootCAs: pool, ServerName: name})
			if (err == nil) != good {
				t.Errorf("%s: %v, want accepted=%v", name, err, good)
			}
			if err == nil {
				_ = conn.Close()
			}
		}
		srv.Close()
	}
	if _, err := certs.Local(dir, "other.localhost"); err == nil || !strings.Contains(err.Error(), "another domain") {
		t.Fatalf("another domain: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "local-authority.key"), []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certs.Local(dir, "operator.localhost"); err == nil || !strings.Contains(err.Error(), "delete") {
		t.Fatalf("broken key: %v", err)
	}
}

func TestACMENeedsAnAddress(t *testing.T) {
	good := certs.ACMEConfig{Dir: t.TempDir(), Email: "hostmaster@operator.example", Hosts: []string{"operator.example"}, Log: slog.New(slog.DiscardHandler)}
	conf, handler, _, err := certs.ACME(good)
	if err != nil || handler == nil || conf.MinVersion != tls.VersionTLS12 {
		t.Fatalf("%v", err)
	}
	if _, err := conf.GetCertificate(&tls.ClientHelloInfo{ServerName: "elsewhere.example"}); err == nil {
		t.Fatal("asked the authority for a host that is not ours")
	}
	for want, change := range map[string]func(*certs.ACMEConfig){
		"--acme-email":     func(c *certs.ACMEConfig) { c.Email = "" },
		"--acme-directory": func(c *certs.ACMEConfig) { c.Directory = "http://authority.example/directory" },
	} {
		c := good
		change(&c)
		if _, _, _, err := certs.ACME(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
