package vault

import (
	"fmt"
	"log/slog"
)

// Values of people do not reach a log or an error by being printed.

// Format writes a fixed word under every verb.
func (Part) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[part]")) }

// LogValue keeps the part out of structured logs.
func (Part) LogValue() slog.Value { return slog.StringValue("[part]") }

// Format writes a fixed word under every verb.
func (Record) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[record]")) }

// LogValue keeps the record out of structured logs.
func (Record) LogValue() slog.Value { return slog.StringValue("[record]") }
