package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of what an operator's folder may hold. They bound the cost of reading
// a hostile folder; a real one is a tenth of each.
const (
	maxYAMLBytes   = 1 << 20  // one YAML file
	maxTextBytes   = 1 << 20  // one Markdown file
	maxFileBytes   = 8 << 20  // any other file, for example an image
	maxFolderBytes = 64 << 20 // all files together
	maxFiles       = 2000     // files in a folder
	maxDepth       = 12       // levels of lists and keys in a YAML file
	maxNodes       = 100_000  // values in a YAML file
	maxFaults      = 500      // faults told of one file
	maxPlaceholder = 200      // bytes between {{ and }}
	maxMentions    = 10_000   // placeholders in one text

	maxActors     = 250    // an ActorIndex is a byte
	maxSurfaces   = 64     // a bit each in a category's set
	maxCategories = 10_000 // a CategoryIndex is two bytes
)

// MaxPurposes is how many purposes a policy may declare: a PurposeSet has as
// many bits.
const MaxPurposes = 128

// reader reads one YAML file and collects its faults and the place of each
// value.
type reader struct {
	file   string
	faults Faults
	places map[string]Position // path of a value -> where it stands
	nodes  int
	lost   bool // a fault has left out a thing or its name, so that others may seem to name nothing
}

func (r *reader) at(n *yaml.Node) Position {
	return Position{r.file, max(n.Line, 1), max(n.Column, 1)}
}

func (r *reader) fault(n *yaml.Node, what, cure string) {
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, r.at(n).Fault(what, cure))
	}
}

func (r *reader) faultAt(line, column int, what, cure string) {
	r.faults = append(r.faults, Position{r.file, line, column}.Fault(what, cure))
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// parse turns data into the root node of its only document, or nil when a
// fault leaves nothing to read.
func (r *reader) parse(data []byte) *yaml.Node {
	if len(data) > maxYAMLBytes {
		r.faultAt(1, 1, fmt.Sprintf("the file has %d bytes", len(data)), fmt.Sprintf("keep it under %d bytes", maxYAMLBytes))
		return nil
	}
	if !r.plain(data) {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := decodeNode(dec, &doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.faultAt(1, 1, "the file is empty", "write it, or copy it from a built-in operator's folder")
			return nil
		}
		r.syntax(data, err)
		return nil
	}
	if err := decodeNode(dec, &more); err == nil {
		r.fault(&more, "a second document begins here", "keep one document in the file: take the line --- out")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.syntax(data, err)
	}
	if len(doc.Content) != 1 {
		r.faultAt(1, 1, "the file is empty", "write it, or copy it from a built-in operator's folder")
		return nil
	}
	root := doc.Content[0]
	before := len(r.faults)
	r.structure(root, 1)
	if len(r.faults) > before && (r.nodes > maxNodes) {
		return nil
	}
	return root
}

// decodeNode shields against a parser that panics on hostile bytes.
func decodeNode(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("yaml: %v", v)
		}
	}()
	return dec.Decode(n)
}

// plain refuses bytes that would make later messages point at the wrong place.
func (r *reader) plain(data []byte) bool {
	before := len(r.faults)
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			r.faultAt(i+1, 1, "the line is not UTF-8 text", "save the file as UTF-8")
			break
		}
		if c := bytes.IndexFunc(line, func(c rune) bool { return c < ' ' && c != '\t' && c != '\r' || c == 0x7f }); c >= 0 {
			r.faultAt(i+1, c+1, "there is a control character here", "take it out")
			break
		}
		indent := len(line) - len(bytes.TrimLeft(line, " \t"))
		if c := bytes.IndexByte(line[:indent], '\t'); c >= 0 && indent < len(line) {
			r.faultAt(i+1, c+1, "the line is indented with a tab", "indent with spaces")
			break
		}
	}
	return len(r.faults) == before
}

// syntax says in our words what the YAML parser could not read.
func (r *reader) syntax(data []byte, err error) {
	line, what := 1, err.Error()
	if m := yamlLine.FindStringSubmatch(what); m != nil {
		line, _ = strconv.Atoi("0" + m[1])
		what = m[2]
	}
	lines := bytes.Split(data, []byte("\n"))
	line = min(max(line, 1), len(lines))
	text := lines[line-1]
	column := 1 + len(text) - len(bytes.TrimLeft(text, " "))
	cure := "look at this line and the one before it: indentation, a missing colon or quote"
	switch {
	case strings.Contains(what, "mapping values are not allowed"):
		cure = "put text that holds a colon in quotes, and indent keys of one list item alike"
	case strings.Contains(what, "cannot start any token"):
		cure = "put text that begins with this character in quotes"
	case strings.Contains(what, "unknown anchor"):
		what, cure = "an alias (*name) is used", "write the value out; aliases are not read"
	case strings.Contains(what, "found unexpected end of stream"):
		cure = "close the quote or the bracket that was opened"
	}
	r.faultAt(line, column, "this is not readable as YAML ("+what+")", cure)
}

// structure refuses what a declaration does not need and a reader would
// stumble over: anchors, aliases, merge keys, tags, duplicate keys, great depth.
func (r *reader) structure(n *yaml.Node, depth int) {
	r.nodes++
	if r.nodes == maxNodes+1 {
		r.fault(n, fmt.Sprintf("the file has more than %d values", maxNodes), "declare less")
	}
	if r.nodes > maxNodes {
		return
	}
	if depth > maxDepth {
		r.fault(n, fmt.Sprintf("values are nested more than %d deep", maxDepth), "a declaration needs no such depth; check the indentation")
		return
	}
	if n.Anchor != "" {
		r.fault(n, fmt.Sprintf("the anchor &%s is used", n.Anchor), "write the value out where it is needed; anchors are not read")
	}
	if n.Kind == yaml.AliasNode {
		r.fault(n, fmt.Sprintf("the alias *%s is used", n.Value), "write the value out; aliases are not read")
		return
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.fault(n, fmt.Sprintf("the tag %s is used", n.Tag), "take the tag out; quotes say that a value is text")
	}
	if n.Kind == yaml.MappingNode {
		r.keys(n)
	}
	for _, c := range n.Content {
		r.structure(c, depth+1)
	}
}

func (r *reader) keys(n *yaml.Node) {
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			continue
		}
		if k.Tag == "!!merge" {
			r.fault(k, "the merge key << is used", "write the keys out; merge keys are not read")
			continue
		}
		if first, twice := seen[k.Value]; twice {
			r.fault(k, fmt.Sprintf("the key %s stands twice; the first is on line %d", quote(k.Value), first.Line), "keep one of them")
			continue
		}
		seen[k.Value] = k
	}
}
