package main

import (
	"crypto/tls"
	"errors"
	"net/http"

	"candour/internal/certs"
	"candour/policy"
)

// tlsConfig returns how the sites are served: nil for plain http. The handler,
// with ACME only, answers the authority's challenges.
func (c *RunCmd) tlsConfig(dir string, p *policy.Policy) (*tls.Config, http.Handler, error) {
	switch c.TLS {
	case "files":
		if c.TLSCert == "" || c.TLSKey == "" {
			return nil, nil, errors.New("--tls files needs --tls-cert and --tls-key")
		}
		conf, err := certs.Files(c.TLSCert, c.TLSKey)
		return conf, nil, err
	case "local":
		authority, err := certs.Local(dir, p.Operator.LocalDomain)
		if err != nil {
			return nil, nil, err
		}
		conf, err := authority.Config(p.Operator.LocalDomain)
		return conf, nil, err
	case "acme":
		var hosts []string
		for _, s := range p.Surfaces {
			hosts = append(hosts, hostOf(s.Host, p.Operator.Domain))
		}
		return certs.ACME(dir, c.ACMEEmail, hosts)
	}
	if c.TLSCert != "" || c.TLSKey != "" {
		return nil, nil, errors.New("--tls-cert and --tls-key are for --tls files")
	}
	return nil, nil, nil
}

// hostOf is the host of a surface below a parent domain.
func hostOf(label, parent string) string {
	if label == "" {
		return parent
	}
	return label + "." + parent
}
