package evidence

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"candour/internal/evidence/opening"
	"candour/internal/keys"
)

// Body is what an entry says. It holds declared ids, codes, times, counts and
// hashes: never personal data, and never a string that a client chose, such as
// a cookie's name or a reported address. Zero fields are left out.
type Body struct {
	Kind       Kind
	At         time.Time // kept to the millisecond
	Actor      string    // declared actor
	Surface    string    // declared surface
	Purpose    string    // declared purpose
	Category   string    // declared category
	Categories []string  // declared categories, where there is more than one
	Policy     int       // policy version it happened under
	Subject    keys.SubjectID
	Ref        int64           // id of a row of ours: record, ticket, decision, receipt
	Code       string          // a code of ours: outcome, reason, mail, stage
	Count      int64           // how many
	Hash       []byte          // SHA-256 of something kept elsewhere
	Choices    map[string]bool // declared id (purpose, cookie group, permission) -> chosen
}

// Limits of a body.
const (
	maxToken   = 64        // bytes of an id or code
	maxList    = 32        // choices, categories
	maxHash    = 64        // bytes
	maxInteger = 1<<53 - 1 // RFC 8785 section 3.2.2.3: beyond it numbers are not exact
)

// ErrBody says that a body may not enter the log. It never quotes the body.
var ErrBody = errors.New("evidence: not a body that may be logged")

func refuse(field, why string) error { return fmt.Errorf("%w: %s: %s", ErrBody, field, why) }

// isToken reports whether s has the shape of a declared id or a code: lower
// case letters and digits, parted by single dots, hyphens, underscores, colons
// or slashes.
func isToken(s string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	part := true // a separator may not come here
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			part = false
		case c == '.', c == '-', c == '_', c == ':', c == '/':
			if part {
				return false
			}
			part = true
		default:
			return false
		}
	}
	return !part
}

// validate checks a body against the shape of its kind.
func (b *Body) validate() error {
	s, ok := shapes[b.Kind]
	if !ok {
		return refuse("kind", "not one of the declared kinds")
	}
	if ms := b.At.UnixMilli(); b.At.IsZero() || ms < 0 || ms > maxInteger {
		return refuse("at", "no time is given")
	}
	for _, f := range []struct{ name, value string }{
		{"actor", b.Actor}, {"surface", b.Surface}, {"purpose", b.Purpose}, {"category", b.Category}, {"code", b.Code},
	} {
		if f.value != "" && !isToken(f.value) {
			return refuse(f.name, "not in the form of a declared id or code")
		}
	}
	if len(b.Categories) > maxList || len(b.Choices) > maxList {
		return refuse("categories, choices", fmt.Sprintf("more than %d", maxList))
	}
	for i, id := range b.Categories {
		if !isToken(id) || i > 0 && b.Categories[i-1] >= id {
			return refuse("categories", "not declared ids, sorted and each once")
		}
	}
	for id := range b.Choices {
		if !isToken(id) {
			return refuse("choices", "not in the form of a declared id")
		}
	}
	if b.Policy < 0 || b.Count < 0 || b.Count > maxInteger || int64(b.Policy) > maxInteger || b.Ref < 0 || b.Subject < 0 || len(b.Hash) > maxHash {
		return refuse("policy, count, ref, subject, hash", "out of range")
	}
	return b.validateAudience(s)
}

func (b *Body) validateAudience(s shape) error {
	if s.audience == toEveryone && b.Subject != 0 {
		return refuse("subject", "bodies of this kind are open to everyone")
	}
	if s.audience == toOperator && b.Subject != 0 {
		return refuse("subject", "entries of this kind outlive the subject's key and must not name the subject; use Ref")
	}
	if s.counted && b.Count == 0 {
		return refuse("count", "entries of this kind are counted")
	}
	return nil
}

// open reports whether everyone may read the body.
func (b *Body) open() bool { return shapes[b.Kind].audience == toEveryone }

// Canonical returns the one encoding of the body: JSON by RFC 8785, members
// sorted, no spaces. Subject and Ref are strings because they exceed what a
// JSON number holds exactly.
func (b *Body) Canonical() ([]byte, error) {
	if err := b.validate(); err != nil {
		return nil, err
	}
	e := encoder{buf: make([]byte, 0, 192)}
	e.text("actor", b.Actor)
	e.number("at", b.At.UnixMilli(), true)
	e.list("categories", b.Categories)
	e.text("category", b.Category)
	e.choices("choices", b.Choices)
	e.text("code", b.Code)
	e.number("count", b.Count, false)
	e.text("hash", hex.EncodeToString(b.Hash))
	e.text("kind", string(b.Kind))
	e.number("policy", int64(b.Policy), false)
	e.text("purpose", b.Purpose)
	e.id("ref", b.Ref)
	e.id("subject", int64(b.Subject))
	e.text("surface", b.Surface)
	out := append(e.buf, '}')
	if len(out) > opening.MaxBody {
		return nil, refuse("body", "too long")
	}
	return out, nil
}

// encoder writes members of known names and values that need no escaping.
type encoder struct{ buf []byte }

func (e *encoder) name(name string) {
	sep := byte(',')
	if len(e.buf) == 0 {
		sep = '{'
	}
	e.buf = append(append(append(e.buf, sep, '"'), name...), '"', ':')
}

func (e *encoder) text(name, value string) {
	if value != "" {
		e.name(name)
		e.quote(value)
	}
}

func (e *encoder) quote(value string) {
	e.buf = append(append(append(e.buf, '"'), value...), '"')
}

func (e *encoder) number(name string, n int64, always bool) {
	if n != 0 || always {
		e.name(name)
		e.buf = strconv.AppendInt(e.buf, n, 10)
	}
}

func (e *encoder) id(name string, n int64) {
	if n != 0 {
		e.text(name, strconv.FormatInt(n, 10))
	}
}

func (e *encoder) list(name string, ids []string) {
	if len(ids) == 0 {
		return
	}
	e.name(name)
	for i, id := range ids {
		e.buf = append(e.buf, "[,"[min(i, 1)])
		e.quote(id)
	}
	e.buf = append(e.buf, ']')
}

func (e *encoder) choices(name string, choices map[string]bool) {
	if len(choices) == 0 {
		return
	}
	e.name(name)
	for i, id := range slices.Sorted(maps.Keys(choices)) {
		e.buf = append(e.buf, "{,"[min(i, 1)])
		e.quote(id)
		e.buf = strconv.AppendBool(append(e.buf, ':'), choices[id])
	}
	e.buf = append(e.buf, '}')
}

// wireBody is a body as encoded, for reading.
type wireBody struct {
	Actor      string          `json:"actor"`
	At         int64           `json:"at"`
	Categories []string        `json:"categories"`
	Category   string          `json:"category"`
	Choices    map[string]bool `json:"choices"`
	Code       string          `json:"code"`
	Count      int64           `json:"count"`
	Hash       string          `json:"hash"`
	Kind       Kind            `json:"kind"`
	Policy     int             `json:"policy"`
	Purpose    string          `json:"purpose"`
	Ref        int64           `json:"ref,string"`
	Subject    int64           `json:"subject,string"`
	Surface    string          `json:"surface"`
}

// DecodeBody reads a body back. Only the canonical encoding of a body that may
// be logged is accepted.
func DecodeBody(raw []byte) (Body, error) {
	if len(raw) > opening.MaxBody {
		return Body{}, refuse("body", "too long")
	}
	var w wireBody
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return Body{}, refuse("body", "not the JSON of a body")
	}
	if _, err := d.Token(); err != io.EOF {
		return Body{}, refuse("body", "something follows it")
	}
	b := Body{
		Kind: w.Kind, At: time.UnixMilli(w.At).UTC(), Actor: w.Actor, Surface: w.Surface, Purpose: w.Purpose,
		Category: w.Category, Categories: w.Categories, Policy: w.Policy, Subject: keys.SubjectID(w.Subject),
		Ref: w.Ref, Code: w.Code, Count: w.Count, Choices: w.Choices,
	}
	var err error
	if b.Hash, err = hex.DecodeString(w.Hash); err != nil {
		return Body{}, refuse("hash", "not hexadecimal")
	}
	if len(b.Hash) == 0 {
		b.Hash = nil
	}
	again, err := b.Canonical()
	if err != nil {
		return Body{}, err
	}
	if !bytes.Equal(again, raw) {
		return Body{}, refuse("body", "not in canonical form")
	}
	return b, nil
}
