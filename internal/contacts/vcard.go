package contacts

import (
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-vcard"

	"candour/internal/vault"
)

// Limits of a file of contacts. What is beyond them is told, never cut in
// silence.
const (
	MaxFile  = 4 << 20   // octets; photos that phones put in make cards large
	MaxCards = 2000      // of a file; beyond what an address book holds
	maxCard  = 512 << 10 // octets of one card
	maxLine  = 16 << 10  // octets of a line, unfolded, of which something is taken
	maxLines = 500       // of a card, unfolded
)

// ErrFile says that a file is no vCard file, or too large.
var ErrFile = errors.New("contacts: not a file of contacts, or too large")

// media are properties whose values are pictures, sounds and keys: none is
// taken, so none is read (RFC 6350 sections 6.2.4, 6.6.3, 6.7.5, 6.8.1).
var media = []string{vcard.FieldPhoto, vcard.FieldLogo, vcard.FieldSound, vcard.FieldKey}

// rawCard is one card of a file.
type rawCard struct {
	card vcard.Card
	why  string // in words, if it cannot be read
}

// split finds the cards of a file: of vCard 3.0 (RFC 2426) and 4.0 (RFC 6350),
// and of 2.1 as phones still write it. Lines are unfolded here, in one pass: the
// library would copy a line anew for each of its folds.
func split(data []byte) ([]rawCard, error) {
	if len(data) > MaxFile {
		return nil, ErrFile
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, ErrFile
	}
	var cards []rawCard
	var c *collector
	for line := range strings.SplitSeq(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n") {
		switch {
		case c == nil && isMark(line, "BEGIN"):
			c = &collector{}
		case c == nil && strings.TrimSpace(line) == "":
		case c == nil && len(cards) == 0:
			return nil, ErrFile // it begins with something else
		case c == nil: // between two cards
		case isMark(line, "END"):
			if cards = append(cards, c.parse()); len(cards) > MaxCards {
				return nil, ErrFile
			}
			c = nil
		case isMark(line, "BEGIN"):
			cards = append(cards, rawCard{why: "it has no end"})
			c = &collector{}
		default:
			c.take(line)
		}
	}
	if c != nil {
		cards = append(cards, rawCard{why: "it has no end"})
	}
	if len(cards) == 0 {
		return nil, ErrFile
	}
	return cards, nil
}

// isMark reports whether a line begins or ends a card.
func isMark(line, mark string) bool {
	name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
	return ok && strings.EqualFold(name, mark) && strings.EqualFold(strings.TrimSpace(value), "VCARD")
}

// collector puts the lines of one card together.
type collector struct {
	lines []string
	last  strings.Builder
	begun bool
	size  int
	why   string
}

// take takes a line as it stands in the file: one that begins with a space or a
// tabulator goes on from the one before (RFC 6350 section 3.2), and so does what
// follows a line of vCard 2.1 that ends in an equals sign.
func (c *collector) take(line string) {
	if c.size += len(line) + 1; c.size > maxCard {
		c.why = "it is too large"
		return
	}
	soft := c.begun && strings.HasSuffix(c.last.String(), "=") && isQuoted(c.last.String())
	if c.begun && (soft || line != "" && (line[0] == ' ' || line[0] == '\t')) {
		if soft {
			c.last.WriteString("\n")
		} else {
			line = line[1:]
		}
		c.last.WriteString(line)
		return
	}
	c.end()
	c.begun = true
	c.last.WriteString(line)
}

// end takes a line that is whole.
func (c *collector) end() {
	if !c.begun {
		return
	}
	line := c.last.String()
	c.last.Reset()
	if strings.TrimSpace(line) == "" {
		return
	}
	if name := propertyOf(line); len(line) > maxLine || isMedia(name) {
		line = name + ":" // that it was there is told; what it was is not read
	}
	if c.lines = append(c.lines, plain(line)); len(c.lines) > maxLines {
		c.why, c.lines = "it has too many lines", nil
	}
}

// parse reads the card.
func (c *collector) parse() rawCard {
	c.end()
	if c.why != "" {
		return rawCard{why: c.why}
	}
	text := "BEGIN:VCARD\n" + strings.Join(c.lines, "\n") + "\nEND:VCARD\n"
	card, err := vcard.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		return rawCard{why: "it cannot be read"}
	}
	switch v := card.Value(vcard.FieldVersion); v {
	case "2.1", "3.0", "4.0":
		return rawCard{card: card}
	case "":
		return rawCard{why: "it does not say which version of vCard it is"}
	}
	return rawCard{why: "it is of a version of vCard that we do not know"}
}

// propertyOf is the name of a line's property, without its group.
func propertyOf(line string) string {
	name := line[:max(0, strings.IndexAny(line+":", ";:"))]
	if _, after, ok := strings.Cut(name, "."); ok {
		name = after
	}
	if len(name) > 64 {
		return "X-LONG"
	}
	return strings.ToUpper(strings.TrimSpace(name))
}

func isMedia(name string) bool {
	for _, m := range media {
		if name == m {
			return true
		}
	}
	return false
}

// isQuoted reports whether a line is in the encoding that vCard 2.1 has from
// mail (RFC 2045 section 6.7).
func isQuoted(line string) bool {
	head, _, ok := strings.Cut(line, ":")
	return ok && strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}

// plain brings a line of vCard 2.1 into the form of the later versions: bare
// parameters become types, quoted text is decoded.
func plain(line string) string {
	head, value, ok := strings.Cut(line, ":")
	if !ok || strings.Contains(head, `"`) {
		return line // a colon in a quoted parameter: no line of 2.1
	}
	if isQuoted(line) {
		decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value)))
		if err != nil || !utf8.Valid(decoded) {
			return propertyOf(line) + ":"
		}
		value = strings.NewReplacer("\r", "", "\n", `\n`).Replace(string(decoded))
	}
	parts := strings.Split(head, ";")
	for i, p := range parts[1:] {
		if !strings.Contains(p, "=") {
			parts[i+1] = "TYPE=" + p
		}
	}
	return strings.Join(parts, ";") + ":" + value
}

// textOf is the value of a property as a person reads it.
func textOf(f *vcard.Field) string {
	if f == nil {
		return ""
	}
	return strings.TrimSpace(strings.NewReplacer(`\N`, "\n", `\;`, ";").Replace(f.Value))
}

// vCard writes the contact down (RFC 6350).
func (c Card) vCard() []byte {
	out := vcard.Card{}
	out.SetValue(vcard.FieldVersion, "4.0")
	out.SetValue(vcard.FieldUID, c.UID)
	out.SetValue(vcard.FieldFormattedName, c.Name)
	out.SetName(&vcard.Name{GivenName: strings.ReplaceAll(c.Name, ";", " ")}) // 3.0 asks for it (RFC 2426 section 3.1.2)
	for _, p := range places {
		if v := *c.slot(p.Field); v != "" {
			out.Add(vcard.FieldTelephone, &vcard.Field{Value: v, Params: vcard.Params{vcard.ParamType: {p.Type}}})
		}
	}
	for key, value := range map[string]string{vcard.FieldEmail: c.Email, vcard.FieldOrganization: strings.ReplaceAll(c.Company, ";", `\;`), vcard.FieldNote: c.Note} {
		if value != "" {
			out.SetValue(key, value)
		}
	}
	var b bytes.Buffer
	if err := vcard.NewEncoder(&b).Encode(out); err != nil {
		panic("contacts: a card of ours has its version") // a buffer takes all
	}
	return bytes.ReplaceAll(b.Bytes(), []byte(`\\;`), []byte(`\;`)) // the library escapes the sign of an escape
}

// open reads a contact that was kept.
func open(id vault.RecordID, value []byte) (Card, error) {
	card, err := vcard.NewDecoder(bytes.NewReader(value)).Decode()
	if err != nil {
		return Card{}, errors.New("contacts: a record is no contact") // the library's words may quote it
	}
	c := Card{
		ID: id, UID: card.Value(vcard.FieldUID), Name: card.Value(vcard.FieldFormattedName), Email: card.Value(vcard.FieldEmail),
		Company: textOf(card.Get(vcard.FieldOrganization)), Note: card.Value(vcard.FieldNote),
	}
	for _, f := range card[vcard.FieldTelephone] {
		for _, p := range places {
			if f.Params.HasType(p.Type) {
				*c.slot(p.Field) = f.Value
			}
		}
	}
	return c, nil
}

// Export is a file of contacts (RFC 6350).
func Export(list []Card) []byte {
	var b bytes.Buffer
	for _, c := range list {
		b.Write(fold75(c.vCard()))
	}
	return b.Bytes()
}

// lineOctets is the length at which a line is folded (RFC 6350 section 3.2).
const lineOctets = 75

// fold75 folds long lines, never within a character.
func fold75(card []byte) []byte {
	var b bytes.Buffer
	for line := range strings.SplitSeq(strings.TrimSuffix(string(card), "\r\n"), "\r\n") {
		room := lineOctets
		for len(line) > room {
			cut := room
			for !utf8.RuneStart(line[cut]) {
				cut--
			}
			b.WriteString(line[:cut] + "\r\n ")
			line, room = line[cut:], lineOctets-1
		}
		b.WriteString(line + "\r\n")
	}
	return b.Bytes()
}
