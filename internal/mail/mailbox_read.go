package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"strings"
)

// opened is a letter read back from its bytes, as a recipient's program reads
// it: what the mailbox shows is what would have arrived.
type opened struct {
	Number  int               `json:"number"`
	Kind    Kind              `json:"kind"`
	To      string            `json:"to"`
	From    string            `json:"from"`
	Subject string            `json:"subject"`
	Date    string            `json:"date"` // RFC 3339
	Headers map[string]string `json:"headers"`
	Text    string            `json:"text"`
	HTML    string            `json:"html"`
	Links   []string          `json:"links"` // in the text part, in order
}

// shownHeaders are worth seeing beside the four that every mail has.
var shownHeaders = []string{"Auto-Submitted", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-Id"}

var links = regexp.MustCompile(`https?://[^\s<>"]+`)

func (l letter) open() (opened, error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(l.raw))
	if err != nil {
		return opened{}, fmt.Errorf("mail: reading a mail back: %w", err)
	}
	date, err := msg.Header.Date()
	if err != nil {
		return opened{}, errors.New("mail: reading a mail back: no date")
	}
	var words mime.WordDecoder
	subject, err := words.DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		return opened{}, errors.New("mail: reading a mail back: its subject")
	}
	o := opened{
		Number: l.number, Kind: l.kind, To: l.to.Reveal(), From: msg.Header.Get("From"), Subject: subject,
		Date: date.UTC().Format("2006-01-02T15:04:05Z07:00"), Headers: map[string]string{},
	}
	for _, name := range shownHeaders {
		if v := msg.Header.Get(name); v != "" {
			o.Headers[name] = v
		}
	}
	if err := o.readParts(msg); err != nil {
		return opened{}, err
	}
	o.Links = links.FindAllString(o.Text, -1)
	return o, nil
}

func (o *opened) readParts(msg *netmail.Message) error {
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return errors.New("mail: reading a mail back: its type")
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("mail: reading a mail back: %w", err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return fmt.Errorf("mail: reading a mail back: %w", err)
		}
		text := strings.ReplaceAll(string(b), "\r\n", "\n")
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			o.HTML = text
		} else {
			o.Text = text
		}
	}
}

// piece is a run of text, or a link in it.
type piece struct {
	Text string
	Link bool
}

// Pieces cuts the text part at its links, so that the page can make them
// clickable without treating any of it as HTML.
func (o opened) Pieces() []piece {
	var all []piece
	at := 0
	for _, span := range links.FindAllStringIndex(o.Text, -1) {
		all = append(all, piece{Text: o.Text[at:span[0]]}, piece{Text: o.Text[span[0]:span[1]], Link: true})
		at = span[1]
	}
	return append(all, piece{Text: o.Text[at:]})
}
