package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Lifetimes of the local authority. Browsers refuse leaves of more than 398
// days.
const (
	authorityLife = 5 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
)

// Authority is a certificate authority of this machine's own, for development.
// It may sign for one domain only (a name constraint, RFC 5280 section
// 4.2.1.10), so that trusting it in a browser opens nothing else.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	path string
}

// Local opens the authority for domain kept in dir, or makes it.
func Local(dir, domain string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &Authority{path: filepath.Join(dir, "local-authority.pem")}
	keyPath := filepath.Join(dir, "local-authority.key")
	keyPEM, err := os.ReadFile(keyPath)
	if errors.Is(err, fs.ErrNotExist) {
		return a, a.create(keyPath, domain, time.Now())
	}
	if err != nil {
		return nil, err
	}
	certPEM, err := os.ReadFile(a.path)
	if err != nil {
		return nil, err
	}
	if a.cert, a.key, err = decode(certPEM, keyPEM); err != nil {
		return nil, fmt.Errorf("%w; delete %s and its key to have them made anew", err, a.path)
	}
	if len(a.cert.PermittedDNSDomains) != 1 || a.cert.PermittedDNSDomains[0] != domain {
		return nil, fmt.Errorf("the local authority in %s is for another domain; delete it and its key to have one made for %s", dir, domain)
	}
	if err := inTime(a.cert, time.Now()); err != nil {
		return nil, fmt.Errorf("the local authority %s has served its time; delete it and its key to have them made anew, and trust the new one", a.path)
	}
	return a, nil
}

func decode(certPEM, keyPEM []byte) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, nil, fmt.Errorf("the local authority cannot be read: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, errors.New("the local authority's key is not of the kind that this program makes")
	}
	return pair.Leaf, key, nil
}

func (a *Authority) create(keyPath, domain string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	tmpl, err := template("Local authority for "+domain, now, authorityLife)
	if err != nil {
		return err
	}
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.MaxPathLenZero = true, true, true
	tmpl.KeyUsage = x509.KeyUsageCertSign
	tmpl.PermittedDNSDomainsCritical = true
	tmpl.PermittedDNSDomains = []string{domain}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// The key last: its presence says that the authority is whole.
	if err := os.WriteFile(a.path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return err
	}
	a.key = key
	a.cert, err = x509.ParseCertificate(der)
	return err
}

// Path is the file of the authority's certificate, to be trusted in a browser.
func (a *Authority) Path() string { return a.path }

// Pin is the base64 SHA-256 of the authority's public key, as Chromium's
// --ignore-certificate-errors-spki-list takes it.
func (a *Authority) Pin() string {
	sum := sha256.Sum256(a.cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Config issues a leaf for the domain and all names one level below it.
func (a *Authority) Config(domain string) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl, err := template(domain, time.Now(), leafLife)
	if err != nil {
		return nil, err
	}
	tmpl.DNSNames = []string{domain, "*." + domain}
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	c := base()
	c.Certificates = []tls.Certificate{{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}}
	return c, nil
}

func template(name string, now time.Time, life time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour), // clocks differ
		NotAfter:     now.Add(life),
	}, nil
}
