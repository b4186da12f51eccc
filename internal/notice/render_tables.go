package notice

import (
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"candour/policy"
)

//go:embed render.html
var tableSource string

var tables = template.Must(template.New("tables").Parse(tableSource))

// link is a mention inside a table.
type link struct{ Href, Title string }

func (w *writer) block(out util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	n := node.(*blockNode)
	data, err := w.rows(n.id, n.args)
	if err != nil {
		return ast.WalkStop, err
	}
	if err := tables.ExecuteTemplate(out, n.id, data); err != nil {
		return ast.WalkStop, err
	}
	return ast.WalkSkipChildren, nil
}

func (w *writer) rows(id string, args map[string]string) (any, error) {
	switch id {
	case "categories":
		return w.categories(args), nil
	case "purposes":
		return w.purposes(), nil
	case "cookies":
		return w.cookies(args), nil
	case "recipients":
		return w.recipients(), nil
	case "permissions":
		return w.permissions(args), nil
	case "retention":
		return w.retentions(), nil
	case "rights":
		return w.rights(), nil
	case "terms":
		return w.terms(), nil
	case "surfaces":
		return w.surfaces(), nil
	case "decisions":
		return w.decisions(), nil
	}
	return nil, fmt.Errorf("there is no table or list of %q", id)
}

func (w *writer) links(kind string, ids []string) []link {
	var list []link
	for _, id := range ids {
		if title, ok := titleOf(w.policy, kind, id); ok {
			list = append(list, link{w.href(kind, id), title})
		}
	}
	return list
}

func (w *writer) linkTo(kind, id string) *link {
	if l := w.links(kind, []string{id}); len(l) == 1 {
		return &l[0]
	}
	return nil
}

type categoryRow struct {
	Anchor, Title, Reason, Without string
	Optional, Ours, NotHeld        bool
}

type categoryGroup struct {
	Title string
	Rows  []categoryRow
}

type categoryTable struct {
	Caption string
	Groups  []categoryGroup
}

func (w *writer) categories(args map[string]string) categoryTable {
	t := categoryTable{Caption: "Data we collect"}
	if args["kind"] == "app" {
		t.Caption = "Data collected in the app"
	} else if args["surfaces"] != "" {
		t.Caption = "Data collected on our sites"
	}
	for _, c := range w.policy.Categories {
		if !w.listed(c, args) {
			continue
		}
		i := slices.IndexFunc(t.Groups, func(g categoryGroup) bool { return g.Title == c.Group })
		if i < 0 {
			t.Groups = append(t.Groups, categoryGroup{Title: c.Group})
			i = len(t.Groups) - 1
		}
		t.Groups[i].Rows = append(t.Groups[i].Rows, categoryRow{
			w.anchor("category", c.ID), c.Title, c.Reason, c.Without, c.Required == "optional", c.Ours, c.NotHeld,
		})
	}
	return t
}

// listed reports whether a category belongs into a table with these
// arguments: surfaces that may collect it, their kind, the group.
func (w *writer) listed(c policy.Category, args map[string]string) bool {
	if list := args["surfaces"]; list != "" && !slices.ContainsFunc(strings.Split(list, ","), func(s string) bool { return slices.Contains(c.Surfaces, s) }) {
		return false
	}
	if kind := args["kind"]; kind != "" && !slices.ContainsFunc(c.Surfaces, func(id string) bool {
		s, ok := w.policy.SurfaceByID(id)
		return ok && s.Kind == kind
	}) {
		return false
	}
	return args["group"] == "" || strings.EqualFold(strings.ReplaceAll(c.Group, " ", "-"), args["group"])
}

type useRow struct {
	Categories    []link
	Basis, Detail string
	Retention     *link
}

type purposeRow struct {
	Anchor, Title, Description string
	Channels                   string // of marketing, in words
	Ours                       bool
	Uses                       []useRow
	Recipients                 []link
}

type purposeTable struct {
	Caption string
	Rows    []purposeRow
}

func (w *writer) purposes() purposeTable {
	t := purposeTable{Caption: "What we use data for, and on which ground"}
	for _, p := range w.policy.Purposes {
		row := purposeRow{w.anchor("purpose", p.ID), p.Title, p.Description, p.ChannelList(), p.Ours, nil, w.links("recipient", p.Recipients)}
		for _, u := range p.Uses {
			row.Uses = append(row.Uses, useRow{w.links("category", u.Categories), u.Basis.Words(), useDetail(u), w.linkTo("retention", u.Retention)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// useDetail says what the law wants said beside a basis: the interest (Art
// 13(1)(d)), the obligation, the condition of Art 9.
func useDetail(u policy.Use) string {
	var parts []string
	for _, s := range []string{u.Interest, u.Law} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if u.Condition != "" {
		parts = append(parts, "Special category: "+strings.ReplaceAll(u.Condition, "-", " "))
	}
	return strings.Join(parts, " ")
}

type recipientRow struct {
	Anchor, Name, Website, Role, What, Region, Safeguard string
	Categories, Purposes                                 []link
	Ours                                                 bool
}

type recipientTable struct {
	Caption string
	Rows    []recipientRow
}

func (w *writer) recipients() recipientTable {
	t := recipientTable{Caption: "Whom we share data with"}
	for _, r := range w.policy.Recipients {
		var purposes []string
		for _, p := range w.policy.Purposes {
			if slices.Contains(p.Recipients, r.ID) {
				purposes = append(purposes, p.ID)
			}
		}
		t.Rows = append(t.Rows, recipientRow{
			w.anchor("recipient", r.ID), r.Name, r.Website, r.RoleWords(), r.What, r.Region.Words(), r.SafeguardWords(),
			w.links("category", r.Categories), w.links("purpose", purposes), r.Ours,
		})
	}
	return t
}

type permissionRow struct {
	Anchor, Title, Meaning, Reason, Without string
	Optional, Ours                          bool
}

type permissionTable struct {
	Caption string
	Rows    []permissionRow
}

func (w *writer) permissions(args map[string]string) permissionTable {
	t := permissionTable{Caption: "What an app may ask of your device"}
	for _, p := range w.policy.Permissions {
		if s := args["surface"]; s != "" && !slices.Contains(p.Surfaces, s) {
			continue
		}
		t.Rows = append(t.Rows, permissionRow{w.anchor("permission", p.ID), p.Title, p.Meaning, p.Reason, p.Without, p.Required == "optional", p.Ours})
	}
	return t
}

type retentionRow struct {
	Anchor, Title, Then, Reason string
	Purposes                    []link
}

type retentionTable struct {
	Caption string
	Rows    []retentionRow
}

func (w *writer) retentions() retentionTable {
	t := retentionTable{Caption: "How long we keep data"}
	for _, r := range w.policy.Retention {
		var purposes []string
		for _, p := range w.policy.Purposes {
			if slices.ContainsFunc(p.Uses, func(u policy.Use) bool { return u.Retention == r.ID }) {
				purposes = append(purposes, p.ID)
			}
		}
		then := "deleted"
		if r.Then == "anonymise" {
			then = "turned into totals about nobody"
		}
		t.Rows = append(t.Rows, retentionRow{w.anchor("retention", r.ID), r.Title, then, r.Reason, w.links("purpose", purposes)})
	}
	return t
}
