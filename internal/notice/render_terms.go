package notice

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"candour/policy"
)

var kindTerm = ast.NewNodeKind("Term")

// termNode is a defined term where a section first uses it.
type termNode struct {
	ast.BaseInline
	id   string
	text string
}

func (n *termNode) Kind() ast.NodeKind          { return kindTerm }
func (n *termNode) Dump(source []byte, lvl int) { ast.DumpHelper(n, source, lvl, nil, nil) }

func (w *writer) term(out util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		n := node.(*termNode)
		write(out, `<a class="term" href="`, html.EscapeString(w.href("term", n.id)), `">`, html.EscapeString(n.text), `</a>`)
	}
	return ast.WalkContinue, nil
}

// termTransformer links the first use of each defined term in each section to
// its definition (R2).
type termTransformer struct {
	terms []policy.Term
	seen  map[string]bool // in this section
}

func (t *termTransformer) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	t.seen = map[string]bool{}
	var texts []*ast.Text
	flush := func() {
		for _, n := range texts {
			t.mark(n, reader.Source())
		}
		texts = nil
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function never fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			flush()
			keepOnlyID(n)
			if n.Level <= 2 {
				t.seen = map[string]bool{}
			}
			return ast.WalkSkipChildren, nil
		case *ast.Link, *ast.AutoLink, *ast.CodeSpan, *ast.CodeBlock, *ast.FencedCodeBlock:
			return ast.WalkSkipChildren, nil
		case *mentionNode:
			flush()
			if n.kind == "term" {
				t.seen[n.id] = true
			}
		case *ast.Text:
			texts = append(texts, n)
		}
		return ast.WalkContinue, nil
	})
	flush()
}

// mark splits a text node around the terms that its section uses here first.
func (t *termTransformer) mark(n *ast.Text, source []byte) {
	for {
		value := string(n.Segment.Value(source))
		term, start, end := t.first(value)
		if term == nil {
			return
		}
		t.seen[term.ID] = true
		parent, at := n.Parent(), n.Segment.Start
		if start > 0 {
			parent.InsertBefore(parent, n, ast.NewTextSegment(text.NewSegment(at, at+start)))
		}
		parent.InsertBefore(parent, n, &termNode{id: term.ID, text: value[start:end]})
		n.Segment = text.NewSegment(at+end, n.Segment.Stop)
	}
}

// first finds the earliest use of a term that the section has not used before;
// of two at one place the longer.
func (t *termTransformer) first(s string) (term *policy.Term, start, end int) {
	start = len(s)
	for i := range t.terms {
		c := &t.terms[i]
		if t.seen[c.ID] {
			continue
		}
		for _, form := range append([]string{c.Term}, c.Also...) {
			if at := findWord(s, form); at >= 0 && (at < start || at == start && at+len(form) > end) {
				term, start, end = c, at, at+len(form)
			}
		}
	}
	return term, start, end
}

// findWord finds word in s where it stands alone. Its first letter may be
// written large, as at the beginning of a sentence.
func findWord(s, word string) int {
	if word == "" {
		return -1
	}
	first, size := utf8.DecodeRuneInString(word)
	large := string(unicode.ToUpper(first)) + word[size:]
	if len(large) != len(word) {
		large = word
	}
	for at := 0; at+len(word) <= len(s); at++ {
		if !strings.HasPrefix(s[at:], word) && !strings.HasPrefix(s[at:], large) {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		after, _ := utf8.DecodeRuneInString(s[at+len(word):])
		if !inWord(before) && !inWord(after) {
			return at
		}
	}
	return -1
}

func inWord(r rune) bool {
	return r == '-' || r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// keepOnlyID drops what else a heading's braces may say: an anchor is all that
// a text needs to set.
func keepOnlyID(n *ast.Heading) {
	id, ok := n.AttributeString("id")
	n.RemoveAttributes()
	if ok {
		n.SetAttributeString("id", id)
	}
}
