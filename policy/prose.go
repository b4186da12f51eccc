package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Prose is Markdown with placeholders that are filled from the declaration.
// It is parsed, not rendered, here.
type Prose struct {
	File     string
	Source   string    // the Markdown
	Line     int       // of the file at which Source begins
	Sections []Section // headings, in order
	Mentions []Mention // placeholders, in order
}

// Section is a heading: ## 7. Where and how long {#where}.
type Section struct {
	Level  int
	Number int // 0 when the heading has none
	Title  string
	Anchor string // empty when the heading has none
	Position
}

// Mention is one placeholder. {{category contact.email}} has Kind "category"
// and ID "contact.email"; a block such as {{table cookies party=first}} has
// Kind "table", ID "cookies" and Args {"party": "first"}.
type Mention struct {
	Kind  string
	ID    string
	Args  map[string]string
	Block bool // a table or list, alone on its line
	Start int  // byte offsets of {{ and of the end of }} in Source
	End   int
	Position
}

// MentionKinds are the placeholders that name one thing.
var MentionKinds = []string{
	"operator", "regulator", "category", "purpose", "basis", "recipient", "cookie", "group",
	"permission", "right", "term", "retention", "surface", "setting",
}

// BlockIDs are what {{table ...}} and {{list ...}} can show, and the arguments
// each takes.
var BlockIDs = map[string]map[string][]string{
	"table": {
		"categories":  {"surfaces", "kind", "group"},
		"purposes":    {},
		"cookies":     {"party", "group"},
		"recipients":  {},
		"permissions": {"surface"},
		"retention":   {},
	},
	"list": {"rights": {}, "terms": {}, "surfaces": {}, "decisions": {}},
}

var (
	heading = regexp.MustCompile(`^(#{1,6})[ \t]+(?:([0-9]{1,3})\.[ \t]+)?(.*?)(?:[ \t]*\{#([^}]*)\})?[ \t]*$`)
	fence   = regexp.MustCompile("^ {0,3}(```|~~~)")
	anchor  = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
)

// ParseProse reads the headings and placeholders of Markdown text that begins
// at the given line of a file. It reports placeholders that are badly formed;
// whether the thing they name is declared is for the rules of policy/lint.
func ParseProse(file, source string, line int) (*Prose, Faults) {
	p := &Prose{File: file, Source: source, Line: line}
	if !utf8.ValidString(source) {
		return &Prose{File: file, Line: line}, Faults{Position{file, line, 1}.Fault("the text is not UTF-8", "save the file as UTF-8")}
	}
	var faults Faults
	anchors := map[string]int{}
	offset, fenced := 0, false
	for i, text := range strings.SplitAfter(source, "\n") {
		here := Position{file, line + i, 1}
		bare := strings.TrimRight(text, "\r\n")
		if fence.MatchString(bare) {
			fenced = !fenced
		}
		if m := heading.FindStringSubmatch(bare); m != nil && !fenced {
			faults = append(faults, p.section(m, here, anchors)...)
		}
		faults = append(faults, p.mentions(bare, offset, here)...)
		offset += len(text)
	}
	return p, faults
}

func (p *Prose) section(m []string, here Position, anchors map[string]int) Faults {
	s := Section{Level: len(m[1]), Title: m[3], Anchor: m[4], Position: here}
	s.Number, _ = strconv.Atoi("0" + m[2])
	p.Sections = append(p.Sections, s)
	if s.Anchor == "" {
		if strings.Contains(m[0], "{#") {
			return Faults{here.Fault("the heading's anchor is empty or not closed", "write it as {#name} at the end of the heading")}
		}
		return nil
	}
	if !anchor.MatchString(s.Anchor) {
		return Faults{here.Fault(fmt.Sprintf("%s is not an anchor", quote(s.Anchor)), "use lower-case letters, digits and dashes, such as {#cookies}")}
	}
	if first, twice := anchors[s.Anchor]; twice {
		return Faults{here.Fault(fmt.Sprintf("the anchor %s stands twice; the first is on line %d", quote(s.Anchor), first), "give each heading an anchor of its own")}
	}
	anchors[s.Anchor] = here.Line
	return nil
}

// mentions finds the placeholders of one line; none may span lines, so that a
// forgotten brace spoils one line only.
func (p *Prose) mentions(line string, offset int, here Position) Faults {
	var faults Faults
	for at := 0; ; {
		i := strings.Index(line[at:], "{{")
		if i < 0 {
			return faults
		}
		start := at + i
		here.Column = start + 1
		if len(p.Mentions) >= maxMentions {
			return append(faults, here.Fault(fmt.Sprintf("the text has more than %d placeholders", maxMentions), "use a table"))
		}
		n := strings.Index(line[start:], "}}")
		if n < 0 || n > maxPlaceholder || strings.Contains(line[start+2:start+n], "{{") {
			faults = append(faults, here.Fault("a placeholder is opened with {{ and not closed", "close it with }} on the same line"))
			at = start + 2
			continue
		}
		end := start + n + 2
		m, f := parseMention(line[start+2:end-2], here)
		m.Start, m.End, m.Position = offset+start, offset+end, here
		if f == nil && m.Block && strings.TrimSpace(line) != line[start:end] {
			bad := here.Fault("a table or list shares its line with other text", "put the placeholder alone on its line")
			f = &bad
		}
		if f != nil {
			faults = append(faults, *f)
		} else {
			p.Mentions = append(p.Mentions, m)
		}
		at = end
	}
}

func parseMention(inside string, here Position) (Mention, *Fault) {
	refuse := func(what, cure string) (Mention, *Fault) {
		f := here.Fault(what, cure)
		return Mention{}, &f
	}
	words := strings.Fields(inside)
	if len(words) < 2 {
		return refuse(fmt.Sprintf("the placeholder {{%s}} names nothing", inside), "write a kind and an id, such as {{category contact.email}}")
	}
	m := Mention{Kind: words[0], ID: words[1]}
	ids, block := BlockIDs[m.Kind]
	if !block {
		known := false
		for _, k := range MentionKinds {
			known = known || k == m.Kind
		}
		if !known {
			return refuse(fmt.Sprintf("%s is no kind of placeholder", quote(m.Kind)), Suggest(m.Kind, append([]string{"table", "list"}, MentionKinds...)))
		}
		if len(words) > 2 {
			return refuse(fmt.Sprintf("the placeholder {{%s}} says more than a kind and an id", inside), fmt.Sprintf("write {{%s %s}}", m.Kind, m.ID))
		}
		return m, nil
	}
	m.Block, m.Args = true, map[string]string{}
	args, known := ids[m.ID]
	if !known {
		return refuse(fmt.Sprintf("there is no %s of %s", m.Kind, quote(m.ID)), Suggest(m.ID, sortedKeys(ids)))
	}
	for _, w := range words[2:] {
		k, v, ok := strings.Cut(w, "=")
		allowed := false
		for _, a := range args {
			allowed = allowed || a == k
		}
		switch {
		case !ok || v == "":
			return refuse(fmt.Sprintf("%s is no argument", quote(w)), "write arguments as name=value without spaces")
		case !allowed && len(args) == 0:
			return refuse(fmt.Sprintf("the %s of %s takes no argument %s", m.Kind, m.ID, quote(k)), "take it out")
		case !allowed:
			return refuse(fmt.Sprintf("the %s of %s takes no argument %s", m.Kind, m.ID, quote(k)), Suggest(k, args))
		}
		m.Args[k] = v
	}
	return m, nil
}

// ShowsCategory reports whether a table of categories shows one: it is
// collected by one of the surfaces the table is narrowed to, or by a surface of
// its kind (site or app), or is itself of its kind (special, traffic ...).
func (m Mention) ShowsCategory(p *Policy, c *Category) bool {
	if s, ok := m.Args["surfaces"]; ok && !anyIn(c.Surfaces, strings.Split(s, ",")) {
		return false
	}
	if g, ok := m.Args["group"]; ok && !strings.EqualFold(strings.ReplaceAll(c.Group, " ", "-"), g) {
		return false
	}
	switch kind := m.Args["kind"]; kind {
	case "":
		return true
	case "site", "app":
		for _, id := range c.Surfaces {
			if s, ok := p.SurfaceByID(id); ok && s.Kind == kind {
				return true
			}
		}
		return false
	default:
		return c.Kind == kind
	}
}

// ShowsCookie reports whether a table of cookies shows one.
func (m Mention) ShowsCookie(c *Cookie) bool {
	party, group := m.Args["party"], m.Args["group"]
	return (party == "" || party == c.Party) && (group == "" || group == c.Group)
}

func anyIn(list, wanted []string) bool {
	for _, s := range list {
		for _, w := range wanted {
			if s == w {
				return true
			}
		}
	}
	return false
}
