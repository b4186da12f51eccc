package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair is a certificate and its key, in PEM.
func pair(t *testing.T, begins, ends time.Time) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template("operator.example", now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	tmpl.NotBefore, tmpl.NotAfter = begins, ends
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

var now = time.Now()

// pems holds the operator's certificate and key.
type pems struct {
	t         *testing.T
	cert, key string
}

func newPEMs(t *testing.T) pems {
	dir := t.TempDir()
	return pems{t, filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")}
}

func (p pems) write(cert, key []byte, changed time.Time) {
	p.t.Helper()
	for path, data := range map[string][]byte{p.cert: cert, p.key: key} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := os.Chtimes(p.cert, changed, changed); err != nil {
		p.t.Fatal(err)
	}
}

// What does not serve is refused before the start, in words that say the cure.
func TestFilesRefuseWhatDoesNotServe(t *testing.T) {
	good, goodKey := pair(t, now.Add(-time.Hour), now.Add(time.Hour))
	_, otherKey := pair(t, now.Add(-time.Hour), now.Add(time.Hour))
	old, oldKey := pair(t, now.Add(-2*time.Hour), now.Add(-time.Hour))
	young, youngKey := pair(t, now.Add(time.Hour), now.Add(2*time.Hour))
	for name, c := range map[string]struct {
		cert, key []byte
		want      []string
	}{
		"good":                     {good, goodKey, nil},
		"no certificate":           {[]byte("x"), goodKey, []string{"--tls-cert", "PEM"}},
		"no key":                   {good, []byte("x"), []string{"--tls-key", "PEM"}},
		"exchanged":                {goodKey, good, []string{"--tls-cert", "private key"}},
		"the key of another":       {good, otherKey, []string{"private key does not match public key", "the key it was made for"}},
		"chain in the wrong order": {append(bytes.Clone(old), good...), goodKey, []string{"the site's own certificate first"}},
		"expired":                  {old, oldKey, []string{"expired on", "renew it"}},
		"not good yet":             {young, youngKey, []string{"is good from", "clock"}},
	} {
		p := newPEMs(t)
		p.write(c.cert, c.key, now)
		_, err := Files(p.cert, p.key, slog.New(slog.DiscardHandler))
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range c.want {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v; want %q", name, err, want)
			}
		}
	}
	if _, err := Files("nowhere", "nowhere", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "--tls-cert") {
		t.Errorf("a missing file: %v", err)
	}
	p := newPEMs(t)
	p.write(good, goodKey, now)
	if _, err := Files(p.cert, p.key+".not-there", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "let the user that runs candour read it") {
		t.Errorf("a missing key: %v", err)
	}
}

// A renewal is taken up within a minute; one that does not serve leaves the old
// one in use, is logged, and is looked at again.
func TestFilesAreRenewed(t *testing.T) {
	first, firstKey := pair(t, now.Add(-time.Hour), now.Add(time.Hour))
	second, secondKey := pair(t, now.Add(-time.Hour), now.Add(90*time.Hour))
	p := newPEMs(t)
	p.write(first, firstKey, now.Add(-time.Hour))
	var log bytes.Buffer
	f := &files{cert: p.cert, key: p.key, log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := f.load(now); err != nil {
		t.Fatal(err)
	}
	served := func(at time.Time) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.current(at).Certificate[0]}))
	}
	p.write(second, firstKey, now) // the hook copied the certificate and not the key
	if got := served(now.Add(recheck / 2)); got != string(first) || log.Len() > 0 {
		t.Errorf("looked too early: %s", &log)
	}
	if got := served(now.Add(recheck)); got != string(first) || !strings.Contains(log.String(), "private key does not match") {
		t.Errorf("a half renewal: %s", &log)
	}
	p.write(second, secondKey, now)
	if got := served(now.Add(2 * recheck)); got != string(second) {
		t.Errorf("the renewal was not taken up: %s", &log)
	}
}

// A local authority that has served its time says so, instead of signing what
// no browser takes.
func TestLocalAuthorityExpires(t *testing.T) {
	dir := t.TempDir()
	a := &Authority{path: filepath.Join(dir, "local-authority.pem")}
	if err := a.create(filepath.Join(dir, "local-authority.key"), "operator.localhost", now.Add(-authorityLife-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := Local(dir, "operator.localhost"); err == nil || !strings.Contains(err.Error(), "delete it and its key") {
		t.Errorf("%v", err)
	}
}
