package notice

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"candour/policy"
)

// Path is where the website shows the notice; other pages link there for what
// a word, a category or a purpose means.
const Path = "/privacy"

// Document is rendered prose: a notice or a page. It is immutable.
type Document struct {
	Contents []ContentsEntry // headings of the second level, in order
	Body     HTML
}

// ContentsEntry is one line of a table of contents.
type ContentsEntry struct {
	Number int // 0 for none
	Title  string
	Anchor string
}

// Render renders the notice of a policy version: Markdown with its
// placeholders filled from the declaration, defined terms linked to what they
// mean (R2) and links to others marked (R4). It fails on a placeholder that
// names nothing declared, which the checker refuses before.
func Render(profile *policy.Profile) (*Document, error) {
	if profile.Notice == nil {
		return nil, fmt.Errorf("notice: the folder has no %s", policy.NoticeFile)
	}
	return render(profile.Policy, profile.Notice, true)
}

// RenderPage renders the text of an operator's page under the policy in force.
func RenderPage(p *policy.Policy, page *policy.Page) (*Document, error) {
	if page.Body == nil {
		return &Document{}, nil
	}
	return render(p, page.Body, false)
}

func render(p *policy.Policy, prose *policy.Prose, notice bool) (*Document, error) {
	w := &writer{policy: p, ids: map[string]bool{}, notice: notice}
	if !notice {
		w.base = Path
	}
	md := goldmark.New(
		goldmark.WithExtensions(extension.NewTable(), extension.Strikethrough, extension.Typographer),
		goldmark.WithParserOptions(
			parser.WithHeadingAttribute(),
			parser.WithInlineParsers(util.Prioritized(mentionParser{}, 90)),
			parser.WithASTTransformers(
				util.Prioritized(blockTransformer{}, 100),
				util.Prioritized(&termTransformer{terms: p.Terms}, 200),
			),
		),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(w, 50))),
	)
	source := []byte(prose.Source)
	doc := md.Parser().Parse(text.NewReader(source))
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, source, doc); err != nil {
		return nil, fmt.Errorf("notice: rendering %s: %w", prose.File, err)
	}
	return &Document{Contents: contents(prose), Body: trusted(out.Bytes())}, nil
}

// contents lists the sections that a reader can jump to.
func contents(prose *policy.Prose) []ContentsEntry {
	var list []ContentsEntry
	for _, s := range prose.Sections {
		if s.Level == 2 && s.Anchor != "" {
			list = append(list, ContentsEntry{s.Number, s.Title, s.Anchor})
		}
	}
	return list
}

// writer renders the nodes that goldmark does not know, and links. It belongs
// to one rendering.
type writer struct {
	policy *policy.Policy
	base   string          // before the # of links into the notice; empty in the notice itself
	notice bool            // definitions stand in this document
	ids    map[string]bool // anchors given out; each stands once
}

// RegisterFuncs implements renderer.NodeRenderer.
func (w *writer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindMention, w.mention)
	r.Register(kindBlock, w.block)
	r.Register(kindTerm, w.term)
	r.Register(ast.KindLink, w.link)
	r.Register(ast.KindAutoLink, w.autoLink)
	r.Register(ast.KindImage, w.image)
	r.Register(ast.KindRawHTML, nothing)
	r.Register(ast.KindHTMLBlock, nothing)
}

// nothing leaves out HTML that stands in the text: it is not ours to trust.
func nothing(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) {
	return ast.WalkSkipChildren, nil
}

// image leaves out pictures in prose: they would load from wherever the text
// says. A page's pictures are declared in its head.
func (w *writer) image(_ util.BufWriter, _ []byte, _ ast.Node, _ bool) (ast.WalkStatus, error) {
	return ast.WalkSkipChildren, nil
}

// anchor returns an id attribute for a declared thing, or nothing if this
// document has it already or is not the place where it is explained.
func (w *writer) anchor(kind, id string) string {
	name := kind + "-" + id
	if !w.notice || w.ids[name] {
		return ""
	}
	w.ids[name] = true
	return name
}

// href is the address of what the notice says of a declared thing.
func (w *writer) href(kind, id string) string { return w.base + "#" + kind + "-" + id }

const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

// IsExternal reports whether a link leaves the operator's own sites, whose
// parent domains are given.
func IsExternal(href string, domains ...string) bool {
	rest, ok := strings.CutPrefix(href, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(href, "http://"); !ok {
			return false
		}
	}
	host := strings.ToLower(rest[:len(rest)-len(strings.TrimLeft(rest, hostCharacters))])
	if at := len(host); at < len(rest) && !strings.ContainsRune("/:?#", rune(rest[at])) {
		return true // a user name before the host, or no host at all
	}
	for _, d := range domains {
		if d != "" && (host == d || strings.HasSuffix(host, "."+d)) {
			return false
		}
	}
	return true
}
