package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"

	"candour/internal/certs"
	"candour/policy"
)

// secured is how the sites are served. The zero value is plain http.
type secured struct {
	conf       *tls.Config
	challenges http.Handler          // with ACME only: answers the authority
	obtain     func(context.Context) // with ACME only
}

// secure finds the certificates.
func (c *RunCmd) secure(dir string, p *policy.Policy, log *slog.Logger) (s secured, err error) {
	if c.TLS != "files" && (c.TLSCert != "" || c.TLSKey != "") {
		return s, errors.New("--tls-cert and --tls-key are for --tls files")
	}
	switch c.TLS {
	case "files":
		if c.TLSCert == "" || c.TLSKey == "" {
			return s, errors.New("--tls files needs --tls-cert and --tls-key")
		}
		s.conf, err = certs.Files(c.TLSCert, c.TLSKey, log)
	case "local":
		authority, err := certs.Local(dir, p.Operator.LocalDomain)
		if err != nil {
			return s, err
		}
		s.conf, err = authority.Config(p.Operator.LocalDomain)
		return s, err
	case "acme":
		conf := certs.ACMEConfig{Dir: dir, Email: c.ACMEEmail, Directory: c.ACMEDirectory, Log: log}
		for _, surface := range p.Surfaces {
			conf.Hosts = append(conf.Hosts, hostOf(surface.Host, p.Operator.Domain))
		}
		if c.Turn != "" {
			conf.Hosts = append(conf.Hosts, hostOf(turnLabel, p.Operator.Domain))
		}
		s.conf, s.challenges, s.obtain, err = certs.ACME(conf)
	}
	return s, err
}

// hostOf is the host of a surface below a parent domain.
func hostOf(label, parent string) string {
	if label == "" {
		return parent
	}
	return label + "." + parent
}
