// Package acme obtains certificates for the built program from a real ACME
// authority, Pebble, in this process and on loopback.
package acme

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// hosts are those of the operator's surfaces, as its policy declares them.
var hosts = []string{"invoco.net", "portal.invoco.net", "partner.invoco.net", "softphone.invoco.net", "console.invoco.net"}

// patience bounds the wait for a line of the log.
const patience = time.Minute

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "candour-acme-")
	if err != nil {
		log.Fatal(err)
	}
	binary = filepath.Join(dir, "candour")
	build := exec.Command("go", "build", "-o", binary, "./cmd/candour")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		log.Fatalf("building: %v\n%s", err, out)
	}
	// Pebble would wait for seconds before it validates, refuse one request in
	// twenty, and now and then take a proof for two certificates.
	for _, setting := range []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0"} {
		name, value, _ := strings.Cut(setting, "=")
		_ = os.Setenv(name, value) // fails for names that are none
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// authority is a Pebble whose certificates are good for a while.
type authority struct {
	*httptest.Server
	ca       *ca.CAImpl
	trusted  string // PEM of what its own address is served with
	web, tls int    // ports where it validates
}

func newAuthority(t *testing.T, good time.Duration) *authority {
	t.Helper()
	a := &authority{web: freePort(t), tls: freePort(t)}
	logger, store := log.New(io.Discard, "", 0), db.NewMemoryStore()
	a.ca = ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: uint64(good / time.Second)}})
	v := va.New(logger, a.web, a.tls, false, resolver(t), store)
	front := wfe.New(logger, store, v, a.ca, []string{"pebble.example"}, false, false, 1, 1)
	a.Server = httptest.NewTLSServer(front.Handler())
	t.Cleanup(a.Close)
	a.trusted = filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(a.trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) directory() string { return a.URL + wfe.DirectoryPath }

// resolver says that every name is this machine's.
func resolver(t *testing.T) string {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: socket, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if ask := q.Question[0]; ask.Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: ask.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(m) // the asker has gone
	})}
	go func() { _ = s.ActivateAndServe() }() // ends with Shutdown
	t.Cleanup(func() { _ = s.Shutdown() })
	return socket.Addr().String()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// server is a running candour.
type server struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // of its log
	said  bytes.Buffer
	roots *x509.CertPool
	tls   string
	web   string
}

func start(t *testing.T, a *authority, data string) *server {
	t.Helper()
	s := &server{t: t, lines: make(chan string, 4096), roots: x509.NewCertPool()}
	s.tls, s.web = "127.0.0.1:"+strconv.Itoa(a.tls), "127.0.0.1:"+strconv.Itoa(a.web)
	s.roots.AddCert(a.ca.GetRootCert(0).Cert)
	s.cmd = exec.CommandContext(t.Context(), binary, "run", "--data", data, "--tls", "acme", "--acme-email", "hostmaster@invoco.net",
		"--acme-directory", a.directory(), "--listen", s.tls, "--acme-http", s.web)
	s.cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+a.trusted)
	out, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for sc := bufio.NewScanner(out); sc.Scan(); {
			s.lines <- sc.Text()
		}
		close(s.lines)
	}()
	return s
}

// await returns the next line of the log that has all the words.
func (s *server) await(words ...string) string {
	s.t.Helper()
	late := time.After(patience)
next:
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("it ended before it said %q:\n%s", words, &s.said)
			}
			fmt.Fprintln(&s.said, line)
			for _, w := range words {
				if !strings.Contains(line, w) {
					continue next
				}
			}
			return line
		case <-late:
			s.t.Fatalf("it did not say %q:\n%s", words, &s.said)
		}
	}
}

func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	for line := range s.lines {
		fmt.Fprintln(&s.said, line)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("it ended with %v:\n%s", err, &s.said)
	}
}

// get fetches the page of a host and returns its certificate. It trusts the
// authority alone.
func (s *server) get(host string) (*x509.Certificate, error) {
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.roots, ServerName: host}, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
	r, err := http.NewRequest(http.MethodGet, "https://"+s.tls+"/", nil)
	if err != nil {
		return nil, err
	}
	r.Host = host
	a, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK || a.ProtoMajor != 2 {
		return nil, fmt.Errorf("%s, %s", a.Proto, a.Status)
	}
	return a.TLS.PeerCertificates[0], nil
}

// A certificate is obtained for each of the operator's hosts and for no other,
// is kept over a restart without the authority, and the challenges' address
// sends everyone else to https.
func TestObtained(t *testing.T) {
	a, data := newAuthority(t, 90*24*time.Hour), t.TempDir()
	s := start(t, a, data)
	for _, host := range hosts {
		s.await("a certificate was obtained", "host="+host)
	}
	serials := map[string]string{}
	for _, host := range hosts {
		c, err := s.get(host)
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if len(c.DNSNames) != 1 || c.DNSNames[0] != host {
			t.Errorf("%s has a certificate for %v", host, c.DNSNames)
		}
		serials[host] = c.SerialNumber.String()
	}
	if _, err := s.get("planted-7f3a.invoco.net"); err == nil {
		t.Error("a host that is not ours was served")
	}
	noFollow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequest(http.MethodGet, "http://"+s.web+"/privacy", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "invoco.net"
	answer, err := noFollow.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || to != "https://invoco.net/privacy" {
		t.Errorf("plain http leads to %d %s", answer.StatusCode, to)
	}
	s.stop()
	if strings.Contains(s.said.String(), "planted-7f3a") {
		t.Error("the log has a name that a client made up")
	}

	a.Close() // the authority is gone
	s = start(t, a, data)
	s.await("mails stay in the queue") // it is up
	for _, host := range hosts {
		c, err := s.get(host)
		if err != nil {
			t.Fatalf("%s, with what was kept: %v", host, err)
		}
		if c.SerialNumber.String() != serials[host] {
			t.Errorf("%s has another certificate than was kept", host)
		}
	}
	s.stop()
}

// A certificate that nears its end is renewed while the server runs.
func TestRenewed(t *testing.T) {
	a := newAuthority(t, 8*time.Second) // due when a third is left
	s := start(t, a, t.TempDir())
	line := s.await("a certificate was obtained", "host=invoco.net")
	first, err := s.get("invoco.net")
	if err != nil {
		t.Fatal(err)
	}
	if again := s.await("a certificate was obtained", "host=invoco.net"); again == line {
		t.Fatal("the same line")
	}
	// It is served a moment after it was kept, so a handshake in between may
	// still have the first.
	for end := time.Now().Add(patience); ; {
		next, err := s.get("invoco.net")
		if err != nil {
			t.Fatal(err)
		}
		if next.SerialNumber.Cmp(first.SerialNumber) != 0 {
			if !next.NotAfter.After(first.NotAfter) {
				t.Errorf("good until %s, and before that %s", next.NotAfter, first.NotAfter)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal("the first is served on")
		}
	}
	s.stop()
}

// An authority that does not answer, or that does not reach the server, is
// named in the log with the host; everything that needs no certificate goes on.
func TestNotObtained(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(a *authority)
		want  string
	}{
		"the authority is down":                      {func(a *authority) { a.Close() }, "connection refused"},
		"the authority does not reach the challenge": {func(a *authority) { a.tls, a.web = a.web, a.tls }, "The authority must reach it"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t, time.Hour)
			c.fault(a)
			s := start(t, a, t.TempDir())
			s.await("there is no certificate for a host of ours", "host=invoco.net", c.want)
			if _, err := s.get("invoco.net"); err == nil {
				t.Error("served without a certificate")
			}
			answer, err := http.Post("http://"+s.web+"/", "text/plain", nil)
			if err != nil {
				t.Fatal("the rest of the server is down:", err)
			}
			_ = answer.Body.Close()
			s.stop()
		})
	}
}
