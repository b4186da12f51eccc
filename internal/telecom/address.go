package telecom

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"candour/internal/store"
)

// Address is where a line is installed, as the emergency services are told
// (Ofcom General Condition A3). It holds personal data and prints as a fixed
// word.
type Address struct {
	Country  string // ISO 3166-1 alpha-2
	Town     string
	Street   string
	House    string // its number, or its name
	Unit     string // flat, floor or room; empty for none
	Postcode string
}

// Format writes a fixed word, whatever the verb.
func (Address) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(address)") }

// LogValue keeps the address out of structured logs.
func (Address) LogValue() slog.Value { return slog.StringValue("(address)") }

// emergencyAddress returns where a line is installed, if its person declared it.
func (d *Desk) emergencyAddress(_ context.Context, _ *store.Tx, _ Line) (Address, bool, error) {
	return Address{}, false, nil
}
