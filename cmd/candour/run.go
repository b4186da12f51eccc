package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/net/http/httpguts"

	"candour/internal/folder"
	"candour/internal/mail"
	"candour/internal/push"
	"candour/operators"
	"candour/policy"
)

// RunCmd serves the sites. Each flag can also be set in the environment and,
// by its name without dashes, in the configuration file.
type RunCmd struct {
	Config kong.ConfigFlag `help:"Configuration file: one 'flag: value' a line. The environment and flags beat it." placeholder:"FILE" env:"CANDOUR_CONFIG"`

	Data     string `help:"Data folder; made if it is not there." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
	Database string `help:"PostgreSQL address, instead of SQLite in the data folder." placeholder:"URL" env:"CANDOUR_DATABASE"`
	Operator string `help:"Operator's folder, or the name of a built-in one (${operators})." default:"${operator}" env:"CANDOUR_OPERATOR"`

	Listen      string `help:"Address of the sites." default:"127.0.0.1:8080" env:"CANDOUR_LISTEN"`
	Public      string `help:"Address of the website as people reach it, if a proxy stands in front." placeholder:"URL" env:"CANDOUR_PUBLIC"`
	ProxyHeader string `help:"Header in which that proxy writes the visitor's address, such as X-Forwarded-For; its last address counts. Only where nothing but the proxy reaches --listen. Used in memory to limit forms, never logged." placeholder:"NAME" env:"CANDOUR_PROXY_HEADER"`
	FormLimit   int    `help:"Forms that one network address may send in ten minutes." default:"60" env:"CANDOUR_FORM_LIMIT"`
	Admin       string `help:"Address of health, readiness and metrics; keep it on loopback." default:"127.0.0.1:0" env:"CANDOUR_ADMIN"`

	Sip         string        `help:"Address at which ordinary phones sign in, over UDP and TCP; none listens without it. Neither hides what is said of a call from the network: keep it on loopback or a network of your own." placeholder:"ADDR" env:"CANDOUR_SIP"`
	SipTLS      string        `name:"sip-tls" help:"Address at which ordinary phones sign in over TLS, with the certificates of --tls. It hides who calls whom from the network; what is said, if the phone encrypts it." placeholder:"ADDR" env:"CANDOUR_SIP_TLS"`
	SipPublic   string        `name:"sip-public" help:"Name or address under which phones reach --sip, where it is not the one they come to." placeholder:"HOST" env:"CANDOUR_SIP_PUBLIC"`
	Trunk       []string      `help:"File that says which trunks lead to other telephone networks, and who carries their calls." placeholder:"FILE" env:"CANDOUR_TRUNK"`
	Media       string        `help:"UDP address for sound and picture of all calls." default:"127.0.0.1:0" env:"CANDOUR_MEDIA"`
	MediaPublic []string      `help:"Addresses under which browsers reach --media, best first, where it is not their own." placeholder:"IP" env:"CANDOUR_MEDIA_PUBLIC"`
	MediaPorts  string        `help:"UDP ports for sound and picture of ordinary phones, the first and the last; any that are free without it." placeholder:"LOW-HIGH" env:"CANDOUR_MEDIA_PORTS"`
	Turn        string        `help:"UDP and TCP address of a way to the calls for browsers whose network lets little through (TURN); none without it. With TLS there is one on the port of the sites too, under the name turn." placeholder:"ADDR" env:"CANDOUR_TURN"`
	PushService []string      `name:"push-service" help:"Hosts of the push services that may be asked to wake a browser in which the phone is closed; those of the known browsers without it. One may be the http origin of a service on this machine, for trying out." placeholder:"HOST" env:"CANDOUR_PUSH_SERVICE"`
	NoAnswer    time.Duration `help:"How long a call rings before it counts as not answered: 1s to 3m." default:"60s" env:"CANDOUR_NO_ANSWER"`

	TLS           string `name:"tls" help:"off: plain http, for loopback or behind a proxy. local: an authority of this machine's own. files: --tls-cert and --tls-key. acme: obtained and renewed." enum:"off,local,files,acme" default:"off" env:"CANDOUR_TLS"`
	TLSCert       string `name:"tls-cert" help:"PEM chain, for --tls files." placeholder:"FILE" env:"CANDOUR_TLS_CERT"`
	TLSKey        string `name:"tls-key" help:"PEM key, for --tls files." placeholder:"FILE" env:"CANDOUR_TLS_KEY"`
	ACMEEmail     string `name:"acme-email" help:"Address for the certificate authority, for --tls acme." env:"CANDOUR_ACME_EMAIL"`
	ACMEDirectory string `name:"acme-directory" help:"Another authority than Let's Encrypt, or its test: the https address of an ACME directory." placeholder:"URL" env:"CANDOUR_ACME_DIRECTORY"`
	ACMEHTTP      string `name:"acme-http" help:"Address that answers the authority's challenges, for --tls acme." default:":80" env:"CANDOUR_ACME_HTTP"`

	SMTP        string `name:"smtp" help:"Mail server: smtp://user:password@host:587 or smtps://host:465. Without one, mail waits in the queue." placeholder:"URL" env:"CANDOUR_SMTP"`
	Breached    string `help:"List of passwords that are known to others: SHA-1 hashes in hexadecimal, one a line, sorted. They are not taken." placeholder:"FILE" env:"CANDOUR_BREACHED"`
	Checkpoints string `help:"Where each signed checkpoint of the evidence is sent off this machine: a folder or an http(s) address." placeholder:"WHERE" env:"CANDOUR_CHECKPOINTS"`
	Mailbox     bool   `help:"A development mailbox at mail.<domain> that keeps mail in memory and sends nothing." env:"CANDOUR_MAILBOX"`
	Demo        bool   `help:"For trying out: --mailbox, and an empty store is filled with made up people, whose passwords are printed." env:"CANDOUR_DEMO"`
	LogFormat   string `help:"Form of the log on standard error." enum:"text,json" default:"text" env:"CANDOUR_LOG_FORMAT"`
}

// loadOperator loads and checks an operator's folder: a path, or the name of a
// built-in one. The faults are printed to errs, one a line.
func loadOperator(name string, errs io.Writer) (*policy.Profile, error) {
	fsys, builtIn := operators.FS(name)
	if !builtIn {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no operator %q: give the path of an operator's folder, or one of the built-in names %s", name, strings.Join(operators.IDs(), ", "))
		}
		if err != nil {
			return nil, fmt.Errorf("the operator's folder cannot be read: %w", err)
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is a file: give the folder that policy.yaml is in", name)
		}
		fsys = os.DirFS(name)
	}
	profile, faults := examined(fsys)
	for _, f := range faults {
		fmt.Fprintln(errs, f)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("the policy has %d faults; nothing was started", len(faults))
	}
	return profile, nil
}

func (c *RunCmd) logger(w io.Writer) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// Validate refuses values that no start could make sense of. It implements
// kong's Validatable.
func (c *RunCmd) Validate() error {
	switch {
	case c.FormLimit < 1:
		return errors.New("--form-limit must be 1 or more")
	case strings.EqualFold(c.ProxyHeader, "Forwarded"):
		return errors.New("--proxy-header does not read Forwarded; have the proxy write X-Forwarded-For, or a header with the address alone")
	case c.ProxyHeader != "" && !httpguts.ValidHeaderFieldName(c.ProxyHeader):
		return errors.New("--proxy-header must be the name of a header, such as X-Forwarded-For")
	}
	if c.NoAnswer < time.Second || c.NoAnswer > 3*time.Minute {
		return errors.New("--no-answer must be between 1s and 3m")
	}
	for _, ip := range c.MediaPublic {
		if net.ParseIP(ip) == nil {
			return errors.New("--media-public must be addresses, such as 192.0.2.10")
		}
	}
	if _, err := mediaPorts(c.MediaPorts); err != nil {
		return err
	}
	if _, err := push.NewServices(c.PushService); err != nil {
		return fmt.Errorf("--push-service: %w", err)
	}
	if c.Sip != "" {
		if _, port, err := net.SplitHostPort(c.Sip); err != nil || port == "" {
			return errors.New("--sip must be an address and a port, such as 127.0.0.1:5060")
		}
	}
	if c.Turn != "" {
		host, port, err := net.SplitHostPort(c.Turn)
		if err != nil || port == "" {
			return errors.New("--turn must be an address and a port, such as 127.0.0.1:3478")
		}
		if ip := net.ParseIP(host); len(c.MediaPublic) == 0 && (host == "" || ip != nil && ip.IsUnspecified()) {
			return errors.New("--turn is every address: --media-public must tell which one browsers reach")
		}
	}
	if c.SipTLS != "" {
		if _, port, err := net.SplitHostPort(c.SipTLS); err != nil || port == "" {
			return errors.New("--sip-tls must be an address and a port, such as 192.0.2.10:5061")
		}
		if c.TLS == "off" {
			return errors.New("--sip-tls needs the certificates of --tls")
		}
	}
	if c.SipPublic != "" && !isHost(c.SipPublic) {
		return errors.New("--sip-public must be a name or an address alone, such as phones.example.net")
	}
	if c.Public != "" {
		if u, err := url.Parse(c.Public); err != nil || !isOrigin(u) {
			return errors.New("--public must be the website's address, such as https://example.net")
		}
	}
	if c.SMTP != "" {
		if _, err := mail.ParseSMTP(c.SMTP); err != nil {
			return fmt.Errorf("--smtp: %w", err)
		}
	}
	return nil
}

// Run serves until ctx ends.
func (c *RunCmd) Run(ctx context.Context, out io.Writer) error {
	log := c.logger(os.Stderr)
	profile, err := loadOperator(c.Operator, os.Stderr)
	if err != nil {
		return err
	}
	conf := appConfig{folder: folder.Folder(c.Data), database: c.Database, checkpoints: c.Checkpoints, profile: profile, log: log}
	past := c.past(conf.folder)
	if past != nil {
		conf.now = past.Now
	}
	a, err := openApp(ctx, conf)
	if err != nil {
		return err
	}
	if past != nil {
		if err := a.populate(ctx, past); err != nil {
			return errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}
	return errors.Join(c.serveApp(ctx, a, out), a.Close(context.WithoutCancel(ctx)))
}
