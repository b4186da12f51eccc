package policy

import (
	"fmt"
	"io"
	"strings"
)

// WriteChanges prints changes for whoever edits the policy: one a line with
// its kind and id, what follows from each, and at the end what follows from
// all.
func WriteChanges(w io.Writer, changes []Change) error {
	var b strings.Builder
	if len(changes) == 0 {
		b.WriteString("Nothing changed in meaning.\n")
	}
	for _, c := range changes {
		mark := "  "
		switch {
		case c.AskAgain:
			mark = "? "
		case c.Tell:
			mark = "! "
		}
		fmt.Fprintf(&b, "%s%s [%s %s]\n", mark, c.What, c.Kind, c.ID)
	}
	if MustTell(changes) {
		b.WriteString("\n! People must be told before this applies.\n")
	} else if len(changes) > 0 {
		b.WriteString("\nNobody need be told.\n")
	}
	if groups := AskAgain(changes); len(groups) > 0 {
		fmt.Fprintf(&b, "? Consent must be asked again for: %s.\n", strings.Join(groups, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
