package house_test

import (
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/policy"
)

// What the program may write, and what it refuses with, is told whole to
// whoever reads the log or watches the metrics.
func TestDocumentsNameEachOfAClosedSet(t *testing.T) {
	var kinds, verdicts []string
	for _, k := range evidence.Kinds() {
		kinds = append(kinds, string(k))
	}
	for v := policy.Undeclared; v <= policy.ShutOut; v++ {
		verdicts = append(verdicts, v.String())
	}
	for _, c := range []struct {
		path, line string // of the document, and of the line in it; empty for all of it
		codes      []string
	}{
		{"docs/evidence.md", "", kinds},
		{"docs/operate.md", "candour_vault_door_refusals_total", verdicts},
		{"docs/operate.md", "candour_mail_door_refusals_total", mail.Refusals()},
	} {
		text := string(read(t, c.path))
		if c.line != "" {
			_, text, _ = strings.Cut(text, c.line)
			text, _, _ = strings.Cut(text, "\n")
		}
		for _, code := range c.codes {
			if !strings.Contains(text, "`"+code+"`") {
				t.Errorf("%s does not name `%s` %s", c.path, code, c.line)
			}
		}
	}
}
