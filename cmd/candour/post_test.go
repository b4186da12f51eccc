package main

import (
	"errors"
	"io"
	"log"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	smtp "github.com/emersion/go-smtp"
)

// postOffice is a real mail server in this process.
type postOffice struct {
	t    *testing.T
	url  string
	mail chan letter
}

// letter is a mail as the server took it.
type letter struct{ to, text string }

type postSession struct {
	office *postOffice
	to     string
}

func (s *postSession) Reset()                               {}
func (s *postSession) Logout() error                        { return nil }
func (s *postSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *postSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *postSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	// Of quoted-printable text, what matters for a link (RFC 2045 section 6.7).
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "=\r\n", ""), "=3D", "=")
	s.office.mail <- letter{s.to, text}
	return nil
}

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{t: t, url: "smtp://" + l.Addr().String() + "?tls=none", mail: make(chan letter, 100)}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &postSession{office: p}, nil }))
	srv.Domain, srv.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(srv.Close(), <-done); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p
}

// mailTime bounds how long a test waits for a mail that is owed.
const mailTime = 30 * time.Second

// take returns the next n mails.
func (p *postOffice) take(n int) []letter {
	p.t.Helper()
	var got []letter
	late := time.After(mailTime)
	for len(got) < n {
		select {
		case l := <-p.mail:
			got = append(got, l)
		case <-late:
			p.t.Fatalf("%d mails came, want %d", len(got), n)
		}
	}
	return got
}

var confirmLink = regexp.MustCompile(`https?://[^/\s]+(/newsletter/confirm\?[^\s"<>]+)`)

// linkTo finds the link by which an address is confirmed.
func linkTo(letters []letter, to string) string {
	for _, l := range letters {
		if m := confirmLink.FindStringSubmatch(l.text); m != nil && l.to == to {
			return m[1]
		}
	}
	return ""
}
