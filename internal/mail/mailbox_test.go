package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/jba/templatecheck"
)

func post(t *testing.T, b *Mailbox, to string, content Content) {
	t.Helper()
	m, err := composer(t).Compose(operator(), Envelope{To: address(t, to), ID: "id", Date: noon}, content)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Send(context.Background(), m); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, b *Mailbox, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code == http.StatusOK && (!strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'") || w.Header().Get("Cache-Control") != "no-store") {
		t.Errorf("%s: headers %v", path, w.Header())
	}
	return w
}

func TestMailboxShowsWhatWasSent(t *testing.T) {
	b := NewMailbox()
	if body := get(t, b, "/").Body.String(); !strings.Contains(body, "No e-mail yet") || !strings.Contains(body, "Nothing here left this machine") {
		t.Error(body)
	}
	confirm := composer(t).Link("/newsletter/confirm", "token", "abc")
	post(t, b, "ann@example.org", Acknowledgement{Reference: "7K3M-Q2TX", About: "Products & <services>"})
	post(t, b, "bob@example.org", Confirmation{Confirm: confirm, Until: noon})
	var list []opened
	if err := json.Unmarshal(get(t, b, "/messages.json").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].To != "bob@example.org" || list[1].Kind != EnquiryReceived || list[0].Links[0] != confirm || list[0].Date != "2026-11-24T12:00:00Z" {
		t.Fatalf("%+v", list)
	}
	if body := get(t, b, "/").Body.String(); !strings.Contains(body, `<a href="/messages/2">Please confirm`) {
		t.Error(body)
	}
	body := get(t, b, "/messages/2").Body.String()
	if !strings.Contains(body, `<a href="`+confirm+`">`+confirm+`</a>`) || !strings.Contains(body, "Nothing here left this machine") {
		t.Error(body)
	}
	body = get(t, b, "/messages/1").Body.String()
	if strings.Contains(body, "<services>") || !strings.Contains(body, "Products &amp; &lt;services&gt;") {
		t.Error("the text part is not escaped")
	}
	w := get(t, b, "/messages/2/html")
	if !strings.Contains(w.Body.String(), ">Please confirm") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	if w := get(t, b, "/mailbox.css"); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestMailboxRefuses(t *testing.T) {
	b := NewMailbox()
	for _, path := range []string{"/messages/1", "/messages/1/html", "/messages/x", "/messages/-1", "/messages/99999999999999999999", "/other", "/mailbox/list.html"} {
		if w := get(t, b, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestMailboxIsBounded(t *testing.T) {
	b := NewMailbox()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range mailboxSize {
				post(t, b, "ann@example.org", Acknowledgement{Reference: "R"})
			}
		})
	}
	wg.Wait()
	all := b.newest()
	if len(all) != mailboxSize || all[0].number != 4*mailboxSize || all[len(all)-1].number != 3*mailboxSize+1 {
		t.Fatalf("%d mails, from %d", len(all), all[0].number)
	}
}

func TestMailboxDoesNotPrint(t *testing.T) {
	b := NewMailbox()
	post(t, b, "planted@example.org", Acknowledgement{Reference: "R"})
	if s := fmt.Sprintf("%v %+v %#v %v", b, b, b, b.newest()); strings.Contains(s, "planted") {
		t.Error(s)
	}
}

// A misspelled field in a page is found here and not by whoever opens it.
func TestMailboxPagesFitTheirData(t *testing.T) {
	for name, data := range map[string]any{"list.html": []opened{}, "message.html": opened{}} {
		page := mailboxPages.Lookup(name)
		if page == nil {
			t.Fatalf("no page %s", name)
		}
		if err := templatecheck.CheckHTML(page, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
