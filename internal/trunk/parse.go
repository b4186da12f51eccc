package trunk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a file.
const (
	maxFile   = 1 << 20 // bytes
	maxTrunks = 64
	maxList   = 1000 // entries of one list
	maxText   = 253  // bytes of one value
)

// Fault is something in a file that is not right, and what would be.
type Fault struct {
	Line, Column int
	Text         string
}

// Error is for whoever wrote the file.
func (f Fault) Error() string { return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Text) }

// Parse reads a file of trunks. password reads the file of a password, by the
// name that stands in the file. The error joins every Fault.
func Parse(b []byte, password func(name string) (Secret, error)) (File, error) {
	r := &reader{password: password}
	if len(b) > maxFile {
		return File{}, Fault{1, 1, "the file is too large"}
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(b))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return File{}, Fault{1, 1, "the file is empty: it needs trunks"}
	case err != nil:
		return File{}, Fault{1, 1, "the file is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	case dec.Decode(new(yaml.Node)) == nil:
		return File{}, Fault{1, 1, "the file holds more than one document"}
	}
	if len(doc.Content) != 1 {
		return File{}, Fault{1, 1, "the file is empty: it needs trunks"}
	}
	f := r.file(doc.Content[0])
	return f, errors.Join(r.faults...)
}

// reader notes what is wrong and reads on.
type reader struct {
	password func(string) (Secret, error)
	faults   []error
}

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, Fault{n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// fields returns the fields of a mapping. Those that nobody knows, those that
// stand twice, and anchors are faults.
func (r *reader) fields(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	got := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		r.fault(n, "%s must be `name: value` lines", what)
		return got
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			r.fault(key, "%s has an unknown field; the fields are %s", what, strings.Join(known, ", "))
		case got[key.Value] != nil:
			r.fault(key, "%s has %s twice", what, key.Value)
		case value.Kind == yaml.AliasNode || value.Anchor != "":
			r.fault(value, "anchors and aliases are not read: write the value out")
		default:
			got[key.Value] = value
		}
	}
	return got
}

// list returns the entries of a list, none where there is none.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		r.fault(n, "%s must be a list", what)
		return nil
	case len(n.Content) > maxList:
		r.fault(n, "%s has more than %d entries", what, maxList)
		return nil
	}
	return n.Content
}

// text returns a value of one line; "" where there is none, or a fault.
func (r *reader) text(n *yaml.Node, what string) string {
	switch {
	case n == nil:
		return ""
	case n.Kind != yaml.ScalarNode || n.Anchor != "" || n.Tag == "!!null" || n.Value == "":
		r.fault(n, "%s needs a value", what)
		return ""
	case len(n.Value) > maxText || strings.ContainsFunc(n.Value, func(c rune) bool { return c < ' ' || c == 0x7f }):
		r.fault(n, "%s is too long, or holds what is no text", what)
		return ""
	}
	return n.Value
}

// quoted returns a value that must be text to YAML too: a number would lose its
// plus or its noughts.
func (r *reader) quoted(n *yaml.Node, what string) string {
	if n != nil && n.Kind == yaml.ScalarNode && n.Tag != "!!str" {
		r.fault(n, "%s must stand in quotation marks", what)
		return ""
	}
	return r.text(n, what)
}

func (r *reader) number(n *yaml.Node, what string, low, high, or int) int {
	if n == nil {
		return or
	}
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || v < low || v > high {
		r.fault(n, "%s must be a whole number from %d to %d", what, low, high)
		return or
	}
	return v
}

func (r *reader) yes(n *yaml.Node, what string) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.fault(n, "%s must be true or false", what)
	}
	return n.Value == "true"
}

// oneOf returns one of the words of a closed set; the first where nothing is said.
func (r *reader) oneOf(n *yaml.Node, what string, words ...string) string {
	if n == nil {
		return words[0]
	}
	if v := r.text(n, what); v != "" {
		if slices.Contains(words, v) {
			return v
		}
		r.fault(n, "%s must be one of %s", what, strings.Join(words, ", "))
	}
	return words[0]
}

// need notes what is missing in a mapping.
func (r *reader) need(n *yaml.Node, got map[string]*yaml.Node, what string, names ...string) {
	for _, name := range names {
		if got[name] == nil {
			r.fault(n, "%s needs %s", what, name)
		}
	}
}
