package notice

import (
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// The mark of a link that leaves our sites: an arrow for the eye, words for
// the ear (R4).
const externalMark = `<span class="external-mark" aria-hidden="true">&#8599;</span><span class="visually-hidden"> (leaves our site)</span>`

// openLink writes the start of a link. A link with a scheme that a page has no
// use for leads nowhere.
func (w *writer) openLink(out util.BufWriter, href string) (external bool) {
	if !safeHref(href) {
		href = "#"
	}
	external = IsExternal(href, w.policy.Operator.Domain, w.policy.Operator.LocalDomain)
	write(out, `<a href="`, html.EscapeString(href), `"`)
	if external {
		write(out, ` class="external" rel="external noopener"`)
	}
	write(out, `>`)
	return external
}

func closeLink(out util.BufWriter, external bool) {
	if external {
		write(out, externalMark)
	}
	write(out, `</a>`)
}

func safeHref(href string) bool {
	for _, p := range []string{"/", "#", "https://", "http://", "mailto:", "tel:"} {
		if strings.HasPrefix(href, p) {
			return !strings.HasPrefix(href, "//")
		}
	}
	return false
}

func (w *writer) link(out util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.Link)
	if entering {
		w.openLink(out, string(n.Destination))
		return ast.WalkContinue, nil
	}
	href := string(n.Destination)
	closeLink(out, safeHref(href) && IsExternal(href, w.policy.Operator.Domain, w.policy.Operator.LocalDomain))
	return ast.WalkContinue, nil
}

func (w *writer) autoLink(out util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	n := node.(*ast.AutoLink)
	href := string(n.URL(source))
	if n.AutoLinkType == ast.AutoLinkEmail {
		href = "mailto:" + href
	}
	external := w.openLink(out, href)
	write(out, html.EscapeString(string(n.Label(source))))
	closeLink(out, external)
	return ast.WalkContinue, nil
}

// write adds text that is HTML already. The buffer is in memory; an error of
// it would show when the whole is flushed.
func write(out util.BufWriter, parts ...string) {
	for _, p := range parts {
		_, _ = out.WriteString(p)
	}
}
