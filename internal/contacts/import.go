package contacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/emersion/go-vcard"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

// Report is what became of a file of contacts. It holds personal data and prints
// as a fixed word.
type Report struct {
	Added, Changed, Same int
	Not                  []NotTaken // whole cards
	Left                 []LeftOut  // of cards that were taken
}

// Format writes a fixed word, whatever the verb.
func (Report) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(report of contacts)") }

// LogValue keeps the report out of structured logs.
func (Report) LogValue() slog.Value { return slog.StringValue("(report of contacts)") }

// NotTaken is a card that was not taken: its place in the file, from 1, its name
// if it has one, and why.
type NotTaken struct {
	Place     int
	Name, Why string
}

// LeftOut is what was left out of cards, in words, and of how many.
type LeftOut struct {
	What  string
	Cards int
}

// leave counts what is left out of a card.
func (r *Report) leave(what ...string) {
	slices.Sort(what)
	for _, w := range slices.Compact(what) {
		i := slices.IndexFunc(r.Left, func(l LeftOut) bool { return l.What == w })
		if i < 0 {
			i, r.Left = len(r.Left), append(r.Left, LeftOut{What: w})
		}
		r.Left[i].Cards++
	}
}

// ours are the properties of which everything is taken, or which say nothing of
// the person (RFC 6350 section 6).
var ours = []string{
	vcard.FieldVersion, vcard.FieldUID, vcard.FieldFormattedName, vcard.FieldName, vcard.FieldTelephone, vcard.FieldEmail, vcard.FieldOrganization,
	vcard.FieldNote, vcard.FieldProductID, vcard.FieldRevision, vcard.FieldKind, vcard.FieldClientPIDMap,
}

// leftWords name what is not taken: more than is needed to call somebody would
// be more than we may ask for (UK GDPR Art 5(1)(c)).
var leftWords = map[string]string{
	vcard.FieldPhoto: "photos", vcard.FieldLogo: "photos", vcard.FieldBirthday: "birthdays", vcard.FieldAnniversary: "birthdays", vcard.FieldAddress: "postal addresses",
	vcard.FieldGender: "gender", vcard.FieldURL: "web addresses", vcard.FieldIMPP: "chat names", vcard.FieldTitle: "job titles", vcard.FieldRole: "job titles",
	vcard.FieldCategories: "groups", vcard.FieldNickname: "nicknames", vcard.FieldRelated: "relatives", vcard.FieldGeolocation: "places", vcard.FieldSound: "sounds", vcard.FieldKey: "keys",
}

const (
	otherWords   = "other details"
	numbersWords = "numbers beyond four"
	emailsWords  = "further e-mail addresses"
)

// Import takes a file of contacts into a person's address book. A card whose UID
// the book knows, or whose name and number, changes that contact: what the file
// says is put first, and what was written down here alone stays. ErrFile if it
// is none; vault.ErrNoConsent while the person does not agree to contacts being
// kept.
func (d *Desk) Import(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, file []byte) (Report, error) {
	raw, err := split(file)
	if err != nil {
		return Report{}, err
	}
	if err := d.c.Vault.Claim(ctx, tx, s); err != nil {
		return Report{}, wrap(err)
	}
	list, err := d.List(ctx, tx, s)
	if err != nil {
		return Report{}, err
	}
	ids, err := d.ids(ctx, tx, s)
	if err != nil {
		return Report{}, wrap(err)
	}
	b := &book{d: d, known: list, at: map[int]bool{}}
	for i, c := range raw {
		b.take(i+1, c)
	}
	for i := range b.at {
		c := b.known[i]
		if err := d.c.Vault.Rectify(ctx, tx, a, c.ID, c.vCard()); err != nil {
			return Report{}, wrap(err)
		}
	}
	if room := max(0, MaxContacts-len(ids)); len(b.fresh) > room {
		for _, f := range b.fresh[room:] {
			b.report.Not = append(b.report.Not, NotTaken{f.place, f.card.Name, fmt.Sprintf("your address book holds %d contacts and is full", MaxContacts)})
		}
		b.fresh = b.fresh[:room]
	}
	if b.report.Added = len(b.fresh); b.report.Added > 0 {
		cards := make([]Card, len(b.fresh))
		for i := range b.fresh {
			cards[i] = b.fresh[i].card
		}
		if _, err := d.add(ctx, tx, a, s, len(ids), cards...); err != nil {
			return Report{}, wrap(err)
		}
	}
	slices.SortFunc(b.report.Not, func(x, y NotTaken) int { return x.Place - y.Place })
	slices.SortFunc(b.report.Left, func(x, y LeftOut) int { return strings.Compare(x.What, y.What) })
	return b.report, nil
}

// book is an address book while a file goes into it.
type book struct {
	d      *Desk
	known  []Card
	at     map[int]bool // which of them change
	fresh  []numbered
	report Report
}

type numbered struct {
	place int
	card  Card
}

// take takes one card of the file.
func (b *book) take(place int, raw rawCard) {
	not := func(name, why string) { b.report.Not = append(b.report.Not, NotTaken{place, name, why}) }
	if raw.why != "" {
		not("", raw.why)
		return
	}
	card, left := cardOf(raw.card)
	if k := strings.ToLower(raw.card.Value(vcard.FieldKind)); k == "group" || k == "location" {
		not(shown(card.Name), "it is no person and no firm")
		return
	}
	card, faults, why := b.d.clean(card)
	if why != "" {
		not(shown(card.Name), why)
		return
	}
	left = append(left, faults...)
	if i := b.sameAs(card); i >= 0 {
		merged, lost := b.known[i].with(card)
		left = append(left, lost...)
		switch {
		case merged == b.known[i]:
			b.report.Same++
		default:
			b.known[i], b.at[i] = merged, true
			b.report.Changed++
		}
		b.report.leave(left...)
		return
	}
	if i := slices.IndexFunc(b.fresh, func(n numbered) bool { return alike(n.card, card) }); i >= 0 {
		var lost []string
		b.fresh[i].card, lost = b.fresh[i].card.with(card) // twice in one file
		b.report.Same++
		b.report.leave(append(left, lost...)...)
		return
	}
	b.report.leave(left...)
	b.fresh = append(b.fresh, numbered{place, card})
}

// shown is a name as the report tells it, short.
func shown(name string) string {
	if r := []rune(name); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return name
}

// sameAs finds the contact that a card is of; -1 for none.
func (b *book) sameAs(c Card) int {
	if i := slices.IndexFunc(b.known, func(k Card) bool { return c.UID != "" && k.UID == c.UID }); i >= 0 {
		return i
	}
	return slices.IndexFunc(b.known, func(k Card) bool { return alike(k, c) })
}

// alike reports whether a card of a file is of the same person as another: by
// its UID, by its name together with a number or an address, or, if it has no
// UID, by its name alone where neither has either.
func alike(a, b Card) bool {
	if b.UID != "" && a.UID == b.UID {
		return true
	}
	if folded(a.Name) != folded(b.Name) {
		return false
	}
	if a.Email != "" && strings.EqualFold(a.Email, b.Email) {
		return true
	}
	mine := a.Numbers()
	for _, n := range b.Numbers() {
		if slices.ContainsFunc(mine, func(m Number) bool { return canonical(m.Value) == canonical(n.Value) }) {
			return true
		}
	}
	return b.UID == "" && len(mine) == 0 && len(b.Numbers()) == 0 && a.Email == b.Email
}

// with is the contact as another address book has it now. What it does not say,
// and numbers that it does not have, stay; what finds no room is told.
func (c Card) with(from Card) (merged Card, lost []string) {
	merged = c
	merged.Name = from.Name
	if from.UID != "" {
		merged.UID = from.UID
	}
	for _, f := range []struct{ to, from *string }{{&merged.Email, &from.Email}, {&merged.Company, &from.Company}, {&merged.Note, &from.Note}} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	if len(from.Numbers()) == 0 {
		return merged, nil
	}
	for _, p := range places {
		*merged.slot(p.Field) = *from.slot(p.Field)
	}
	for _, p := range places {
		n := *c.slot(p.Field)
		if n == "" || slices.ContainsFunc(merged.Numbers(), func(m Number) bool { return canonical(m.Value) == canonical(n) }) {
			continue
		}
		if !merged.put(n, p.Field) {
			lost = append(lost, numbersWords)
		}
	}
	return merged, lost
}

// put puts a number where it belongs, or where there is room. It reports whether
// there was any.
func (c *Card) put(number, field string) bool {
	order := append([]Place{{Field: field}}, places...)
	for _, p := range order {
		if at := c.slot(p.Field); *at == "" {
			*at = number
			return true
		}
	}
	return false
}

// cardOf takes what an address book needs out of a vCard, and says what it left.
func cardOf(v vcard.Card) (c Card, left []string) {
	for key := range v {
		switch {
		case slices.Contains(ours, key):
		case leftWords[key] != "":
			left = append(left, leftWords[key])
		default:
			left = append(left, otherWords)
		}
	}
	if c.UID = strings.TrimSpace(v.Value(vcard.FieldUID)); len(c.UID) > maxUID {
		c.UID = ""
	}
	c.Name = nameOf(v)
	c.Company = companyOf(v)
	if c.Name == "" {
		c.Name = c.Company
	}
	c.Email = textOf(v.Preferred(vcard.FieldEmail))
	if len(v[vcard.FieldEmail]) > 1 {
		left = append(left, emailsWords)
	}
	var notes []string
	for _, f := range v[vcard.FieldNote] {
		notes = append(notes, textOf(f))
	}
	c.Note = strings.Join(notes, "\n")
	for _, f := range v[vcard.FieldTelephone] {
		n := strings.TrimPrefix(textOf(f), "tel:") // RFC 3966
		n, _, _ = strings.Cut(n, ";")
		if n == "" || c.has(canonical(n)) && canonical(n) != "" && slices.ContainsFunc(c.Numbers(), func(m Number) bool { return canonical(m.Value) == canonical(n) }) {
			continue
		}
		if !c.put(n, placeOf(f)) {
			left = append(left, numbersWords)
		}
	}
	return c, left
}

// nameOf is the name that a vCard has, by whichever of its properties.
func nameOf(v vcard.Card) string {
	if fn := textOf(v.Preferred(vcard.FieldFormattedName)); fn != "" {
		return fn
	}
	n := v.Name()
	if n == nil {
		return ""
	}
	return strings.Join(strings.Fields(strings.Join([]string{n.HonorificPrefix, n.GivenName, n.AdditionalName, n.FamilyName, n.HonorificSuffix}, " ")), " ")
}

// companyOf is the firm of a vCard with its departments, which a semicolon
// divides unless it is escaped (RFC 6350 section 6.6.4).
func companyOf(v vcard.Card) string {
	f := v.Preferred(vcard.FieldOrganization)
	if f == nil {
		return ""
	}
	parts := strings.FieldsFunc(strings.ReplaceAll(f.Value, `\;`, "\x00"), func(r rune) bool { return r == ';' })
	return textOf(&vcard.Field{Value: strings.ReplaceAll(strings.Join(parts, ", "), "\x00", ";")})
}

// placeOf is where a number of a vCard rings.
func placeOf(f *vcard.Field) string {
	for _, p := range places[1:] {
		if f.Params.HasType(p.Type) {
			return p.Field
		}
	}
	return fieldNumber
}

// clean checks a card as the form would, and takes out of it what the form would
// refuse. why says, in words, that nothing of it can be taken.
func (d *Desk) clean(c Card) (cleaned Card, left []string, why string) {
	values := c.Values()
	for range 2 {
		got, err := Read(d.c.InForce(), values)
		if err == nil {
			got.UID = c.UID
			return got, left, ""
		}
		var faults intake.FieldErrors
		if !errors.As(err, &faults) {
			return c, nil, "address books are not offered here"
		}
		for _, f := range faults {
			if f.Field == fieldName && c.Name == "" {
				return c, nil, "it has no name"
			}
			if f.Field == fieldName {
				return Card{}, nil, "its name cannot be read, or is too long"
			}
			values.Del(f.Field)
			left = append(left, unreadable(f.Field))
		}
	}
	return c, nil, "it cannot be read"
}

// unreadable says what was left out of a card because it could not be taken.
func unreadable(field string) string {
	switch field {
	case fieldEmail:
		return "e-mail addresses that nobody can write to"
	case fieldCompany:
		return "names of companies that are too long or cannot be read"
	case fieldNote:
		return "notes that are too long or cannot be read"
	}
	return "numbers that nobody can dial"
}
