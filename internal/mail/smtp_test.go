package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	smtp "github.com/emersion/go-smtp"
)

// server is a real mail server in this process whose manners a test sets.
type server struct {
	mu       sync.Mutex
	got      []string // bodies it accepted
	to       []string
	rcpt     func(to string) error
	data     func(c *smtp.Conn) error // after the mail was read
	accepted chan struct{}            // one for each accepted mail
	port     int
	roots    *tls.Config
}

type session struct {
	s    *server
	c    *smtp.Conn
	rcpt string
}

func (x *session) Reset()                               {}
func (x *session) Logout() error                        { return nil }
func (x *session) Mail(string, *smtp.MailOptions) error { return nil }
func (x *session) AuthMechanisms() []string             { return []string{sasl.Plain} }
func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != "user" || pass != "right" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.rcpt = to
	if x.s.rcpt != nil {
		return x.s.rcpt(to)
	}
	return nil
}

func (x *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if x.s.data != nil {
		if err := x.s.data(x.c); err != nil {
			return err
		}
	}
	x.s.mu.Lock()
	x.s.got, x.s.to = append(x.s.got, string(b)), append(x.s.to, x.rcpt)
	x.s.mu.Unlock()
	select {
	case x.s.accepted <- struct{}{}:
	default:
	}
	return nil
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// serve starts a server; mode says how its connections are protected.
func serve(t *testing.T, mode TLSMode, s *server) *server {
	t.Helper()
	s.accepted = make(chan struct{}, 100)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, c: c}, nil }))
	srv.Domain, srv.AllowInsecureAuth = "localhost", true
	srv.ErrorLog = quiet{}
	if mode != TLSNone {
		cert, roots := certificate(t)
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		s.roots = &tls.Config{RootCAs: roots}
	}
	if mode == TLSImplicit {
		l = tls.NewListener(l, srv.TLSConfig)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // it ends with an error when the test closes it
	}()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func sender(t *testing.T, s *server, mode TLSMode, change func(*SMTPConfig)) *SMTP {
	t.Helper()
	c := SMTPConfig{Host: "127.0.0.1", Port: s.port, TLS: mode, Roots: s.roots}
	if change != nil {
		change(&c)
	}
	out, err := NewSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func message(t *testing.T, to string) *Message {
	t.Helper()
	m, err := composer(t).Compose(operator(), Envelope{To: address(t, to), ID: "id", Date: noon}, Acknowledgement{Reference: "R"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSMTPDelivers(t *testing.T) {
	for _, mode := range []TLSMode{TLSStart, TLSImplicit, TLSNone} {
		t.Run(string(mode), func(t *testing.T) {
			s := serve(t, mode, &server{})
			if err := sender(t, s, mode, nil).Send(t.Context(), message(t, "ann@example.org")); err != nil {
				t.Fatal(err)
			}
			if s.count() != 1 || s.to[0] != "ann@example.org" || !strings.Contains(s.got[0], "Message-ID: <id@example.net>") {
				t.Errorf("%v %v", s.to, s.got)
			}
		})
	}
	for _, mode := range []TLSMode{TLSStart, TLSImplicit} {
		t.Run(string(mode)+" with a password", func(t *testing.T) {
			s := serve(t, mode, &server{})
			err := sender(t, s, mode, func(c *SMTPConfig) { c.Username, c.Password = "user", "right" }).Send(t.Context(), message(t, "ann@example.org"))
			if err != nil || s.count() != 1 {
				t.Fatal(err)
			}
		})
	}
}

// What the server did is told by a code; what it said is not repeated, since
// servers quote the recipient.
func TestSMTPFailures(t *testing.T) {
	refuse := func(code int) func(string) error {
		return func(to string) error {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no such mailbox " + to}
		}
	}
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	for name, c := range map[string]struct {
		server    *server
		mode      TLSMode
		change    func(*SMTPConfig)
		code      string
		permanent bool
	}{
		"mailbox unknown":      {server: &server{rcpt: refuse(550)}, code: "smtp-550", permanent: true},
		"mailbox full for now": {server: &server{rcpt: refuse(452)}, code: "smtp-452"},
		"content refused":      {server: &server{data: func(*smtp.Conn) error { return refuse(554)("ann@example.org") }}, code: "smtp-554", permanent: true},
		"greylisted":           {server: &server{data: func(*smtp.Conn) error { return refuse(451)("ann@example.org") }}, code: "smtp-451"},
		"dropped after data":   {server: &server{data: func(c *smtp.Conn) error { return errors.Join(errors.New("gone"), c.Close()) }}, code: "connection"},
		"slow": {server: &server{data: func(*smtp.Conn) error { <-hold; return errors.New("too late") }},
			change: func(c *SMTPConfig) { c.Timeout = 200 * time.Millisecond }, code: "timeout"},
		"nobody listens":        {server: &server{}, change: func(c *SMTPConfig) { c.Port = 1 }, code: "connection"},
		"wrong password":        {server: &server{}, change: func(c *SMTPConfig) { c.Username, c.Password = "user", "wrong" }, code: "smtp-535"},
		"unknown authority":     {server: &server{}, change: func(c *SMTPConfig) { c.Roots = nil }, code: "certificate"},
		"no STARTTLS to be had": {server: &server{}, mode: TLSNone, change: func(c *SMTPConfig) { c.TLS = TLSStart }, code: "tls"},
		"no TLS to be had":      {server: &server{}, mode: TLSNone, change: func(c *SMTPConfig) { c.TLS = TLSImplicit }, code: "tls"},
		"relay denied": {server: &server{rcpt: func(to string) error {
			return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: to + ": relay access denied"}
		}}, code: "smtp-554"},
		"sign in first":       {server: &server{rcpt: refuse(530)}, code: "smtp-530"},
		"a password in clear": {server: &server{}, mode: TLSNone, change: func(c *SMTPConfig) { c.Username, c.Password = "user", "right" }, code: "sign-in"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.mode == "" {
				c.mode = TLSStart
			}
			s := serve(t, c.mode, c.server)
			err := sender(t, s, c.mode, c.change).Send(t.Context(), message(t, "ann@example.org"))
			var d *DeliveryError
			if !errors.As(err, &d) || d.Code != c.code || d.Permanent != c.permanent {
				t.Errorf("got %#v, want %s, permanent %v", d, c.code, c.permanent)
			}
			if strings.Contains(fmt.Sprint(err), "ann@") || s.count() != 0 {
				t.Errorf("%v, %d mails accepted", err, s.count())
			}
		})
	}
}

// A server that accepts the mail and then hangs up has accepted it: sending it
// again would be a double for certain.
func TestSMTPAcceptedThenHungUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		done <- errors.Join(script(c), c.Close(), l.Close())
	}()
	s := &server{port: l.Addr().(*net.TCPAddr).Port}
	if err := sender(t, s, TLSNone, nil).Send(t.Context(), message(t, "ann@example.org")); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// script takes one mail and hangs up at the moment of having accepted it.
func script(c net.Conn) error {
	lines := bufio.NewScanner(c)
	answer, inMail := "220 hello", false
	for {
		if _, err := io.WriteString(c, answer+"\r\n"); err != nil || answer == "250 accepted" {
			return err
		}
		for ok := true; ok; ok = inMail && lines.Text() != "." {
			if !lines.Scan() {
				return lines.Err()
			}
		}
		switch {
		case inMail:
			answer = "250 accepted"
		case lines.Text() == "DATA":
			answer, inMail = "354 go on", true
		default:
			answer = "250 ok"
		}
	}
}

func TestSMTPStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hold := make(chan struct{})
	s := serve(t, TLSNone, &server{data: func(*smtp.Conn) error { cancel(); <-hold; return nil }})
	err := sender(t, s, TLSNone, nil).Send(ctx, message(t, "ann@example.org"))
	close(hold)
	var d *DeliveryError
	if !errors.As(err, &d) || d.Code != "timeout" {
		t.Errorf("got %v", err)
	}
}

func TestSMTPConfigRefuses(t *testing.T) {
	for name, c := range map[string]SMTPConfig{
		"no host":          {},
		"unknown mode":     {Host: "mail.example.net", TLS: "ssl"},
		"in clear":         {Host: "mail.example.net", TLS: TLSNone},
		"half a sign-in":   {Host: "mail.example.net", Username: "u"},
		"other half":       {Host: "mail.example.net", Password: "p"},
		"port out of line": {Host: "mail.example.net", Port: 70000},
	} {
		if _, err := NewSMTP(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	s, err := NewSMTP(SMTPConfig{Host: "mail.example.net", Username: "u", Password: "PLANTED"})
	if err != nil || s.config.Port != 587 || s.config.TLS != TLSStart {
		t.Fatalf("%v %v", s, err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", s.config, s.config, s.config, s.Name()); strings.Contains(text, "PLANTED") {
		t.Error(text)
	}
}

func TestParseSMTP(t *testing.T) {
	for in, want := range map[string]SMTPConfig{
		"smtp://mail.example.net":               {Host: "mail.example.net", TLS: TLSStart},
		"smtp://u:p%40ss@mail.example.net:2525": {Host: "mail.example.net", Port: 2525, TLS: TLSStart, Username: "u", Password: "p@ss"},
		"smtps://u:p@mail.example.net/":         {Host: "mail.example.net", TLS: TLSImplicit, Username: "u", Password: "p"},
		"smtp://127.0.0.1:25?tls=none":          {Host: "127.0.0.1", Port: 25, TLS: TLSNone},
		"smtps://[::1]:465":                     {Host: "::1", Port: 465, TLS: TLSImplicit},
	} {
		if got, err := ParseSMTP(in); err != nil || got != want {
			t.Errorf("%s: not as wanted: %v", in, err)
		}
	}
	for _, in := range []string{"", "mail.example.net:25", "http://PLANTED@mail.example.net", "smtp://u:PLANTED@h:x", "smtp://u:PLANTED@h:0", "smtp://u:PLANTED@h/path", "smtp://h?tls=off", "smtps://h?tls=none", "smtp://h?tls=none&x=1", "smtp:u:PLANTED", "smtp://u:PLANTED@h%zz", "smtp://h#f"} {
		if _, err := ParseSMTP(in); err == nil || strings.Contains(err.Error(), "PLANTED") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzParseSMTP(f *testing.F) {
	f.Add("smtp://u:p@h:587")
	f.Add("smtps://[::1]")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseSMTP(s)
		if err == nil && (c.Port < 0 || c.TLS == "") {
			t.Fatalf("%v", c)
		}
	})
}
