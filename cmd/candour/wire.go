package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"candour/internal/analytics"
	"candour/internal/consent"
	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/push"
	"candour/internal/retention"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/console"
	"candour/internal/web/firstpage"
	"candour/internal/web/own"
	"candour/internal/web/partner"
	"candour/internal/web/portal"
	"candour/internal/web/softphone"
	"candour/internal/web/website"
	"candour/policy"
)

// serveApp wires the sites onto an open data folder and serves them until ctx
// ends. Every doubt about the folder has been settled by openApp.
func (c *RunCmd) serveApp(ctx context.Context, a *app, out io.Writer) error {
	secured, err := c.secure(a.folder.Certificates(), a.profile.Policy, a.log)
	if err != nil {
		return err
	}
	listeners, err := c.bindAll(secured.challenges)
	if err != nil {
		return err
	}
	defer func() {
		for _, l := range listeners {
			_ = l.socket.Close() // closed already, unless wiring failed
		}
	}()
	s := &sites{app: a, mailing: c.Demo || c.Mailbox, tls: secured.conf, ending: ctx.Done()}
	if err := s.place(c.Public, listeners[0].socket.Addr(), a.profile.Policy.Operator); err != nil {
		return err
	}
	if c.Breached != "" {
		if s.breached, err = identity.OpenBreached(c.Breached); err != nil {
			return err
		}
		defer s.breached.Close()
	}
	bg := newBackground(ctx, a.log)
	defer bg.stop()
	s.bg = bg
	if err := s.wire(c, bg); err != nil {
		return err
	}
	defer s.counter.Close(context.WithoutCancel(ctx))
	defer func() {
		if err := s.desks.accounts.Flush(context.WithoutCancel(ctx)); err != nil {
			a.log.Error("failed sign-ins could not be written into their histories", "error", err)
		}
	}()
	defer s.closePhones(ctx) // before what its last records need
	if secured.obtain != nil {
		bg.run(secured.obtain) // the addresses are open: the authority waits until they are served
	}
	if addr, ok := listeners[0].socket.Addr().(*net.TCPAddr); s.mailing && ok && !addr.IP.IsLoopback() {
		a.log.Warn("--mailbox, and --demo with it, shows every mail, with names and addresses, to whoever reaches --listen, which is not loopback: use it for trying out only")
	}
	a.served = s
	if err := s.dismissInspectors(ctx); err != nil {
		return err
	}
	listeners[0].handler, listeners[0].tls, listeners[0].socket = s.site, secured.conf, s.beside(listeners[0].socket)
	listeners[1].handler = s.admin()
	stop, err := a.folder.Serve(a.acts())
	if err != nil {
		return err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if err := stop(ending); err != nil { // a long command, or the end would wait for hours
			a.log.Warn("the program ends although a command on its private socket was not done; start it again", "error", err)
		}
	}()
	return serve(ctx, a.log, listeners, func() error { return s.announce(out, listeners) })
}

// bindAll opens the addresses: the sites, the admin address, and with ACME the
// one for challenges.
func (c *RunCmd) bindAll(challenges http.Handler) ([]listener, error) {
	wanted := []listener{{name: "the sites (--listen)", address: c.Listen}, {name: "health and metrics (--admin)", address: c.Admin}}
	if challenges != nil {
		wanted = append(wanted, listener{name: "ACME challenges (--acme-http)", address: c.ACMEHTTP, handler: challenges})
	}
	for i := range wanted {
		socket, err := bind(wanted[i].name, wanted[i].address)
		if err != nil {
			for _, l := range wanted[:i] {
				_ = l.socket.Close() // nothing was accepted
			}
			return nil, err
		}
		wanted[i].socket = socket
	}
	return wanted, nil
}

// sites is everything that is served, while it is put together.
type sites struct {
	*app
	mailing bool // into the development mailbox
	tls     *tls.Config
	public  *url.URL // the website as people reach it
	parents []string
	ports   map[string]string // at which passkeys work, by parent
	secure  bool

	site    *web.Site
	counter *evidence.Counter
	queue   *mail.Queue
	bg      *background
	mailbox *mail.Mailbox

	breached *identity.Breached // nil for none
	phones   *phones            // nil where the policy declares no telephone
	ending   <-chan struct{}    // closed when the program ends
	sip      string             // address at which people's own phones connect, as it is told to them; empty for none
	sipTLS   string             // the same of those that connect over TLS
}

// place finds the address of the website for links, and the parent domains
// that are answered: the local one, and the operator's own where a certificate
// or a proxy in front serves it. Passkeys work at the address that public names;
// without it, at all of them with the port that is listened on.
func (s *sites) place(public string, addr net.Addr, op policy.Operator) error {
	s.parents, s.secure = []string{op.LocalDomain}, s.tls != nil
	s.public = &url.URL{Scheme: "http", Host: op.LocalDomain}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return err
	}
	if s.tls != nil {
		s.public.Scheme = "https"
		if len(s.tls.Certificates) == 0 { // not of the local authority
			s.public.Host = op.Domain
			s.parents = append(s.parents, op.Domain)
		}
	}
	if standard := s.public.Scheme == "http" && port == "80" || s.public.Scheme == "https" && port == "443"; !standard {
		s.public.Host = net.JoinHostPort(s.public.Host, port)
	}
	if public == "" {
		s.ports = make(map[string]string, len(s.parents))
		for _, parent := range s.parents {
			s.ports[parent] = port
		}
		return nil
	}
	u, err := url.Parse(public)
	if err != nil || !isOrigin(u) {
		return fmt.Errorf("--public must be the website's address, such as https://%s", op.Domain)
	}
	u.Host = strings.ToLower(u.Host) // as a request's is compared
	s.public, s.secure = u, s.secure || u.Scheme == "https"
	host := u.Hostname()
	if host != op.LocalDomain {
		s.parents = append(s.parents, host)
	}
	s.ports = map[string]string{host: u.Port()}
	return nil
}

// isOrigin reports whether an address is of a site as a whole. A name and
// password in it would stand in every link.
func isOrigin(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

func (s *sites) wire(c *RunCmd, bg *background) error {
	desk := consent.New(s.store, s.evidence, s.ring.Secret("consent cookie v1"), s.policyOf, s.now)
	views := analytics.NewCounter(s.store, s.now)
	minute := time.NewTicker(countBeat)
	s.counter = evidence.NewCounter(s.evidence, minute.C)
	var err error
	s.site, err = web.New(web.Deps{
		Profile: s.profile, Versions: s.versions, Desk: desk, Counter: s.counter, Views: views,
		Secret: s.ring.Secret, Log: s.log, Now: s.now,
		Parents: s.parents, Ports: s.ports, TLS: s.secure, Strict: s.mailing, ProxyHeader: c.ProxyHeader, FormLimit: c.FormLimit,
	})
	if err != nil {
		return err
	}
	if err := s.mail(c.SMTP); err != nil {
		return err
	}
	if s.desks, err = s.openDesks(s.queue, s.breached, s.counter, s.portalAddress()); err != nil {
		return err
	}
	if len(c.PushService) > 0 {
		services, err := push.NewServices(c.PushService)
		if err != nil {
			return err
		}
		s.desks.push.Use(services)
	}
	if err := s.openPhones(bg.ctx, c); err != nil {
		return err
	}
	d := s.desks
	s.site.Accounts, s.site.People = d.accounts, d.choices
	for _, surface := range s.profile.Policy.Surfaces {
		if surface.Host == "" {
			s.site.Handle(surface.ID, website.New(s.site, website.Deps{
				Enquire: d.help.Enquire, Subscribe: d.newsletter.Subscribe, Confirm: d.newsletter.Confirm, Leave: d.newsletter.Leave, Rights: d.rights,
				Evidence: http.StripPrefix("/evidence", s.evidence.Handler()),
			}))
			continue
		}
		s.site.Handle(surface.ID, s.surface(surface.ID))
	}
	if s.mailbox != nil {
		s.site.HandleHost("mail", s.mailbox.Handler())
	}
	s.start(bg, desk, views)
	return nil
}

// surface returns the routes of a surface on which people sign in, or of one
// that is not open because the policy declares no sign-in there.
func (s *sites) surface(id string) *web.Routes {
	if !account.Opens(s.profile.Policy, id) {
		return firstpage.New(s.site)
	}
	d := s.desks
	deps := own.Deps{
		Accounts: d.accounts, Profiles: d.profiles, Choices: d.choices, Newsletter: d.newsletter, Store: s.store, Vault: s.vault,
		History: d.history, Rights: d.rights, Phones: d.phones, PhoneServer: s.phoneServer, PhoneServerTLS: s.phoneServerTLS, Voicemail: d.voicemail,
	}
	if s.phones != nil {
		deps.Connected = s.connected
	}
	switch id {
	case "portal":
		return portal.New(s.site, deps)
	case "partner":
		return partner.New(s.site, deps)
	case "softphone":
		return softphone.New(s.site, s.softphoneDeps(deps))
	case "console":
		var telephone func() console.Telephone
		if s.phones != nil {
			telephone = s.telephone
		}
		return console.New(s.site, console.Deps{
			Telephone: telephone,
			Accounts:  d.accounts, Store: s.store, Vault: s.vault, Evidence: s.evidence, Desk: d.help, Rights: d.rights, Queue: s.queue, Own: deps, Phones: d.phones,
			Verify: s.verify, Go: s.bg.run, Audit: s.folder.Audit(),
		})
	}
	return firstpage.New(s.site)
}

// verify checks the evidence of the folder while the program runs on it.
func (s *sites) verify(ctx context.Context) (*verify.Report, error) {
	opts := verify.Options{}
	if s.store.Engine() == store.PostgreSQL {
		opts.Database = s.target
	}
	return verify.Verify(ctx, string(s.folder), opts)
}

// portalAddress is where people with an account sign in.
func (s *sites) portalAddress() string {
	for _, surface := range s.profile.Policy.Surfaces {
		if surface.ID == "portal" {
			return s.public.Scheme + "://" + hostOf(surface.Host, s.public.Host) + "/"
		}
	}
	return ""
}

// start begins what goes on in the background. Each part finds what is owed
// in its own tables, at once and on a beat.
func (s *sites) start(bg *background, desk *consent.Desk, views *analytics.Counter) {
	keeper := retention.New(s.vault, s.now, s.log)
	bg.run(func(ctx context.Context) {
		tick := time.NewTicker(retention.Beat)
		defer tick.Stop()
		keeper.Run(ctx, tick.C)
	})
	bg.run(s.queue.Run)
	bg.run(func(ctx context.Context) {
		tick := time.NewTicker(countBeat)
		defer tick.Stop()
		views.Run(ctx, tick.C, func(err error) { s.log.Error("statistics could not be written and are counted on", "error", err) })
	})
	bg.repeat("sweep of cookie decisions", firstSweep, sweepBeat, func(ctx context.Context) error {
		_, err := desk.Sweep(ctx, s.inForce().Policy())
		return err
	})
	bg.repeat("sweep of people's choices", firstSweep, sweepBeat, func(ctx context.Context) error {
		_, err := s.desks.choices.Sweep(ctx)
		return err
	})
	bg.repeat("sweep of sign-ups", firstSweep, sweepBeat, s.desks.newsletter.Sweep)
	bg.repeat("sweep of calls", 0, sweepBeat, s.desks.phones.Sweep) // at once: those that an earlier run left open
	bg.repeat("note of calls that cost", telecom.NoteBeat, telecom.NoteBeat, s.desks.phones.Note)
	bg.repeat("sweep of addresses for waking", firstSweep, sweepBeat, s.desks.push.Sweep)
	bg.repeat("sweep of contacts", firstSweep, sweepBeat, s.desks.contacts.Sweep)
	bg.repeat("sweep of messages", firstSweep, sweepBeat, s.desks.chat.Sweep)
	bg.repeat("sweep of recordings", 0, sweepBeat, s.desks.recordings.Sweep) // at once: those that an earlier run left open
	bg.repeat("sweep of voicemail", firstSweep, sweepBeat, s.desks.voicemail.Sweep)
	bg.repeat("sweep of accounts", firstSweep, sweepBeat, s.desks.accounts.Sweep)
	bg.repeat("count of failed sign-ins", countBeat, countBeat, s.desks.accounts.Flush)
	bg.repeat("sweep of requests", firstSweep, sweepBeat, s.desks.rights.Sweep)
}

func (a *app) policyOf(number int) *policy.Policy {
	if v := a.versions.Get(number); v != nil {
		return v.Profile.Policy
	}
	return nil
}

// mail makes the queue and finds where its mails go: a mail server, the
// development mailbox, or nowhere yet.
func (s *sites) mail(smtp string) error {
	composer, err := mail.NewComposer(s.public.Scheme + "://" + s.public.Host)
	if err != nil {
		return err
	}
	var sender mail.Sender
	switch {
	case smtp != "":
		conf, err := mail.ParseSMTP(smtp)
		if err != nil {
			return err
		}
		if sender, err = mail.NewSMTP(conf); err != nil {
			return err
		}
	case s.mailing:
		s.mailbox = mail.NewMailbox()
		sender = s.mailbox
	}
	s.queue = mail.NewQueue(mail.Config{
		Store: s.store, Ring: s.ring, Log: s.evidence, Vault: s.vault, InForce: s.inForce,
		Composer: composer, Sender: sender, Logger: s.log, Now: s.now,
	})
	return nil
}

// admin answers health, readiness and metrics.
func (s *sites) admin() http.Handler {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), s.evidence, s.vault, s.site, s.queue)
	if s.phones != nil {
		metrics.MustRegister(s.phones.server)
	}
	return adminHandler(metrics, []check{
		{"evidence", func(*http.Request) error { return s.evidence.Err() }},
		{"store", func(r *http.Request) error { return s.store.DB().PingContext(r.Context()) }},
	})
}

// announce prints where everything is, and then that it is ready.
func (s *sites) announce(out io.Writer, listeners []listener) error {
	var b strings.Builder
	line := func(name, at string) { fmt.Fprintf(&b, "%-10s %s\n", name, at) }
	for _, surface := range s.profile.Policy.Surfaces {
		line(surface.ID, s.public.Scheme+"://"+hostOf(surface.Host, s.public.Host)+"/")
	}
	if s.mailbox != nil {
		line("mailbox", s.public.Scheme+"://"+hostOf("mail", s.public.Host)+"/")
	}
	line("admin", "http://"+listeners[1].socket.Addr().String()+"/healthz")
	line("evidence", s.evidence.VerifierKey())
	s.introduce(&b)
	b.WriteString("ready\n")
	_, err := io.WriteString(out, b.String())
	return err
}
