package mail

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// mailboxSize is how many mails a Mailbox holds; the oldest go first.
const mailboxSize = 200

// Mailbox takes mails instead of a mail server while developing and in
// demonstrations: they stay in this process's memory, to be read in a browser
// (Handler), and are gone when it ends. It is safe for concurrent use.
type Mailbox struct {
	mu     sync.Mutex
	last   int      // guarded by mu; number of the newest mail, counting from 1
	letter []letter // guarded by mu; oldest first, at most mailboxSize
}

// letter is a mail as it lies in the mailbox. It holds personal data.
type letter struct {
	number int
	kind   Kind
	to     Address
	raw    []byte // as it would have gone on the wire
}

// Format writes a placeholder, whatever the verb.
func (l letter) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "mail "+string(l.kind)) }

// NewMailbox returns an empty mailbox.
func NewMailbox() *Mailbox { return &Mailbox{} }

// Format writes a placeholder, whatever the verb.
func (b *Mailbox) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(development mailbox)") }

// LogValue returns a placeholder.
func (b *Mailbox) LogValue() slog.Value { return slog.StringValue("(development mailbox)") }

// Send keeps the mail. It implements Sender.
func (b *Mailbox) Send(_ context.Context, m *Message) error {
	raw, err := m.Bytes()
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.letter = append(b.letter, letter{number: b.last, kind: m.Kind, to: m.To, raw: raw})
	if n := len(b.letter) - mailboxSize; n > 0 {
		b.letter = slices.Delete(b.letter, 0, n)
	}
	return nil
}

// Name says where mails go, for the log and for staff.
func (b *Mailbox) Name() string { return "development mailbox, in memory" }

// newest returns the letters, newest first.
func (b *Mailbox) newest() []letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.letter)
	slices.Reverse(all)
	return all
}

func (b *Mailbox) get(number int) (letter, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.letter, func(l letter) bool { return l.number == number })
	if i < 0 {
		return letter{}, false
	}
	return b.letter[i], true
}
