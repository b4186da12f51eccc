package mail

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed mailbox
var mailboxFiles embed.FS

var mailboxPages = template.Must(template.ParseFS(mailboxFiles, "mailbox/*.html"))

// The content security policies of the mailbox. Its pages load one style
// sheet of its own; the HTML part of a mail loads nothing at all, has the
// style attributes that mail programs keep, and may only be left by a click.
const (
	mailboxCSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	letterCSP  = "default-src 'none'; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-top-navigation-by-user-activation"
)

// Handler returns the mailbox's pages: the list at /, a mail at
// /messages/NUMBER, its HTML part alone at /messages/NUMBER/html, and
// everything for tests at /messages.json, newest first.
func (b *Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.serveList)
	mux.HandleFunc("GET /messages.json", b.serveJSON)
	mux.HandleFunc("GET /messages/{number}", b.serveLetter)
	mux.HandleFunc("GET /messages/{number}/html", b.serveHTML)
	mux.HandleFunc("GET /mailbox.css", serveStyle)
	return mux
}

func (b *Mailbox) serveList(w http.ResponseWriter, r *http.Request) {
	list, err := b.openAll()
	if err != nil {
		http.Error(w, "A mail in the mailbox cannot be read.", http.StatusInternalServerError)
		return
	}
	b.page(w, "list.html", list)
}

func (b *Mailbox) serveJSON(w http.ResponseWriter, r *http.Request) {
	list, err := b.openAll()
	if err != nil {
		http.Error(w, "A mail in the mailbox cannot be read.", http.StatusInternalServerError)
		return
	}
	body, err := json.Marshal(list)
	if err != nil {
		http.Error(w, "The mailbox cannot be written as JSON.", http.StatusInternalServerError)
		return
	}
	answer(w, "application/json", mailboxCSP, body)
}

func (b *Mailbox) serveLetter(w http.ResponseWriter, r *http.Request) {
	if o, ok := b.find(w, r); ok {
		b.page(w, "message.html", o)
	}
}

func (b *Mailbox) serveHTML(w http.ResponseWriter, r *http.Request) {
	if o, ok := b.find(w, r); ok {
		answer(w, "text/html; charset=utf-8", letterCSP, []byte(o.HTML))
	}
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	body, err := mailboxFiles.ReadFile("mailbox/mailbox.css")
	if err != nil {
		http.Error(w, "The style sheet is missing from this build.", http.StatusInternalServerError)
		return
	}
	answer(w, "text/css; charset=utf-8", mailboxCSP, body)
}

func (b *Mailbox) openAll() ([]opened, error) {
	list := []opened{}
	for _, l := range b.newest() {
		o, err := l.open()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// find answers the request itself when it returns false.
func (b *Mailbox) find(w http.ResponseWriter, r *http.Request) (opened, bool) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		http.Error(w, "There is no such mail.", http.StatusNotFound)
		return opened{}, false
	}
	l, ok := b.get(number)
	if !ok {
		http.Error(w, "There is no such mail. The mailbox keeps the newest only, and forgets all when the program ends.", http.StatusNotFound)
		return opened{}, false
	}
	o, err := l.open()
	if err != nil {
		http.Error(w, "This mail cannot be read.", http.StatusInternalServerError)
		return opened{}, false
	}
	return o, true
}

func (b *Mailbox) page(w http.ResponseWriter, name string, view any) {
	var body bytes.Buffer
	if err := mailboxPages.ExecuteTemplate(&body, name, view); err != nil {
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	answer(w, "text/html; charset=utf-8", mailboxCSP, body.Bytes())
}

func answer(w http.ResponseWriter, contentType, csp string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // the reader has gone if this fails
}
