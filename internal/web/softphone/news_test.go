package softphone_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candour/internal/telecom"
)

// told is the stream of what an open phone is told, line by line.
func (c *caller) told(t *testing.T) <-chan string {
	t.Helper()
	srv := httptest.NewServer(c.b.web.Site)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/news", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for name, value := range c.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Body.Close(); srv.CloseClientConnections(); srv.Close() })
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(a.StatusCode, a.Header)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(a.Body); s.Scan(); {
			if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
				lines <- data
			}
		}
	}()
	return lines
}

// An open phone is told how much is new as it comes, and when it was looked at;
// nobody's page is told of what is another's.
func TestNews(t *testing.T) {
	b := open(t)
	ann, bea := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002")
	if a := b.caller(t, "Dee", "").get("/news"); a.StatusCode != http.StatusNotFound {
		t.Error("without a line:", a.StatusCode)
	}
	lines, others := ann.told(t), bea.told(t)
	want := func(data string) {
		t.Helper()
		late := time.After(30 * time.Second)
		for last := ""; ; {
			select {
			case last = <-lines:
				if last == data {
					return
				}
			case <-late:
				t.Fatalf("the phone is told %s, and not %s", last, data)
			}
		}
	}
	want(`{"missed":0,"voicemail":0,"messages":0}`)
	if got := <-others; got != `{"missed":0,"voicemail":0,"messages":0}` {
		t.Error(got)
	}
	bea.rings(t, "1001", telecom.NoAnswer)
	want(`{"missed":1,"voicemail":0,"messages":0}`)
	b.Later(time.Second)
	if a := ann.get("/"); !strings.Contains(a.Text, "1 missed") {
		t.Error("the page does not say that a call was missed")
	}
	ann.getsMessage(t, "1002")
	want(`{"missed":1,"voicemail":1,"messages":0}`)
	if status := bea.write(bea.begin(t, "1001"), "Are you there?"); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	want(`{"missed":1,"voicemail":1,"messages":1}`)
	ann.get("/calls")
	want(`{"missed":0,"voicemail":1,"messages":1}`)
	if a := ann.get("/"); strings.Contains(a.Text, "1 missed") || !strings.Contains(a.Text, "Read the new message") {
		t.Error("the page says:", a.Text)
	}
	for len(others) > 0 {
		if got := <-others; got != `{"missed":0,"voicemail":0,"messages":0}` {
			t.Error("Bea is told", got)
		}
	}
}
