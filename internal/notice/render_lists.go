package notice

import (
	"slices"
	"strings"

	"candour/policy"
)

type cookieRow struct {
	Anchor, Name, Purpose, Surfaces, Lifetime, Group, Exemption, Storage string
	Recipient                                                            *link
	Consent, Historical, Ours                                            bool
}

type cookieTable struct {
	Caption string
	Rows    []cookieRow
}

func (w *writer) cookies(args map[string]string) cookieTable {
	t := cookieTable{Caption: "Cookies"}
	switch args["party"] {
	case "first":
		t.Caption = "Our own cookies"
	case "third":
		t.Caption = "Cookies of others"
	}
	for _, c := range w.policy.Cookies {
		if args["party"] != "" && args["party"] != c.Party || args["group"] != "" && args["group"] != c.Group {
			continue
		}
		g, ok := w.policy.GroupByID(c.Group)
		if !ok {
			continue
		}
		row := cookieRow{
			Anchor: w.anchor("cookie", c.ID), Name: c.Name, Purpose: c.Purpose, Surfaces: w.surfaceTitles(c.Surfaces),
			Lifetime: lifetimeWords(c), Group: g.Title, Exemption: strings.ReplaceAll(g.Exemption, "-", " "),
			Consent: g.Consent, Historical: c.Historical, Ours: c.Ours,
		}
		if c.Storage != "cookie" {
			row.Storage = strings.ReplaceAll(c.Storage, "-", " ")
		}
		if c.Recipient != "" {
			row.Recipient = w.linkTo("recipient", c.Recipient)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// lifetimeWords says how long something stays on a device. Storage other than
// cookies has no end of its own.
func lifetimeWords(c policy.Cookie) string {
	switch {
	case !c.Lifetime.IsZero():
		return c.Lifetime.Words()
	case c.Storage == "cookie" || c.Storage == "session-storage":
		return "until you close the browser"
	}
	return "until you or we delete it"
}

// surfaceTitles names surfaces, or says that it is all of them.
func (w *writer) surfaceTitles(ids []string) string {
	var titles []string
	for _, s := range w.policy.Surfaces {
		if slices.Contains(ids, s.ID) {
			titles = append(titles, s.Title)
		}
	}
	if len(titles) > 1 && len(titles) == len(w.policy.Surfaces) {
		return "all our sites"
	}
	return strings.Join(titles, ", ")
}

type rightRow struct{ Anchor, Title, Description, How, Article string }

type rightList struct{ Rows []rightRow }

func (w *writer) rights() rightList {
	var l rightList
	for _, r := range w.policy.Rights {
		l.Rows = append(l.Rows, rightRow{w.anchor("right", r.ID), r.Title, r.Description, r.How, r.Article})
	}
	return l
}

type termRow struct{ Anchor, Term, Definition string }

type termList struct{ Rows []termRow }

func (w *writer) terms() termList {
	var l termList
	for _, t := range w.policy.Terms {
		l.Rows = append(l.Rows, termRow{w.anchor("term", t.ID), t.Term, t.Definition})
	}
	return l
}

type surfaceRow struct{ Anchor, Title, Description, Host string }

type surfaceList struct{ Rows []surfaceRow }

func (w *writer) surfaces() surfaceList {
	var l surfaceList
	for _, s := range w.policy.Surfaces {
		host := w.policy.Operator.Domain
		if s.Host != "" {
			host = s.Host + "." + host
		}
		l.Rows = append(l.Rows, surfaceRow{w.anchor("surface", s.ID), s.Title, s.Description, host})
	}
	return l
}
