// Package certs provides the certificates the sites are served with: the
// operator's own from files, one from a local authority for development, or
// one obtained by ACME (RFC 8555).
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/acme/autocert"
)

// base is what all three have in common: TLS 1.2 is the least (NCSC guidance).
func base() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
}

// Files serves the certificate chain and key in the given PEM files. They are
// read again when they have changed, so that a renewal needs no restart; a
// renewal that cannot be read leaves the certificate in use.
func Files(cert, key string) (*tls.Config, error) {
	f := &files{cert: cert, key: key}
	if err := f.load(); err != nil {
		return nil, err
	}
	c := base()
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current(), nil }
	return c, nil
}

// recheck is how often a change of the files is looked for.
const recheck = time.Minute

type files struct {
	cert, key string

	mu      sync.Mutex // guards what follows
	loaded  *tls.Certificate
	changed time.Time // modification time of cert when it was loaded
	checked time.Time
}

func (f *files) load() error {
	info, err := os.Stat(f.cert)
	if err != nil {
		return fmt.Errorf("the certificate cannot be read: %w; give a PEM file with --tls-cert", err)
	}
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("certificate and key do not serve: %w; give a PEM chain with --tls-cert and its key with --tls-key", err)
	}
	f.loaded, f.changed, f.checked = &c, info.ModTime(), time.Now()
	return nil
}

func (f *files) current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.checked) >= recheck {
		f.checked = time.Now()
		if info, err := os.Stat(f.cert); err == nil && !info.ModTime().Equal(f.changed) {
			_ = f.load() // half-written: the old one serves until the next look
		}
	}
	return f.loaded
}

// ACME obtains certificates for exactly the given hosts and keeps them in dir.
// The returned handler answers the authority's challenges on port 80 and sends
// everyone else to https.
func ACME(dir, email string, hosts []string) (*tls.Config, http.Handler, error) {
	if email == "" || len(hosts) == 0 {
		return nil, nil, errors.New("ACME needs an e-mail address for the authority; give one with --acme-email")
	}
	m := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(dir),
		HostPolicy: autocert.HostWhitelist(hosts...),
		Email:      email,
	}
	c := m.TLSConfig()
	c.MinVersion = tls.VersionTLS12
	return c, m.HTTPHandler(nil), nil
}
