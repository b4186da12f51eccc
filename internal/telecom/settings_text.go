package telecom

import "strings"

// entry is a line of a record that holds several things, as its person reads it
// in a copy of their data and as it is read back.
type entry struct{ name, value string }

// writeEntries writes lines of the form "Name: value"; those without a value are
// left out. A value has no line end.
func writeEntries(entries ...entry) []byte {
	var b strings.Builder
	for _, e := range entries {
		if e.value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.name + ": " + oneLine(e.value))
	}
	return []byte(b.String())
}

// oneLine makes one line of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// readEntries reads such lines. The first of a name counts; what is no such line
// is passed over.
func readEntries(text []byte) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		if _, twice := found[name]; ok && !twice {
			found[name] = value
		}
	}
	return found
}
