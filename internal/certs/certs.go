// Package certs provides the certificates the sites are served with: the
// operator's own from files, one from a local authority for development, or
// one obtained by ACME (RFC 8555).
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// base is what all three have in common: TLS 1.2 is the least (NCSC guidance).
func base() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
}

// Files serves the certificate chain and key in the given PEM files, and
// refuses what no browser would take. They are read again when they have
// changed, so that a renewal needs no restart; a renewal that does not serve
// leaves the certificate in use, and log says why.
func Files(cert, key string, log *slog.Logger) (*tls.Config, error) {
	f := &files{cert: cert, key: key, log: log}
	if err := f.load(time.Now()); err != nil {
		return nil, err
	}
	c := base()
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current(time.Now()), nil }
	return c, nil
}

// recheck is how often a change of the files is looked for.
const recheck = time.Minute

type files struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex // guards what follows
	loaded  *tls.Certificate
	changed time.Time // modification time of cert when it was loaded
	checked time.Time
}

// load reads the files as they are at the time now. The words of the standard
// library tell a mismatched pair from a file that is none; the cure is ours.
func (f *files) load(now time.Time) error {
	f.checked = now
	info, err := os.Stat(f.cert)
	if err != nil {
		return fmt.Errorf("the certificate cannot be read: %w; give a PEM file with --tls-cert", err)
	}
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return fmt.Errorf("certificate or key cannot be read: %w; let the user that runs candour read it", err)
	}
	if err != nil {
		return fmt.Errorf("certificate and key do not serve: %w; give a PEM chain, the site's own certificate first, with --tls-cert and the key it was made for with --tls-key", err)
	}
	if err := inTime(c.Leaf, now); err != nil {
		return fmt.Errorf("%s %w", f.cert, err)
	}
	f.loaded, f.changed = &c, info.ModTime()
	return nil
}

// inTime refuses a certificate that browsers would not take at the time now.
func inTime(c *x509.Certificate, now time.Time) error {
	const day = "2 January 2006 15:04 MST"
	if now.After(c.NotAfter) {
		return fmt.Errorf("expired on %s: renew it, or use --tls acme", c.NotAfter.Format(day))
	}
	if now.Before(c.NotBefore) {
		return fmt.Errorf("is good from %s on only: check the clock of this machine", c.NotBefore.Format(day))
	}
	return nil
}

func (f *files) current(now time.Time) *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.checked) < recheck {
		return f.loaded
	}
	f.checked = now
	if info, err := os.Stat(f.cert); err != nil || info.ModTime().Equal(f.changed) {
		return f.loaded
	}
	if err := f.load(now); err != nil { // half-written, or the key was not renewed with it
		f.log.Error("the renewed certificate does not serve; the one before is used on", "error", err)
	}
	return f.loaded
}
