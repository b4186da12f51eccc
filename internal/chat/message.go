package chat

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"
)

// Kinds of messages.
const (
	Text  = "text"
	Photo = "photo"
	File  = "file"
	Place = "place"
)

// MaxText is how long a message is at most, in characters.
const MaxText = 2000

// maxFileName is how long the name of a file is at most, in characters.
const maxFileName = 100

// Message is a message as one of its sides sees it. It holds personal data and
// prints as a fixed word.
type Message struct {
	ID   int64
	Line int64 // of the other side
	Mine bool  // by the person; else it came to them
	Far  string
	Kind string
	Text string
	Name string // of a file
	Type string // media type of a file or photo
	Sent time.Time
	Read time.Time // zero: not yet
	Fix  *Fix      // of a place, while it is shown
	Till time.Time // when a place goes; zero for what is none

	record, attached int64
}

// Format writes a fixed word, whatever the verb.
func (Message) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(message)") }

// LogValue keeps the message out of structured logs.
func (Message) LogValue() slog.Value { return slog.StringValue("(message)") }

// part is what one side's record of a message says.
type part struct {
	sent bool
	far  string // extension of the other side
	kind string
	name string
	typ  string
	text string
}

// kindWords are how a kind stands in a record.
var kindWords = map[string]string{Photo: "Photo", File: "File", Place: "Where I was, once"}

// words are the part as its person reads it in a copy of their data, and as
// parse reads it back: to whom or from whom, what came with it, an empty line,
// and the words.
func (p part) words() string {
	var b strings.Builder
	if p.sent {
		b.WriteString("To " + p.far)
	} else {
		b.WriteString("From " + p.far)
	}
	switch p.kind {
	case Photo, File:
		b.WriteString("\n" + kindWords[p.kind] + ": " + p.name + "\nType: " + p.typ)
	case Place:
		b.WriteString("\n" + kindWords[Place])
	}
	b.WriteString("\n\n" + p.text)
	return b.String()
}

// parse reads a part.
func parse(s string) (p part) {
	head, text, _ := strings.Cut(s, "\n\n")
	p.kind, p.text = Text, text
	for i, line := range strings.Split(head, "\n") {
		switch {
		case i == 0:
			var ok bool
			if p.far, ok = strings.CutPrefix(line, "To "); ok {
				p.sent = true
			} else {
				p.far = strings.TrimPrefix(line, "From ")
			}
		case line == kindWords[Place]:
			p.kind = Place
		case strings.HasPrefix(line, kindWords[Photo]+": "):
			p.kind, p.name = Photo, line[len(kindWords[Photo])+2:]
		case strings.HasPrefix(line, kindWords[File]+": "):
			p.kind, p.name = File, line[len(kindWords[File])+2:]
		case strings.HasPrefix(line, "Type: "):
			p.typ = line[len("Type: "):]
		}
	}
	return p
}

// fileName brings the name of a file into one that is safe to write down and to
// save by: no folders, no controls, nothing that turns text around.
func fileName(s, instead string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0, r == utf8.RuneError, r == '"', r >= 0x200e && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x061c, r == 0x2028, r == 0x2029, r == 0xfeff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Trim(strings.Join(strings.Fields(s), " "), ". ")
	if r := []rune(s); len(r) > maxFileName {
		ext := s[max(0, strings.LastIndexByte(s, '.')):]
		if len(ext) > 10 || ext == s {
			ext = ""
		}
		s = string(r[:maxFileName-len([]rune(ext))]) + ext
	}
	if s == "" {
		return instead
	}
	return s
}
