package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// ACMEConfig says from whom certificates are obtained and for what.
type ACMEConfig struct {
	Dir       string   // where certificates and the account's key are kept
	Email     string   // for the authority
	Directory string   // address of the authority's directory (RFC 8555 section 7.1.1); empty: Let's Encrypt
	Hosts     []string // exactly these
	Log       *slog.Logger
}

// obtainer has certificates obtained and says how it went.
type obtainer struct {
	hosts   []string
	log     *slog.Logger
	manager *autocert.Manager

	mu   sync.Mutex
	said map[string]time.Time // host -> when its fault was last logged
}

// sayAgain is how often the same host's fault is logged: each handshake would
// say it, and autocert asks the authority again once a minute.
const sayAgain = 10 * time.Minute

// ACME obtains certificates for exactly the given hosts and keeps them. The
// returned handler answers the authority's challenges on port 80 and sends
// everyone else to https. obtain asks for every certificate that is not there
// yet, so that a fault is in the log before a visitor meets it; it returns when
// it has them or ctx ends.
//
// While the authority does not give a certificate, what is kept serves on; a
// host without one refuses handshakes, and the rest of the server goes on.
func ACME(c ACMEConfig) (conf *tls.Config, challenges http.Handler, obtain func(ctx context.Context), err error) {
	if c.Email == "" || len(c.Hosts) == 0 {
		return nil, nil, nil, errors.New("ACME needs an e-mail address for the authority; give one with --acme-email")
	}
	o := &obtainer{hosts: c.Hosts, log: c.Log, said: map[string]time.Time{}}
	o.manager = &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		HostPolicy: autocert.HostWhitelist(c.Hosts...),
		Email:      c.Email,
	}
	if c.Directory != "" {
		u, err := url.Parse(c.Directory)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, nil, nil, errors.New("--acme-directory must be the https address of an ACME directory")
		}
		// A folder of its own: what a test authority signed would else be
		// served when the real one is asked.
		c.Dir = filepath.Join(c.Dir, strings.ReplaceAll(u.Host, ":", "_"))
		o.manager.Client = &acme.Client{DirectoryURL: c.Directory}
	}
	o.manager.Cache = logged{autocert.DirCache(c.Dir), o}
	conf = o.manager.TLSConfig()
	conf.MinVersion = tls.VersionTLS12
	conf.GetCertificate = o.certificate
	return conf, o.manager.HTTPHandler(nil), o.obtain, nil
}

// obtain asks for each host in turn. autocert takes no context and may wait
// for minutes, so at the end of ctx it is left behind.
func (o *obtainer) obtain(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, host := range o.hosts {
			if ctx.Err() != nil {
				return
			}
			_, _ = o.certificate(&tls.ClientHelloInfo{ // logged by it
				ServerName: host, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
			})
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// certificate is tls.Config.GetCertificate. The http server's own words on a
// failed handshake are cut, so what went wrong with a host of ours is logged
// here; what a client asked for otherwise is not (R9).
func (o *obtainer) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c, err := o.manager.GetCertificate(hello)
	host := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if !slices.Contains(o.hosts, host) || slices.Contains(hello.SupportedProtos, acme.ALPNProto) {
		return c, err
	}
	if err != nil {
		o.say(host, slog.String("error", err.Error()), "there is no certificate for a host of ours, so nobody reaches it; it is tried again. The authority must reach it by its name, on port 443 (--listen) or 80 (--acme-http)")
	} else if l := c.Leaf; time.Until(l.NotAfter) < l.NotAfter.Sub(l.NotBefore)/4 { // due when a third is left
		o.say(host, slog.Time("until", l.NotAfter), "a certificate was not renewed in time; it is tried again")
	}
	return c, err
}

func (o *obtainer) say(host string, what slog.Attr, words string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if last, ok := o.said[host]; ok && time.Since(last) < sayAgain {
		return
	}
	o.said[host] = time.Now()
	o.log.Error("ACME: "+words, "host", host, what)
}

// logged says when a certificate was obtained or renewed: autocert does both in
// silence.
type logged struct {
	autocert.Cache
	o *obtainer
}

// Put implements autocert.Cache. Keys of certificates are their host, for RSA
// with a suffix.
func (l logged) Put(ctx context.Context, key string, data []byte) error {
	err := l.Cache.Put(ctx, key, data)
	host := strings.TrimSuffix(key, "+rsa")
	switch {
	case err != nil:
		l.o.log.Error("ACME: what was obtained cannot be kept", "error", err)
	case slices.Contains(l.o.hosts, host):
		l.o.log.Info("ACME: a certificate was obtained", "host", host)
	}
	return err
}
