package rights

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"candour/internal/vault"
	"candour/policy"
)

// Item is one record as it is handed out. It holds personal data and prints as
// a fixed word; as JSON it is whole, because that is what it is for.
type Item struct {
	ID        string     `json:"id"` // a string: ids exceed what a JSON number holds exactly
	Category  string     `json:"category"`
	Title     string     `json:"title"` // of the category
	Purposes  []string   `json:"purposes"`
	Role      string     `json:"role"`   // subject, party or mentioned: how the person is tied to it
	Source    string     `json:"source"` // given, observed, derived, third-party
	Surface   string     `json:"surface"`
	Policy    int        `json:"policy"` // version at collection
	Collected time.Time  `json:"collected"`
	Retention string     `json:"retention"`       // how long, in words
	Until     *time.Time `json:"until,omitempty"` // the day from which it is gone at the latest, where that is known
	Encoding  string     `json:"encoding"`        // of the value: text, base64, or withheld
	Value     string     `json:"value"`
	Editable  bool       `json:"-"` // the person can put it right on this surface
}

// Format writes a placeholder, whatever the verb.
func (Item) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(record of a person)") }

// LogValue returns a placeholder.
func (Item) LogValue() slog.Value { return slog.StringValue("(record of a person)") }

// withheld is the encoding of a value that is not handed out: what a program
// needs so as to sign in or pay as the person, such as the hash of a password or
// the secret of an authenticator. Whoever had the file, or an open page, would
// have it too (UK GDPR Art 32(1)); that it is held, since when and for what is
// told.
const withheld = "withheld"

// secret reports whether a category is of that kind.
func secret(p *policy.Policy, category string) bool {
	k, ok := p.CategoryByID(category)
	return ok && k.Format == "token"
}

var roleWords = map[vault.OwnerKind]string{vault.Owner: "subject", vault.Party: "party", vault.Mentioned: "mentioned"}

// itemOf brings a record into the form in which it is handed out.
func itemOf(c *policy.Compiled, r vault.Record) Item {
	p := c.Policy()
	it := Item{
		ID: strconv.FormatInt(int64(r.ID), 10), Category: r.Category, Title: r.Category, Purposes: r.Purposes, Role: "subject",
		Source: "given", Surface: r.Surface, Policy: r.Policy, Collected: r.Collected, Retention: r.Retention, Encoding: "text",
	}
	if k, ok := p.CategoryByID(r.Category); ok {
		it.Title, it.Source = k.Title, k.Source
	}
	it.Retention = retentionWords(c, &r)
	if !r.Expires.IsZero() {
		it.Until = &r.Expires
	}
	if len(r.Parts) > 0 {
		it.Role = roleWords[r.Parts[0].Kind]
	}
	switch value := r.Value(); {
	case secret(p, r.Category):
		it.Encoding = withheld
	case utf8.Valid(value):
		it.Value = string(value)
	default:
		it.Value, it.Encoding = base64.StdEncoding.EncodeToString(value), "base64"
	}
	return it
}

// retentionWords says how long a record is kept: by the class it was sealed
// under, and for each further purpose by the class that the policy has now.
func retentionWords(c *policy.Compiled, r *vault.Record) string {
	titles := []string{r.Retention}
	if class, ok := c.Policy().RetentionByID(r.Retention); ok {
		titles[0] = class.Title
	}
	k, ok := c.Category(r.Category)
	if !ok || len(r.Purposes) < 2 {
		return titles[0]
	}
	for _, id := range r.Purposes {
		q, ok := c.Purpose(id)
		if !ok {
			continue
		}
		if class, ok := c.Retention(k, q); ok && !slices.Contains(titles, class.Title) {
			titles = append(titles, class.Title)
		}
	}
	return strings.Join(titles, "; ")
}

// tally counts what is held while it is handed out, so that what is said about
// it is said of what is really there.
type tally struct {
	categories map[string]int
	purposes   map[string]bool
	records    int
}

func newTally() *tally { return &tally{categories: map[string]int{}, purposes: map[string]bool{}} }

func (t *tally) add(r *vault.Record) {
	t.records++
	t.categories[r.Category]++
	for _, q := range r.Purposes {
		t.purposes[q] = true
	}
}
