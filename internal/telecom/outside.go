package telecom

import (
	"fmt"
	"io"
	"log/slog"
)

// Outside is a far end that is no line of ours, as the carrier presents it. It
// holds personal data and prints as a fixed word.
type Outside struct {
	Number   string // E.164 with its plus; empty if it is withheld
	Name     string // that the carrier tells; empty for none
	Withheld bool   // the caller withheld their number (PECR reg 10)
}

// Format writes a fixed word, whatever the verb.
func (Outside) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(far end outside)") }

// LogValue keeps the far end out of structured logs.
func (Outside) LogValue() slog.Value { return slog.StringValue("(far end outside)") }

// Ways is what leads out of the house: the trunks. Its methods are called by
// many goroutines.
type Ways interface {
	// Takes reports whether some trunk takes calls to the target.
	Takes(Target) bool
	// Main is the operator's own number (E.164 with its plus), shown where a
	// line has none; empty for none.
	Main() string
}

// Connect tells the desk what leads out of the house. Without it nothing does.
func (d *Desk) Connect(w Ways) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ways = w
}

// out returns what leads out of the house; nil for nothing.
func (d *Desk) out() Ways {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ways
}
