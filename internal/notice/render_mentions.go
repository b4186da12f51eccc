package notice

import (
	"fmt"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"candour/policy"
)

var (
	kindMention = ast.NewNodeKind("Mention")
	kindBlock   = ast.NewNodeKind("DeclaredBlock")
)

// mentionNode is a placeholder in running text.
type mentionNode struct {
	ast.BaseInline
	kind, id string
	args     map[string]string
}

func (n *mentionNode) Kind() ast.NodeKind          { return kindMention }
func (n *mentionNode) Dump(source []byte, lvl int) { ast.DumpHelper(n, source, lvl, nil, nil) }

// blockNode is a table or list that stands alone on its line.
type blockNode struct {
	ast.BaseBlock
	kind, id string
	args     map[string]string
}

func (n *blockNode) Kind() ast.NodeKind          { return kindBlock }
func (n *blockNode) Dump(source []byte, lvl int) { ast.DumpHelper(n, source, lvl, nil, nil) }

// mentionParser reads {{kind id name=value}}.
type mentionParser struct{}

func (mentionParser) Trigger() []byte { return []byte{'{'} }

func (mentionParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	s := string(line)
	if !strings.HasPrefix(s, "{{") {
		return nil
	}
	end := strings.Index(s, "}}")
	if end < 0 {
		return nil
	}
	words := strings.Fields(s[2:end])
	if len(words) < 2 {
		return nil
	}
	n := &mentionNode{kind: words[0], id: words[1], args: map[string]string{}}
	for _, w := range words[2:] {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil
		}
		n.args[name] = value
	}
	block.Advance(end + 2)
	return n
}

// blockTransformer turns a paragraph that is nothing but a table or list into
// a block of its own.
type blockTransformer struct{}

func (blockTransformer) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var found []*ast.Paragraph
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function never fails
		if p, ok := n.(*ast.Paragraph); ok && entering && p.ChildCount() == 1 {
			if m, ok := p.FirstChild().(*mentionNode); ok && (m.kind == "table" || m.kind == "list") {
				found = append(found, p)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, p := range found {
		m := p.FirstChild().(*mentionNode)
		p.Parent().ReplaceChild(p.Parent(), p, &blockNode{kind: m.kind, id: m.id, args: m.args})
	}
}

func (w *writer) mention(out util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	n := node.(*mentionNode)
	if err := w.writeMention(out, n.kind, n.id); err != nil {
		return ast.WalkStop, err
	}
	return ast.WalkContinue, nil
}

// writeMention writes the declared words for a placeholder, linked to where
// the notice explains them.
func (w *writer) writeMention(out util.BufWriter, kind, id string) error {
	switch kind {
	case "operator", "regulator", "setting":
		return w.writeFact(out, kind, id)
	case "basis":
		write(out, `<strong class="basis">`, html.EscapeString(policy.Basis(id).Words()), `</strong>`)
		return nil
	}
	title, ok := titleOf(w.policy, kind, id)
	if !ok {
		return fmt.Errorf("the placeholder {{%s %s}} names nothing declared", kind, id)
	}
	title = html.EscapeString(title)
	if kind == "cookie" {
		title = "<code>" + title + "</code>"
	}
	if kind == "group" {
		write(out, title)
		return nil
	}
	write(out, `<a class="mention" href="`, html.EscapeString(w.href(kind, id)), `">`, title, `</a>`)
	return nil
}

// writeFact writes a fact of the operator, the regulator or the settings:
// addresses of mail and web and telephone numbers as links.
func (w *writer) writeFact(out util.BufWriter, kind, key string) error {
	lines, ok := w.policy.Fact(kind, key)
	if !ok {
		return fmt.Errorf("the placeholder {{%s %s}} names nothing declared", kind, key)
	}
	value := strings.Join(lines, ", ")
	last := key[strings.LastIndexByte(key, '.')+1:]
	href := ""
	switch {
	case last == "email":
		href = "mailto:" + value
	case last == "telephone":
		href = TelHref(value)
	case strings.HasPrefix(value, "https://"):
		href = value
	}
	if href == "" {
		write(out, html.EscapeString(value))
		return nil
	}
	shown := strings.TrimSuffix(strings.TrimPrefix(value, "https://"), "/")
	external := w.openLink(out, href)
	write(out, html.EscapeString(shown))
	closeLink(out, external)
	return nil
}

// titleOf returns the declared words for a thing.
func titleOf(p *policy.Policy, kind, id string) (string, bool) {
	switch kind {
	case "category":
		if c, ok := p.CategoryByID(id); ok {
			return c.Title, true
		}
	case "purpose":
		if q, ok := p.PurposeByID(id); ok {
			return q.Title, true
		}
	case "recipient":
		if r, ok := p.RecipientByID(id); ok {
			return r.Name, true
		}
	case "cookie":
		if c, ok := p.CookieByID(id); ok {
			return c.Name, true
		}
	case "group":
		if g, ok := p.GroupByID(id); ok {
			return g.Title, true
		}
	case "permission":
		if q, ok := p.PermissionByID(id); ok {
			return q.Title, true
		}
	case "right":
		if r, ok := p.RightByID(id); ok {
			return r.Title, true
		}
	case "term":
		if t, ok := p.TermByID(id); ok {
			return t.Term, true
		}
	case "retention":
		if r, ok := p.RetentionByID(id); ok {
			return r.Title, true
		}
	case "surface":
		if s, ok := p.SurfaceByID(id); ok {
			return s.Title, true
		}
	}
	return "", false
}

// TelHref returns the tel: address (RFC 3966) of a British number as people
// write it, or of an international one.
func TelHref(number string) string {
	var digits strings.Builder
	for _, c := range number {
		if c >= '0' && c <= '9' {
			digits.WriteRune(c)
		}
	}
	d := digits.String()
	if national, ok := strings.CutPrefix(d, "0"); ok && !strings.HasPrefix(number, "+") {
		d = "44" + national
	}
	return "tel:+" + d
}
