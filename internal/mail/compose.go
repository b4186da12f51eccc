package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/url"
	"strings"
	text "text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"candour/policy"
)

//go:embed templates
var templateFiles embed.FS

// maxHeader is the longest header value that is composed, in octets; RFC 5322
// 2.1.1 sets 998 for a line, and a link of ours in a List-Unsubscribe is the
// longest there is.
const maxHeader = 900

var funcs = map[string]any{
	"join":   strings.Join,
	"hour":   func(t time.Time) string { return t.In(policy.London).Format("15:04 on 2 January 2006") },
	"day":    func(t time.Time) string { return t.UTC().Format("2 January 2006") },
	"digits": func(s string) string { return strings.ReplaceAll(s, " ", "") },
}

// written holds the parsed templates of one kind.
type written struct {
	text *text.Template
	html *template.Template
}

var writtenKinds = func() map[Kind]written {
	all := map[Kind]written{}
	for k, d := range kinds {
		all[k] = written{
			text.Must(text.New("layout.txt").Funcs(funcs).ParseFS(templateFiles, "templates/layout.txt", "templates/"+d.template+".txt")),
			template.Must(template.New("layout.html").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/"+d.template+".html")),
		}
	}
	return all
}()

// Composer writes mails in an operator's name. It is immutable and safe for
// concurrent use.
type Composer struct{ base url.URL }

// NewComposer returns a composer whose links lead to the website at base,
// scheme and host only. The scheme must be https, as RFC 8058 3.1 asks of the
// one-click way out, except on a .localhost name.
func NewComposer(base string) (*Composer, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("mail: the website's address must be a scheme and a host, such as https://example.net")
	}
	local := u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost")
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, errors.New("mail: links in mails must be https, except to a .localhost name; give the website's https address")
	}
	return &Composer{base: url.URL{Scheme: u.Scheme, Host: u.Host}}, nil
}

// Link returns the absolute address of a path on the website with one
// parameter.
func (c *Composer) Link(path, name, value string) string {
	u := c.base
	u.Path = path
	u.RawQuery = url.Values{name: {value}}.Encode()
	return u.String()
}

// LinkOn returns the absolute address of a path on the surface with a host
// label, with one parameter.
func (c *Composer) LinkOn(label, path, name, value string) string {
	on := *c
	if label != "" {
		on.base.Host = label + "." + on.base.Host
	}
	if name == "" {
		on.base.Path = path
		return on.base.String()
	}
	return on.Link(path, name, value)
}

// Envelope is what a mail needs beside its content.
type Envelope struct {
	To   Address
	ID   string    // left part of the Message-ID; the same at each attempt of one mail
	Date time.Time // of this attempt
}

// Message is a composed mail. It holds personal data, and prints as its kind.
type Message struct {
	Kind Kind
	To   Address
	Date time.Time
	msg  *gomail.Msg
}

// Bytes returns the mail as RFC 5322 has it on the wire.
func (m *Message) Bytes() ([]byte, error) {
	var b bytes.Buffer
	if _, err := m.msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("mail: writing a %s failed", m.Kind) // the cause may quote the recipient
	}
	return b.Bytes(), nil
}

// Format writes the kind, whatever the verb.
func (m *Message) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "mail "+string(m.Kind)) }

// LogValue returns the kind.
func (m *Message) LogValue() slog.Value { return slog.StringValue(string(m.Kind)) }

// page is what the templates see.
type page struct {
	Operator policy.Operator
	Language string
	Subject  string
	Address  []string // where to write to by post
	Site     string   // name of the website
	Home     string
	Privacy  string
	Content  Content
}

// Compose writes the mail of one content in the name of the operator of p.
// Identity, a postal address and the way to stop stand in every mail (PECR
// 2003 regulation 23; L34).
func (c *Composer) Compose(p *policy.Policy, e Envelope, content Content) (*Message, error) {
	kind := content.Kind()
	if !kind.Valid() || e.To.IsZero() || e.ID == "" {
		return nil, errors.New("mail: composing needs a declared kind, a recipient and an id")
	}
	if kinds[kind].list != (content.way() != "") {
		return nil, fmt.Errorf("mail: %s must have a one-click way out exactly if it is newsletter mail", kind)
	}
	from, err := ParseAddress(p.Operator.Support.Email)
	if err != nil {
		return nil, errors.New("mail: the operator's support address in the policy cannot send mail")
	}
	view := c.view(p, content)
	plain, html, err := render(kind, &view)
	if err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP), gomail.WithBoundary("candour-"+e.ID))
	if err := errors.Join(m.FromFormat(p.Operator.ShortName, from.Reveal()), m.To(e.To.Reveal())); err != nil {
		return nil, fmt.Errorf("mail: the addresses of a %s cannot stand in a header", kind)
	}
	headers := map[gomail.Header]string{
		gomail.HeaderSubject:   view.Subject,
		gomail.HeaderMessageID: "<" + e.ID + "@" + p.Operator.Domain + ">",
		"Auto-Submitted":       "auto-generated", // RFC 3834 5: no answering machine should answer
	}
	if way := content.way(); way != "" {
		headers["List-Id"] = "<newsletter." + p.Operator.Domain + ">" // RFC 2919
		headers["List-Unsubscribe"] = "<" + way + ">"                 // RFC 2369
		headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
	}
	for name, value := range headers {
		if len(value) > maxHeader || strings.ContainsAny(value, "\r\n\x00") {
			return nil, fmt.Errorf("mail: header %s of a %s has a line end in it or is too long", name, kind)
		}
		m.SetGenHeader(name, value)
	}
	m.SetDateWithValue(e.Date)
	m.SetBodyString(gomail.TypeTextPlain, plain)
	m.AddAlternativeString(gomail.TypeTextHTML, html)
	return &Message{Kind: kind, To: e.To, Date: e.Date, msg: m}, nil
}

func (c *Composer) view(p *policy.Policy, content Content) page {
	address := p.Operator.TradingAddress
	if len(address) == 0 {
		address = p.Operator.RegisteredAddress
	}
	privacy := c.base
	privacy.Path = "/privacy"
	return page{
		Operator: p.Operator, Language: p.Language, Address: address,
		Site: c.base.Hostname(), Home: c.base.String(), Privacy: privacy.String(),
		Content: content,
	}
}

// render fills the templates of a kind. The subject is a template of its own,
// of which the title in the HTML part is made too.
func render(kind Kind, view *page) (plain, html string, err error) {
	w := writtenKinds[kind]
	var b strings.Builder
	if err := w.text.ExecuteTemplate(&b, "subject", view); err != nil {
		return "", "", fmt.Errorf("mail: subject of %s: %w", kind, err)
	}
	view.Subject = strings.TrimSpace(b.String())
	b.Reset()
	if err := w.text.ExecuteTemplate(&b, "layout.txt", view); err != nil {
		return "", "", fmt.Errorf("mail: text of %s: %w", kind, err)
	}
	plain = b.String()
	b.Reset()
	if err := w.html.ExecuteTemplate(&b, "layout.html", view); err != nil {
		return "", "", fmt.Errorf("mail: HTML of %s: %w", kind, err)
	}
	return plain, b.String(), nil
}
