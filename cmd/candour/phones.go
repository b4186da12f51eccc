package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"candour/internal/evidence"
	"candour/internal/media"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/internal/web/own"
	"candour/internal/web/softphone"
)

// loopbackMedia is where calls pass unless it is said otherwise: on this
// machine alone.
const loopbackMedia = "127.0.0.1:0"

// phones is what connects calls.
type phones struct {
	relay    *media.Relay
	server   *sip.Server
	turn     *media.Turn // nil without --turn
	turnHost string      // as browsers are told
}

// openPhones opens the port of the calls, and that of phones if there is to be
// one, unless the policy declares no telephone.
func (s *sites) openPhones(ctx context.Context, c *RunCmd) error {
	if _, err := telecom.RolesOf(s.inForce()); err != nil {
		if c.Sip != "" || c.SipTLS != "" {
			s.log.Warn("--sip is not used: the policy declares no telephone")
		}
		if len(c.Trunk) > 0 {
			return errors.New("--trunk cannot be used: the policy declares no telephone")
		}
		return nil // the surface says so too
	}
	conf := media.Config{Addr: cmp.Or(c.Media, loopbackMedia), Log: s.log}
	for _, ip := range c.MediaPublic {
		conf.Public = append(conf.Public, net.ParseIP(ip))
	}
	var err error
	if conf.Ports, err = mediaPorts(c.MediaPorts); err != nil {
		return err
	}
	relay, err := media.New(conf)
	if err != nil {
		return err
	}
	server, err := sip.New(sip.Config{
		Desk: s.desks.phones, Relay: relay, Domain: s.profile.Policy.Operator.Domain, Log: s.log, Now: s.now, NoAnswer: c.NoAnswer,
		PhoneHost: c.SipPublic, Refused: s.phoneRefused, Wake: s.wake, Slept: s.slept, Seen: s.lineSeen, Voicemail: s.desks.voicemail,
		Recording: s.desks.recordings,
	})
	if err != nil {
		return errors.Join(err, relay.Close())
	}
	s.phones = &phones{relay: relay, server: server}
	if err := errors.Join(s.openTurn(c), s.listenPhones(ctx, c), s.openTrunks(ctx, c)); err != nil {
		return errors.Join(err, server.Close(ctx), s.phones.closeMedia())
	}
	return nil
}

// mediaPorts reads a first and a last port; the zero value from nothing.
func mediaPorts(text string) (media.Ports, error) {
	if text == "" {
		return media.Ports{}, nil
	}
	low, high, _ := strings.Cut(text, "-")
	a, errLow := strconv.ParseUint(low, 10, 16)
	b, errHigh := strconv.ParseUint(high, 10, 16)
	p := media.Ports{Low: uint16(a), High: uint16(b)}
	if errors.Join(errLow, errHigh, p.Check()) != nil {
		return media.Ports{}, errors.New("--media-ports must be a first and a last port with an even one and the next among them, such as 16384-17383")
	}
	return p, nil
}

// phoneRefused counts a phone that was not let in, as evidence.
func (s *sites) phoneRefused(code string) {
	surface := ""
	if roles, err := telecom.RolesOf(s.inForce()); err == nil {
		surface = roles.Surface
	}
	// A full counter counts no more kinds; codes and surfaces are closed sets.
	_ = s.counter.Add(evidence.PhoneRefused, code, surface, s.inForce().Policy().Version)
}

// lineSeen tells whether a line's person lets colleagues see whether they are in
// a call. Nobody is seen who had the use of their data restricted.
func (s *sites) lineSeen(ctx context.Context, l telecom.Line) (seen bool, err error) {
	roles, err := telecom.RolesOf(s.inForce())
	if err != nil {
		return false, err
	}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		standing, err := s.vault.Standing(ctx, tx, l.Subject)
		if err != nil || standing.Restricted {
			return err
		}
		states, err := s.desks.choices.Permissions(ctx, tx, l.Subject, l.Role.Actor(), roles.Surface)
		seen = softphone.SeenByColleagues(states)
		return err
	})
	return seen, err
}

// listenPhones lets ordinary phones in, if the operator says where.
func (s *sites) listenPhones(ctx context.Context, c *RunCmd) error {
	if c.SipTLS != "" {
		addr, err := s.phones.server.ListenPhonesTLS(ctx, c.SipTLS, s.tls)
		if err != nil {
			return fmt.Errorf("--sip-tls: %w", err)
		}
		s.sipTLS = c.sipAddress(c.SipTLS, addr)
		s.log.Info("phones may sign in over TLS", "address", addr.String(), "domain", s.profile.Policy.Operator.Domain)
	}
	if c.Sip == "" {
		return nil
	}
	addr, err := s.phones.server.ListenPhones(ctx, c.Sip)
	if err != nil {
		return fmt.Errorf("--sip: %w", err)
	}
	s.sip = c.sipAddress(c.Sip, addr)
	s.log.Info("phones may sign in", "address", addr.String(), "domain", s.profile.Policy.Operator.Domain)
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		s.log.Warn("--sip is open to others than this machine, and hides nothing from the network between: who calls whom can be read there, and what is said unless the phone encrypts it")
	}
	return nil
}

// isHost reports whether a value is a name or an address and nothing else.
func isHost(s string) bool {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Is4() || strings.HasPrefix(s, "[")
	}
	return len(s) <= 253 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// closePhones says BYE to every call, and waits a while until their records are
// kept: what is left then is found by the next start.
func (s *sites) closePhones(ctx context.Context) {
	if s.phones == nil {
		return
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := errors.Join(s.phones.server.Close(ending), s.desks.phones.Close(ending), s.desks.push.Close(ending)); err != nil {
		s.log.Warn("calls were under way and could not all be ended; the next start closes their records", "error", err)
	}
	if err := s.phones.closeMedia(); err != nil {
		s.log.Warn("the port of the calls did not close cleanly", "error", err)
	}
}

// closeMedia gives the ports of the calls back.
func (p *phones) closeMedia() (err error) {
	if p.turn != nil {
		err = p.turn.Close()
	}
	return errors.Join(err, p.relay.Close())
}

// softphoneDeps is what the pages of the softphone act on.
func (s *sites) softphoneDeps(deps own.Deps) softphone.Deps {
	d := softphone.Deps{Deps: deps, Phones: s.desks.phones, Domain: s.profile.Policy.Operator.Domain, Book: s.desks.contacts, Chat: s.desks.chat, Ending: s.ending}
	if s.phones != nil {
		d.Flow, d.Ways, d.Push, d.Support = s.phones.flow, s.ways, s.desks.push, s.desks.help
		d.Recordings, d.Recorder = s.desks.recordings, s.phones.server
		tries := &loops{of: map[int64]*media.Loop{}, relay: s.phones.relay}
		d.Loop, d.Join = tries.begin, tries.join
	}
	return d
}

// flow serves the WebSocket of a page, in the words of the pages.
func (p *phones) flow(w http.ResponseWriter, r *http.Request, line telecom.Line, alive func(context.Context) error) error {
	err := p.server.ServeFlow(w, r, line, alive)
	if errors.Is(err, sip.ErrUpgrade) {
		return web.ErrUpgrade
	}
	return err
}

// phoneAddress is where people make calls; empty where nobody does.
func (s *sites) phoneAddress() string {
	roles, err := telecom.RolesOf(s.inForce())
	if err != nil {
		return ""
	}
	surface, ok := s.profile.Policy.SurfaceByID(roles.Surface)
	if !ok {
		return ""
	}
	return s.public.Scheme + "://" + hostOf(surface.Host, s.public.Host) + "/"
}
