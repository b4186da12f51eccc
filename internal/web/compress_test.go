package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"candour/internal/web"
	"candour/internal/web/webtest"
)

// Pages are compressed for whoever takes it, but not those with a form's
// secrets in them, whose size would tell.
func TestPagesAreCompressed(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	br.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	for path, want := range map[string]bool{
		"/": true, "/privacy": true, "/cookies": true, "/no-such-page": true, "/privacy/versions/1": true,
		"/contact": false, "/newsletter": false, "/newsletter/confirm?token=x": false, "/newsletter/leave?token=x": false,
	} {
		a := br.Get(path)
		plain := b.Browser().Get(path)
		if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Vary") != a.Header.Get("Vary") || !strings.Contains(a.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: %v", path, plain.Header)
		}
		if got := a.Header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%s: compressed %v, want %v", path, got, want)
		}
		if !want {
			continue
		}
		z, err := gzip.NewReader(strings.NewReader(a.Text))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || !strings.HasPrefix(string(text), "<!doctype html>") || len(a.Text) > len(text)/2 {
			t.Errorf("%s: %d bytes of %d, %v", path, len(a.Text), len(text), err)
		}
	}
	_, values := b.Browser().Get("/contact").Fields("contact")
	values.Del("email")
	if a := br.Post("/contact", values); a.Header.Get("Content-Encoding") != "" {
		t.Error("a form shown again is compressed")
	}
	if a := br.Post("/contact", url.Values{"x": {strings.Repeat("a", 80<<10)}}); a.StatusCode != http.StatusRequestEntityTooLarge || a.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("a refusal: %d %v", a.StatusCode, a.Header)
	}
}

// The writers are shared: no page gets another's words.
func TestCompressedPagesDoNotMix(t *testing.T) {
	b := webtest.Open(t, "invoco")
	var all sync.WaitGroup
	for _, path := range []string{"/terms", "/privacy", "/cookies", "/"} {
		want := b.Browser().Get(path).Text
		all.Go(func() {
			for range 20 {
				br := b.Browser()
				br.Header.Set("Accept-Encoding", "gzip")
				z, err := gzip.NewReader(strings.NewReader(br.Get(path).Text))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := io.ReadAll(z); err != nil || string(got) != want {
					t.Errorf("%s: another page, or a part of it: %v", path, err)
				}
			}
		})
	}
	all.Wait()
}

func TestAcceptEncoding(t *testing.T) {
	for header, want := range map[string]bool{
		"gzip": true, "GZIP": true, "deflate, gzip;q=0.5": true, "*": true, "br;q=1.0, *;q=0.1": true, "x-gzip": true,
		"": false, "identity": false, "gzip;q=0": false, "gzip; q=0.000": false, "*, gzip;q=0": false, "*;q=0": false, "br": false, "notgzip": false, "gzip;q=x": false,
	} {
		if got := web.TakesGzip(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func FuzzAcceptEncoding(f *testing.F) {
	f.Add("br;q=1.0, gzip;q=0.8, *;q=0.1")
	f.Fuzz(func(t *testing.T, header string) {
		if web.TakesGzip(header) && !strings.Contains(strings.ToLower(header), "gzip") && !strings.Contains(header, "*") {
			t.Errorf("%q takes no gzip", header)
		}
	})
}
