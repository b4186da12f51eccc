package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"candour/internal/support/intake"
	"candour/internal/web/door"
	"candour/policy"
)

// ReadForm reads the fields of a form and counts it against the limit of its
// network address. Only what a plain HTML form sends is taken.
func (s *Site) ReadForm(r *http.Request) (url.Values, error) { return s.readForm(r, s.limit) }

// ReadButton reads a form that has nothing but a button, pressed by whoever is
// signed in.
func (s *Site) ReadButton(r *http.Request) error {
	_, err := s.readForm(r, s.choices)
	return err
}

// ReadLeaving reads the form with which somebody leaves a mailing list, which
// their mail provider may send for them: in either kind that RFC 8058 section
// 3.2 names, and as often as choices are taken, because after one newsletter
// thousands of people leave from the few addresses of a large provider.
func (s *Site) ReadLeaving(r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return s.readForm(r, s.choices)
	}
	if !s.choices.Take(s.sender(r)) {
		return nil, ErrTooMany
	}
	if err := r.ParseMultipartForm(maxBody); err != nil { // the body is bounded by as much, so nothing goes to a file
		return nil, formError(err)
	}
	return r.PostForm, nil
}

func (s *Site) readForm(r *http.Request, limit *door.Limit) (url.Values, error) {
	if !limit.Take(s.sender(r)) {
		return nil, ErrTooMany
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return url.Values{}, nil // a form with nothing but a button
	}
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, ErrType
	}
	if err := r.ParseForm(); err != nil {
		return nil, formError(err)
	}
	return r.PostForm, nil
}

// formError is the refusal for a form that cannot be read. What the library
// says may quote the form.
func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return ErrTooLarge
	}
	return ErrMalformed
}

// sender is the network address that a form comes from, as host:port or an
// address alone: of the connection, or what the proxy in front wrote last into
// its header. What stands before that may be made up by the client. It is for
// the form limit, which forgets it, and for a person's own list of sign-ins
// (Device); it is never logged (R9).
func (s *Site) sender(r *http.Request) string {
	if s.ProxyHeader == "" {
		return r.RemoteAddr
	}
	lines := r.Header.Values(s.ProxyHeader)
	if len(lines) == 0 {
		return r.RemoteAddr
	}
	last := lines[len(lines)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if a, err := netip.ParseAddr(last); err == nil {
		return netip.AddrPortFrom(a, 0).String()
	}
	if _, err := netip.ParseAddrPort(last); err == nil {
		return last
	}
	return r.RemoteAddr
}

// Sent checks that a form came from a page of ours, by a person, once: the
// forgery token against the cookie, the robot trap, and the stamp of its
// opening. It returns the stamp, to be spent before the act.
func (s *Site) Sent(r *http.Request, f *policy.Form, values url.Values) (stamp string, err error) {
	for _, field := range f.Fields {
		value := values.Get(field.Name)
		switch field.Control {
		case "antiforgery":
			cookie, _ := VisitOf(r).Cookie(r, "antiforgery")
			if !s.Forgery.Good(cookie, f.ID, value) {
				return "", ErrForged
			}
		case "robot-trap":
			if value != "" {
				return "", ErrRobot
			}
		case "timing":
			stamp = value
			err = s.Stamps.Check(stampUse(VisitOf(r), f.ID), value)
		}
	}
	return stamp, err
}

// Form builds the view of a declared form, with what was typed before and what
// was wrong with it, ready to be sent: it sets the forgery cookie if the form
// has a token. Hidden holds the values of fields that people do not see, such
// as the code of an e-mail.
func (s *Site) Form(w http.ResponseWriter, r *http.Request, id, submit string, given url.Values, wrong intake.FieldErrors, hidden map[string]string) (Form, error) {
	p := VisitOf(r).Policy()
	declared, ok := p.FormByID(id)
	if !ok {
		return Form{}, fmt.Errorf("web: the policy declares no form %q", id)
	}
	VisitOf(r).secret = true
	f := formView(p, declared, submit, given, wrong)
	for _, field := range declared.Fields {
		switch {
		case field.Control == "antiforgery":
			f.Hidden = append(f.Hidden, HiddenField{field.Name, s.token(w, r, id)})
		case field.Control == "timing":
			f.Hidden = append(f.Hidden, HiddenField{field.Name, s.stamp(stampUse(VisitOf(r), id), given.Get(field.Name))})
		case field.Name == passkeyField:
			f.Hidden = append(f.Hidden, HiddenField{field.Name, ""}) // the browser part fills it in
		case hidden[field.Name] != "":
			f.Hidden = append(f.Hidden, HiddenField{field.Name, hidden[field.Name]})
		}
	}
	return f, nil
}

// formView is what a form shows.
func formView(p *policy.Policy, declared *policy.Form, submit string, given url.Values, wrong intake.FieldErrors) Form {
	f := Form{ID: declared.ID, Title: declared.Title, Action: declared.Path, Submit: submit}
	if q, ok := p.PurposeByID(declared.Purpose); ok {
		f.Purpose, f.Kept = q.Title, kept(p, q, declared)
	}
	for _, field := range declared.Fields {
		switch {
		case field.Control == "robot-trap":
			f.Trap = &Field{ID: f.ID + "-" + field.Name, Name: field.Name, Label: field.Label, Type: "text"}
		case field.Name == passkeyField: // no person types one
		case field.Category != "" || field.Control == "choice" || field.Control == "reference":
			f.Fields = append(f.Fields, view(p, f.ID, field, given.Get(field.Name), wrong.Of(field.Name)))
		}
	}
	return f
}

// FormWording is the SHA-256 of the words that a form shows before anybody
// fills it in: what a person was told when they agreed (L16).
func (s *Site) FormWording(r *http.Request, id, submit string) ([32]byte, error) {
	type key struct {
		version int
		form    string
	}
	p := VisitOf(r).Policy()
	k := key{p.Version, id}
	if w, ok := s.wordings.Load(k); ok {
		return w.([32]byte), nil
	}
	declared, ok := p.FormByID(id)
	if !ok {
		return [32]byte{}, fmt.Errorf("web: the policy declares no form %q", id)
	}
	var b bytes.Buffer
	if err := s.pages["contact"].ExecuteTemplate(&b, "form", formView(p, declared, submit, nil, nil)); err != nil {
		return [32]byte{}, err
	}
	sum := sha256.Sum256([]byte(wordsOf(&b) + "\n"))
	s.wordings.Store(k, sum)
	return sum, nil
}

// token returns the form's forgery token, and sets its cookie if this browser
// has none of ours: one for all the forms of a page.
func (s *Site) token(w http.ResponseWriter, r *http.Request, form string) string {
	v := VisitOf(r)
	if v.forgery == "" {
		v.forgery, _ = v.Cookie(r, "antiforgery")
	}
	if !s.Forgery.Ours(v.forgery) {
		v.forgery = s.Forgery.NewCookie()
		v.SetCookie(w, "antiforgery", v.forgery)
	}
	return s.Forgery.Token(v.forgery, form)
}

// stampUse ties a form's stamp to the version of the policy under which it was
// shown: what is recorded with an answer is what its person read, also when
// another version comes into force while the form is open (L16).
func stampUse(v *Visit, form string) string { return form + " under " + strconv.Itoa(v.Version.Number) }

// stamp keeps a form's stamp while it is shown again with a mistake marked,
// and gives a new one where the old is good for nothing.
func (s *Site) stamp(use, old string) string {
	if err := s.Stamps.Check(use, old); err == nil || errors.Is(err, door.ErrQuick) {
		return old
	}
	return s.Stamps.New(use)
}

// Kept says how long what is written into a declared form is kept, in words.
func (s *Site) Kept(r *http.Request, id string) string {
	p := VisitOf(r).Policy()
	if f, ok := p.FormByID(id); ok {
		if q, ok := p.PurposeByID(f.Purpose); ok {
			return kept(p, q, f)
		}
	}
	return ""
}

// kept says how long a form's data is kept: the declared words of each
// retention class of its purpose.
func kept(p *policy.Policy, q *policy.Purpose, f *policy.Form) string {
	var titles []string
	for _, u := range q.Uses {
		if r, ok := p.RetentionByID(u.Retention); ok && uses(u, f) && !strings.Contains(strings.Join(titles, "\n"), r.Title) {
			titles = append(titles, r.Title)
		}
	}
	return strings.Join(titles, "; ")
}

func uses(u policy.Use, f *policy.Form) bool {
	for _, field := range f.Fields {
		for _, c := range u.Categories {
			if c == field.Category {
				return true
			}
		}
	}
	return false
}

// autocompletes are the tokens by which browsers and password managers fill
// fields in (WCAG 2.2 1.3.5; HTML section 4.10.18.7), by format and id.
func autocomplete(c *policy.Category) string {
	switch {
	case c.Format == "email":
		return "email"
	case c.Format == "telephone":
		return "tel"
	case c.Format == "postcode":
		return "postal-code"
	case c.Format == "address":
		return "street-address"
	case strings.HasPrefix(c.ID, "business.name"):
		return "organization"
	case strings.HasSuffix(c.ID, ".name"):
		return "name"
	}
	return ""
}

// Fields that the program gives a meaning to, wherever they stand. Those of a
// sign-in have HTML's own names for what goes into them.
const (
	letterField    = "message" // takes a whole letter
	passwordField  = "current-password"
	newSecretField = "new-password"
	codeField      = "one-time-code"
	passkeyField   = "passkey"
)

func view(p *policy.Policy, form string, f policy.Field, value, wrong string) Field {
	out := Field{ID: form + "-" + f.Name, Name: f.Name, Label: f.Label, Type: "text", Optional: f.Optional, Hint: f.Hint, Value: value, Error: wrong, MaxLength: intake.MaxLine}
	if c, ok := p.CategoryByID(f.Category); ok {
		out.Reason, out.Autocomplete = cmp.Or(f.Reason, c.Reason), autocomplete(c)
		if f.Optional {
			out.Without = c.Without
		}
		switch c.Format {
		case "email":
			out.Type = "email"
		case "telephone":
			out.Type, out.MaxLength = "tel", intake.MaxTelephone
		case "postcode":
			out.MaxLength = intake.MaxPostcode
		case "address":
			out.Type = "textarea"
		}
	}
	switch {
	case len(f.Options) > 0:
		out.Type, out.MaxLength = "radio", 0
		for _, o := range f.Options {
			out.Options = append(out.Options, FieldOption{o.Value, o.Label, o.Value == value})
		}
	case f.Control == "reference":
		out.MaxLength = intake.MaxReference
	case f.Name == letterField:
		out.Type, out.MaxLength = "textarea", intake.MaxMessage
	case f.Name == passwordField, f.Name == newSecretField:
		out.Type, out.Autocomplete, out.Value, out.MaxLength = "password", f.Name, "", 0 // one that is too long is told, not cut
	case f.Name == codeField:
		out.Autocomplete, out.Value, out.MaxLength = f.Name, "", 32
	}
	for _, part := range []struct{ suffix, text string }{{"hint", out.Hint}, {"error", out.Error}, {"reason", out.Reason}, {"without", out.Without}} {
		if part.text != "" {
			out.Describes = strings.TrimSpace(out.Describes + " " + out.ID + "-" + part.suffix)
		}
	}
	return out
}
