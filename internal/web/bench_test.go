package web_test

import (
	"bufio"
	"bytes"
	"errors"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/member"
	"candour/internal/web/webtest"
)

// Rounds of the two sides of BenchmarkPage, and requests of a round.
const (
	pageRounds  = 31
	pageRequest = 300
)

// The cost of the doors: a page to a browser that accepted, over loopback, from
// the site and from the site without its doors. Both take the same requests and
// render and compress the same page. Rounds alternate, each pair gives a ratio
// of requests per second, and the median is reported with the least and the
// greatest.
func BenchmarkPage(b *testing.B) {
	b.Run("home", func(b *testing.B) { page(b, "/") })
	b.Run("short", func(b *testing.B) { page(b, "/terms") })
}

func page(b *testing.B, path string) {
	bench := webtest.Open(b, "invoco")
	bench.Deps.Log = slog.New(slog.DiscardHandler)
	br := bench.Browser()
	action := regexp.MustCompile(`action="(/consent[^"]*)"`).FindStringSubmatch(br.Get("/terms").Text)[1]
	br.Post(html.UnescapeString(action), url.Values{"choice": {"accept"}})
	agreed := bench.Desk.Read(bench.InForce().Profile.Policy, "website", []string{br.Cookies["invocoCookieChoice"]}, false)

	r := httptest.NewRequest(http.MethodGet, "http://"+bench.Parent+path, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	for name, value := range br.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	compare(b, dial(b, bench.Site, r), dial(b, bench.Bare(agreed), r))
}

// The cost of the doors to somebody who is signed in: the first page of the
// portal with the person's name, against the same without doors and with one
// row read to know who it is.
func BenchmarkMemberPage(b *testing.B) {
	bench := webtest.Open(b, "invoco")
	bench.Deps.Log = slog.New(slog.DiscardHandler)
	accounts := bench.OpenAccounts(func(rt *web.Routes) {
		first := &member.First{Site: bench.Site, Accounts: bench.Accounts, Cards: func(*identity.Session) []member.Card { return nil }}
		rt.Handle("GET /{$}", first.Page)
	})
	who := bench.Customer("ann@example.org")
	host := "portal." + bench.Parent
	r := httptest.NewRequest(http.MethodGet, "http://"+host+"/", nil)
	r.AddCookie(&http.Cookie{Name: "invocoTelecomPortal", Value: who.Token})
	me, err := accounts.Session(b.Context(), "portal", who.Token)
	if err != nil {
		b.Fatal(err)
	}
	doors, bare := dial(b, bench.Site, r), dial(b, bench.BareMember("portal", me, bench.Store.DB()), r)
	doors.plain, bare.plain = true, true // what only one person may know is not compressed
	compare(b, doors, bare)
}

// compare reports requests per second with doors as a share of those without.
func compare(b *testing.B, doors, bare *asker) {
	for range 2 { // both warm
		doors.round()
		bare.round()
	}
	var ratios []float64
	for i := range pageRounds {
		var d, p time.Duration
		if i%2 == 0 {
			d, p = doors.round(), bare.round()
		} else {
			p, d = bare.round(), doors.round()
		}
		ratios = append(ratios, p.Seconds()/d.Seconds())
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-of-bare")
	b.ReportMetric(ratios[0], "x-least")
	b.ReportMetric(ratios[len(ratios)-1], "x-most")
	b.ReportMetric(0, "ns/op")
}

// asker asks a server for the same page again and again on one connection,
// with as little work of its own as can be.
type asker struct {
	b       *testing.B
	conn    net.Conn
	answers *bufio.Reader
	request []byte
	plain   bool // the answer is not compressed
}

func dial(b *testing.B, h http.Handler, r *http.Request) *asker {
	b.Helper()
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	var request bytes.Buffer
	if err := r.Write(&request); err != nil {
		b.Fatal(err)
	}
	return &asker{b: b, conn: conn, answers: bufio.NewReaderSize(conn, 1<<16), request: request.Bytes()}
}

func (a *asker) round() time.Duration {
	begun := time.Now()
	for range pageRequest {
		if _, err := a.conn.Write(a.request); err != nil {
			a.b.Fatal(err)
		}
		if err := a.answer(); err != nil {
			a.b.Fatal(err)
		}
	}
	return time.Since(begun)
}

// answer reads one answer to its end.
func (a *asker) answer() error {
	length, status, zipped := 0, false, false
	for {
		line, err := a.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(n))); err != nil {
				return err
			}
		}
		status = status || bytes.HasPrefix(line, []byte("HTTP/1.1 200 "))
		zipped = zipped || bytes.HasPrefix(line, []byte("Content-Encoding: gzip"))
		if len(line) == len("\r\n") {
			break
		}
	}
	if !status || zipped == a.plain || length == 0 {
		return errors.New("no page")
	}
	_, err := a.answers.Discard(length)
	return err
}
