package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// TLSMode says how the connection to the mail server is protected (L18: in
// transit too).
type TLSMode string

// The ways to protect the connection.
const (
	TLSStart    TLSMode = "starttls" // STARTTLS or nothing is sent (RFC 3207); usually port 587
	TLSImplicit TLSMode = "implicit" // TLS from the first octet (RFC 8314 3.3); usually port 465
	TLSNone     TLSMode = "none"     // in clear; only to this machine itself
)

// sendTimeout bounds one delivery, from dialling to the server's last answer.
// RFC 5321 4.5.3.2 would wait ten minutes for the end of data; a relay that
// slow is tried again later instead, which its Message-ID makes safe.
const sendTimeout = 60 * time.Second

// SMTPConfig is a mail server to send through.
type SMTPConfig struct {
	Host     string
	Port     int // 0: 587 for starttls, 465 for implicit, 25 for none
	Username string
	Password string
	TLS      TLSMode     // empty: starttls
	Roots    *tls.Config // nil: the system's certificate authorities; its other fields are kept
	Timeout  time.Duration
}

// Format writes host and port and leaves out the secrets, whatever the verb.
func (c SMTPConfig) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
}

// LogValue returns host and port.
func (c SMTPConfig) LogValue() slog.Value {
	return slog.StringValue(net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
}

// ParseSMTP reads a mail server's address: smtp://user:password@host:587 with
// STARTTLS, smtps://user:password@host:465 with TLS at once; without a port
// the usual one. smtp://127.0.0.1:25?tls=none is for a server on this machine.
// The error quotes nothing, since a password stands in the address.
func ParseSMTP(address string) (SMTPConfig, error) {
	bad := errors.New("mail: the mail server's address cannot be read; write smtp://user:password@host:587 or smtps://user:password@host:465")
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return SMTPConfig{}, bad
	}
	c := SMTPConfig{Host: u.Hostname(), TLS: TLSStart, Username: u.User.Username()}
	c.Password, _ = u.User.Password()
	switch query := u.Query(); {
	case u.Scheme == "smtps" && len(query) == 0:
		c.TLS = TLSImplicit
	case u.Scheme == "smtp" && len(query) == 0:
	case u.Scheme == "smtp" && len(query) == 1 && query.Get("tls") == string(TLSNone):
		c.TLS = TLSNone
	default:
		return SMTPConfig{}, bad
	}
	if port := u.Port(); port != "" {
		if c.Port, err = strconv.Atoi(port); err != nil || c.Port == 0 {
			return SMTPConfig{}, bad
		}
	}
	return c, nil
}

// SMTP sends through a mail server, one connection a mail: the volumes of a
// small provider do not earn a pool, and a connection left open is one more
// thing to find broken. It is safe for concurrent use.
type SMTP struct{ config SMTPConfig }

// NewSMTP checks the configuration and returns a sender. It does not connect.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	ports := map[TLSMode]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}
	if c.TLS == "" {
		c.TLS = TLSStart
	}
	port, ok := ports[c.TLS]
	switch {
	case c.Host == "":
		return nil, errors.New("mail: the mail server has no host name")
	case !ok:
		return nil, errors.New("mail: the protection of the mail server's connection must be starttls, implicit or none")
	case c.TLS == TLSNone && !isLoopback(c.Host):
		return nil, errors.New("mail: mails may go unprotected only to a server on this machine; use starttls or implicit")
	case (c.Username == "") != (c.Password == ""):
		return nil, errors.New("mail: the mail server needs both a user name and a password, or neither")
	case c.Port < 0 || c.Port > 65535:
		return nil, errors.New("mail: the mail server's port is not one from 1 to 65535")
	}
	if c.Port == 0 {
		c.Port = port
	}
	if c.Timeout == 0 {
		c.Timeout = sendTimeout
	}
	return &SMTP{config: c}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Name returns the server's host and port.
func (s *SMTP) Name() string { return fmt.Sprintf("mail server %v", s.config) }

// Send delivers one mail to the server.
func (s *SMTP) Send(ctx context.Context, m *Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	var conn net.Conn
	client, err := s.client(ctx, &conn)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, m.msg)
	if conn != nil {
		_ = conn.Close() // the library leaves it open when the greeting fails; closing twice is harmless
	}
	// The server may accept the mail and then fail at RSET or QUIT.
	if m.msg.IsDelivered() {
		return nil
	}
	return deliveryError(ctx, err)
}

// client makes the library's client. The connection is closed when ctx ends,
// because the library looks at ctx only while dialling.
func (s *SMTP) client(ctx context.Context, conn *net.Conn) (*gomail.Client, error) {
	c := s.config
	policies := map[TLSMode]gomail.TLSPolicy{
		TLSStart:    gomail.TLSMandatory,
		TLSImplicit: gomail.TLSOpportunistic, // it is there already; the library looks for it, and then gives the password
		TLSNone:     gomail.NoTLS,
	}
	tlsConfig := &tls.Config{}
	if c.Roots != nil {
		tlsConfig = c.Roots.Clone()
	}
	tlsConfig.ServerName, tlsConfig.MinVersion = c.Host, tls.VersionTLS12
	options := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(c.Timeout), gomail.WithTLSPolicy(policies[c.TLS]), gomail.WithTLSConfig(tlsConfig),
		gomail.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
			var d interface {
				DialContext(context.Context, string, string) (net.Conn, error)
			} = &net.Dialer{}
			if c.TLS == TLSImplicit {
				d = &tls.Dialer{Config: tlsConfig}
			}
			opened, err := d.DialContext(dialling, network, address)
			if err != nil {
				return nil, err
			}
			*conn = opened
			context.AfterFunc(ctx, func() { _ = opened.Close() })
			return opened, nil
		}),
	}
	if c.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(c.Username), gomail.WithPassword(c.Password))
	}
	client, err := gomail.NewClient(c.Host, options...)
	if err != nil {
		return nil, &DeliveryError{Code: "configuration"}
	}
	return client, nil
}

// deliveryError turns the library's error into a code. Only what the server
// says of this recipient or this mail is for good: a refusal of our sign-in,
// our address or our connection is a fault of the configuration, which is
// mended and tried again.
func deliveryError(ctx context.Context, err error) error {
	var refused *gomail.SendError
	var answer *textproto.Error
	var untrusted *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return &DeliveryError{Code: "timeout"}
	case errors.As(err, &refused) && refused.ErrorCode() != 0:
		return &DeliveryError{Code: smtpCode(refused.ErrorCode()), Permanent: forGood(refused)}
	case errors.As(err, &answer): // to the greeting or the sign-in
		return &DeliveryError{Code: smtpCode(answer.Code)}
	case errors.As(err, &untrusted):
		return &DeliveryError{Code: "certificate"}
	case errors.As(err, &alert), errors.As(err, &record), err != nil && strings.Contains(err.Error(), noSTARTTLS):
		return &DeliveryError{Code: "tls"}
	case errors.Is(err, gomail.ErrNoSupportedAuthDiscovered), err != nil && strings.Contains(err.Error(), noAuth):
		return &DeliveryError{Code: "sign-in"}
	case errors.As(err, &network) && network.Timeout():
		return &DeliveryError{Code: "timeout"}
	}
	return &DeliveryError{Code: "connection"}
}

// Words of the library for what it has no type for.
const (
	noSTARTTLS = "does not support STARTTLS"
	noAuth     = "does not support SMTP AUTH"
)

func smtpCode(code int) string { return "smtp-" + strconv.Itoa(code) }

// forGood reports whether a refusal is of the recipient or the mail and lasts.
// One with a policy or security status (X.7.Z, RFC 3463 section 3.8), such as
// "relay access denied", is of us, and so is a demand to sign in (530, RFC 4954
// section 6), although a server may only say so once it hears the recipient.
func forGood(e *gomail.SendError) bool {
	about := e.Reason == gomail.ErrSMTPRcptTo || e.Reason == gomail.ErrSMTPData || e.Reason == gomail.ErrSMTPDataClose
	return about && e.ErrorCode() >= 500 && e.ErrorCode() != 530 && !strings.HasPrefix(e.EnhancedStatusCode(), "5.7.")
}
