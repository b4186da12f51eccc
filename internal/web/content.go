package web

import (
	"net/http"

	"candour/internal/notice"
	"candour/policy"
)

// Content fills in a page that the operator wrote.
func (s *Site) Content(r *http.Request, p *policy.Page) (Content, error) {
	v := VisitOf(r)
	body, err := s.Text(v.Version, p)
	if err != nil {
		return Content{}, err
	}
	c := Content{Heading: p.Title, Body: body}
	op := &v.Policy().Operator
	external := func(href string) bool { return notice.IsExternal(href, op.Domain, op.LocalDomain) }
	if p.Hero.Title != "" {
		c.Heading = p.Hero.Title
		c.Hero = &Hero{Title: p.Hero.Title, Text: p.Hero.Text, Image: s.picture(p.Hero.Image)}
		for _, a := range p.Hero.Actions {
			c.Hero.Actions = append(c.Hero.Actions, Action{a.Label, a.Href, a.Kind == "primary", external(a.Href)})
		}
	}
	for _, b := range p.Blocks {
		block := Block{Kind: b.Kind, Title: b.Title, Text: b.Text}
		for _, i := range b.Items {
			block.Items = append(block.Items, BlockItem{i.Title, i.Text, s.picture(i.Image), i.Href, i.Label, i.Price, external(i.Href)})
		}
		c.Blocks = append(c.Blocks, block)
	}
	return c, nil
}
